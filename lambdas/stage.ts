import { stage } from '../domain/controller/stage';
import { secretNames } from '../domain/secrets/references';
import type { Site } from '../domain/site/document';
import { controllerNamed } from '../domain/site/named';
import { withSession } from '../domain/ssh/with-session';

/** Stage and validate, on one controller: new files beside the old ones, validated by the controller's own programs. */
export async function handler({ site, controller }: { site: Site; controller: string }) {
  const target = controllerNamed(site, controller);
  const files = await withSession(
    site,
    secretNames(site).magnumConf,
    async (session, secrets) => stage(await session.controller(target), target, site, secrets),
    [target],
  );
  return { controller, files };
}
