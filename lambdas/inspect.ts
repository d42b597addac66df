import { inspect } from './controller/inspect';
import { secretNames } from './secrets/references';
import type { Site } from './site/document';
import { withSession } from './ssh/with-session';

/** Inspect controllers: compares all of them with the desired state, side by side. */
export function handler({ site }: { site: Site }) {
  return withSession(site, secretNames(site).magnumConf, (session, secrets) => inspect(session, site, secrets));
}
