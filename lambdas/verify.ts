import type { Restart } from '../domain/controller/restart';
import { verify } from '../domain/controller/verify';
import { throughSite } from '../domain/openstack/through-site';
import type { Site } from '../domain/site/document';

/** Verify: what answers and what lives, observed now. */
export function handler({ site, restarts }: { site: Site; restarts: Restart[] }) {
  return throughSite(site, (openstack, session) => verify(session, site, openstack, restarts));
}
