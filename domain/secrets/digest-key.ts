import { createHmac } from 'node:crypto';
import type { Site } from '../site/document';
import { secretNames } from './references';
import type { Secrets } from './secrets';

/** A key of fewer characters is not used: whoever guesses the key can search for a password by the digests. */
export const SHORTEST_DIGEST_KEY = 32;

/** With what people are told digests of files that hold passwords: they tell whether two are equal, and nothing of a password. */
export interface DigestKey {
  /**
   * Which key: the last part of its parameter's name, and a check value of 8 digits. Digests can be compared if it is the same; it is
   * another one once the key was changed.
   */
  readonly name: string;
  /** HMAC-SHA256 of a file's content, as `openssl dgst -sha256 -hmac "$(cat KEY)" FILE` prints it. */
  readonly digest: (content: string) => string;
}

/** The site's key of its own, if it has one that is long enough; else its SSH key. */
export function digestKeyOf(site: Site, secrets: Secrets): DigestKey {
  const { ssh, digest } = secretNames(site);
  const own = secrets.find(digest) ?? '';
  return own.trim().length < SHORTEST_DIGEST_KEY ? keyOf(ssh, secrets.reveal(ssh)) : keyOf(digest, own);
}

function keyOf(parameter: string, text: string): DigestKey {
  // As the shell's $(cat KEY) has it.
  const key = text.replace(/\n+$/, '');
  const digest = (content: string) => createHmac('sha256', key).update(content).digest('hex');
  return { name: `${parameter.replace(/^.*\//, '')} ${digest('magnum-ha').slice(0, 8)}`, digest };
}
