import type { Restart } from './controller/restart';
import { verify } from './controller/verify';
import { throughSite } from './openstack/through-site';
import type { Site } from './site/document';

/** Verify: what answers and what lives, observed now. */
export function handler({ site, restarts }: { site: Site; restarts: Restart[] }) {
  return throughSite(site, (openstack, session) => verify(session, site, openstack, restarts));
}
