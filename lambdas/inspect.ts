import { inspect } from '../domain/controller/inspect';
import { secretNames } from '../domain/secrets/references';
import type { Site } from '../domain/site/document';
import { withSession } from '../domain/ssh/with-session';

/** Inspect controllers: compares all of them with the desired state, side by side. */
export function handler({ site }: { site: Site }) {
  return withSession(site, secretNames(site).magnumConf, (session, secrets) => inspect(session, site, secrets));
}
