import { commit } from './controller/commit';
import type { StagedFile } from './controller/stage';
import type { Site } from './site/document';
import { controllerNamed } from './site/named';
import { withSession } from './ssh/with-session';

/** Commit, on one controller: the staged files into place, and the rule into the running firewall. */
export async function handler({ site, controller, files }: { site: Site; controller: string; files: StagedFile[] }) {
  const target = controllerNamed(site, controller);
  return withSession(
    site,
    [],
    async (session, secrets) =>
      commit(await session.controller(target), target, site, files, secrets.reveal(site.ssh.privateKey.ssm)),
    [target],
  );
}
