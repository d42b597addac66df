import { lockOf } from '../../../domain/site/lock';
import { document } from '../../workflow/local';

const golden = document('golden');

test('is what ssh-keygen -lf prints of a pinned key', () => {
  // From ssh-keyscan github.com and GitHub's own list of its fingerprints.
  const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

  expect(lockOf({ controllers: [{ ...golden.controllers[0], hostKey }] })).toBe(
    'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU',
  );
});

test('two documents of one cloud share it, whatever they name things', () => {
  const [first, ...others] = golden.controllers;
  const controllers = [...others, first].map((one) => ({ ...one, name: `${one.name}.example.org`, port: 2222 }));

  const other = lockOf({ controllers: controllers as unknown as typeof golden.controllers });

  expect(other).toBe(lockOf(golden));
  expect(lockOf({ controllers: [{ ...golden.controllers[0], hostKey: golden.bastion.hostKey }] })).not.toBe(other);
});
