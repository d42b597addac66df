import { createHash } from 'node:crypto';
import type { Site } from './document';

/**
 * What the lock of a site is named by: the fingerprint of a controller's host key, as `ssh-keygen -lf` prints it. It is the
 * first in order, so that documents that name one cloud by several names, in another order or through another bastion share
 * one lock. They name the same controllers: HAProxy that runs on a node which a document does not name refuses an apply.
 */
export function lockOf({ controllers }: Pick<Site, 'controllers'>): string {
  const [first = ''] = controllers.map(({ hostKey }) => fingerprint(hostKey)).sort();
  return first;
}

function fingerprint(hostKey: string): string {
  const [, blob = ''] = hostKey.split(' ');
  const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}
