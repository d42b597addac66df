import { restart } from '../domain/controller/restart';
import type { Site } from '../domain/site/document';
import { controllerNamed } from '../domain/site/named';
import { withSession } from '../domain/ssh/with-session';

/** Restart services, on one controller: Magnum's API and conductor, until both are back. */
export async function handler({ site, controller }: { site: Site; controller: string }) {
  const target = controllerNamed(site, controller);
  return withSession(site, [], async (session) => restart(await session.controller(target), target, site), [target]);
}
