import { digestKeyOf } from '../../../domain/secrets/digest-key';
import { Secrets } from '../../../domain/secrets/secrets';
import { site } from '../sites';

const golden = site('golden');
const SSH = '/magnum-ha/golden/ssh-private-key';
const OWN = '/magnum-ha/golden/digest-key';
const KEY = 'k'.repeat(40);
const FILE = '[DEFAULT]\nx = 1\n';

const keyOf = (values: Record<string, string>) => digestKeyOf(golden, new Secrets(new Map(Object.entries(values))));

test('a digest is what openssl prints of the file with the key', () => {
  const { name, digest } = keyOf({ [SSH]: 'the SSH key', [OWN]: KEY });

  // printf 'k%.0s' $(seq 40) > KEY; printf '[DEFAULT]\nx = 1\n' | openssl dgst -sha256 -hmac "$(cat KEY)"
  expect(digest(FILE)).toBe('84570dcdb6b5e261cc1ee4464bf3026ebfe92ad09bc66e5364cfed6c9a640b39');
  // printf magnum-ha | openssl dgst -sha256 -hmac "$(cat KEY)" | tail -c 65 | head -c 8
  expect(name).toBe('digest-key c1a59a71');
});

test('a newline at the end of a key is none of it, as in a shell', () => {
  const [one, other] = [KEY, `${KEY}\n`].map((key) => keyOf({ [SSH]: 'the SSH key', [OWN]: key }).digest(FILE));

  expect(one).toBe(other);
});

test.each([
  ['without one of its own', {}],
  ['with one that could be guessed', { [OWN]: 'hunter2-5f0c' }],
])('a site %s has the SSH key, which is told', (_, own) => {
  const { name, digest } = keyOf({ [SSH]: KEY, ...own });

  expect(name).toBe('ssh-private-key c1a59a71');
  expect(digest(FILE)).toBe('84570dcdb6b5e261cc1ee4464bf3026ebfe92ad09bc66e5364cfed6c9a640b39');
});

test('after the key was changed the name tells that digests cannot be compared', () => {
  const [one, other] = [KEY, KEY.toUpperCase()].map((key) => keyOf({ [SSH]: 'the SSH key', [OWN]: key }));

  expect(one?.name).not.toBe(other?.name);
  expect(one?.digest(FILE)).not.toBe(other?.digest(FILE));
});
