import { bootstrap } from '../domain/bootstrap/bootstrap';
import { throughSite } from '../domain/openstack/through-site';
import { secretNames } from '../domain/secrets/references';
import type { Site } from '../domain/site/document';
import type { Mode } from '../domain/site/load';

/** Bootstrap: what Magnum needs outside of itself and nobody else has made, as far as the site document asks for it. */
export function handler({ site, mode }: { site: Site; mode: Mode }) {
  return throughSite(site, (openstack, session, secrets) => bootstrap({ session, secrets, openstack }, site, mode), {
    further: secretNames(site).bootstrap,
  });
}
