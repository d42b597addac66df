import { READERS, withstands } from '../domain/hostile';

test.each(Object.keys(READERS))(
  '%s: whatever is printed is read, or refused by an error of ours',
  (name) => {
    expect(() => {
      withstands(name, 30_000);
    }).not.toThrow();
  },
  600_000,
);
