import { commit } from '../domain/controller/commit';
import type { StagedFile } from '../domain/controller/stage';
import type { Site } from '../domain/site/document';
import { controllerNamed } from '../domain/site/named';
import { withSession } from '../domain/ssh/with-session';

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
