import { READERS, withstands } from './hostile';

// npm run test:long has a hundred times as many.
test.each(Object.keys(READERS))('%s: whatever is printed is read, or refused by an error of ours', (name) => {
  expect(() => {
    withstands(name, 300);
  }).not.toThrow();
});
