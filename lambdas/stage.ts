import { stage } from './controller/stage';
import { secretNames } from './secrets/references';
import type { Site } from './site/document';
import { controllerNamed } from './site/named';
import { withSession } from './ssh/with-session';

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
