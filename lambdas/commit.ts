import { withSite } from '../domain/commands/site-connection';
import { commit } from '../domain/controller/commit';
import { controllerNamed } from '../domain/site/named';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Commit, on one controller: the staged files into place, and the rule into the running firewall. */
export const run: TaskFunction<'commit'> = ({ site, platforms, controller, files, execution }, world) =>
  withSite(world, site, { platforms, expected: [controllerNamed(site, controller)] }, ({ node, secrets }) =>
    commit(node(controller), files, execution, secrets.reveal(site.ssh.privateKey.ssm)),
  );

export const handler = handlerOf(run);
