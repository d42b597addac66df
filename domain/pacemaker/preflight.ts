import { catalogue } from '../commands/catalogue';
import { MagnumHaError } from '../errors';
import type { Controller, Site } from '../site/document';
import { everywhere } from '../ssh/everywhere';
import type { RemoteController, Session } from '../ssh/session';
import { type ClusterStatus, PacemakerUnavailable, parseClusterStatus } from './status';

/** A partition without quorum takes `disable` as done, and stops HAProxy everywhere once it is healed. */
export class NoQuorum extends MagnumHaError {
  override readonly name = 'NoQuorum';
}

/** Pacemaker has no resource of the site document's name. */
export class HAProxyResourceUnknown extends MagnumHaError {
  override readonly name = 'HAProxyResourceUnknown';
}

/** Pacemaker would not act on the resource: it is unmanaged, or the cluster is in maintenance mode. */
export class HAProxyResourceUnmanaged extends MagnumHaError {
  override readonly name = 'HAProxyResourceUnmanaged';
}

/** HAProxy has failed, is blocked, or does not run where it should. */
export class HAProxyResourceFailed extends MagnumHaError {
  override readonly name = 'HAProxyResourceFailed';
}

/** HAProxy's own parser rejects the configuration that is in place now: it would not start again. */
export class HAProxyConfigInvalid extends MagnumHaError {
  override readonly name = 'HAProxyConfigInvalid';
}

/**
 * Refuses a site on which a cycle of HAProxy could go wrong, before anything is touched. Every controller is asked: a
 * cut-off one has a view of its own.
 *
 * @returns whether HAProxy is disabled, as an execution that was stopped may have left it: nothing behind the VIP answers
 * @throws the errors above, and those of the SSH connection
 */
export async function preflight(session: Session, site: Site): Promise<{ disabled: boolean }> {
  const commands = catalogue(site);
  const views = await everywhere(session, site.controllers, async (remote, controller) => {
    const [status, check] = await Promise.all([
      clusterStatus(remote, site),
      remote.run(commands.validateHaproxy, [0, 1]),
    ]);
    return { controller, status, check };
  });
  // Quorum first, everywhere: where one controller is cut off, what the others miss on it is a consequence.
  for (const { controller, status } of views) {
    if (status.quorate) continue;
    throw new NoQuorum(
      `The cluster has no quorum, as ${controller.name} of site ${site.name} sees it. Bring the other controllers, or the ` +
        `network between them, back first: crm_mon -1`,
    );
  }
  for (const { controller, status } of views) refuse(status, site, controller);
  for (const { controller, check } of views) {
    if (check.exitCode === 0) continue;
    throw new HAProxyConfigInvalid(
      `HAProxy's configuration on ${controller.name} of site ${site.name} is already broken; HAProxy would not come back ` +
        `from a cycle. Mend what \`${commands.validateHaproxy.argv.join(' ')}\` names there${places(check.stderr)}`,
    );
  }
  return { disabled: views.some(({ status }) => status.disabled) };
}

/** Pacemaker's view from one controller. @throws PacemakerUnavailable */
export async function clusterStatus(remote: RemoteController, site: Site): Promise<ClusterStatus> {
  const where = `controller ${remote.name} of site ${site.name}`;
  // 102 is pacemaker's CRM_EX_DISCONNECT: not connected to the cluster.
  const { exitCode, stdout } = await remote.run(catalogue(site).clusterStatus, [0, 1, 102]);
  if (exitCode === 0) return parseClusterStatus(stdout, site.haproxy.resource, where);
  throw new PacemakerUnavailable(`Pacemaker does not run on the ${where}. Start corosync and pacemaker there first.`);
}

/** @throws HAProxyResourceUnknown, HAProxyResourceUnmanaged, HAProxyResourceFailed */
function refuse(status: ClusterStatus, site: Site, controller: Controller): void {
  const { resource } = site.haproxy;
  const seen = `as ${controller.name} of site ${site.name} sees it`;
  if (status.instances.length === 0) {
    throw new HAProxyResourceUnknown(
      `Pacemaker has no resource ${resource}, ${seen}. Correct haproxy.resource: \`pcs resource\` lists the names.`,
    );
  }
  refuseUnmanaged(status, site, seen);
  const remedy = `Look at crm_mon -1 -r, mend the cause, then: pcs resource cleanup ${resource}`;
  const missing = status.disabled ? [] : site.controllers.filter(({ name }) => !startedOn(status, name));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new HAProxyResourceFailed(`${resource} does not run on ${names}, ${seen}. ${remedy}`);
  }
  if (status.instances.some(({ failed, blocked }) => failed || blocked)) {
    throw new HAProxyResourceFailed(`${resource} failed or is blocked, ${seen}. ${remedy}`);
  }
}

/** How to let pacemaker act on HAProxy again; undefined where it does. */
export function howToManage({ maintenance, instances }: ClusterStatus, resource: string): string | undefined {
  if (maintenance) return 'pcs property set maintenance-mode=false';
  return instances.some(({ managed }) => !managed) ? `pcs resource manage ${resource}` : undefined;
}

/** @param seen whose view it is, "as … sees it" @throws HAProxyResourceUnmanaged */
export function refuseUnmanaged(status: ClusterStatus, site: Site, seen: string): void {
  const { resource } = site.haproxy;
  const remedy = howToManage(status, resource);
  if (remedy === undefined) return;
  const what = status.maintenance
    ? `The cluster is in maintenance mode, ${seen}: pacemaker would not act on ${resource}`
    : `Pacemaker does not manage ${resource}, ${seen}`;
  throw new HAProxyResourceUnmanaged(`${what}. End that first: ${remedy}`);
}

/** Whether an instance is started on this controller. */
export function startedOn(status: ClusterStatus, controller: string): boolean {
  return status.instances.some(
    // `active` is also one that is starting, or stopping.
    ({ role, failed, nodes }) => role === 'Started' && !failed && nodes.some((node) => isNode(node, controller)),
  );
}

/** Whether pacemaker's node is this controller: Fuel's pacemaker knows nodes by their full names. */
export function isNode(node: string, controller: string): boolean {
  return node === controller || node.startsWith(`${controller}.`);
}

/** The places HAProxy complains about, without its words: they may quote a line, and a line may hold a password. */
function places(stderr: string): string {
  const found = new Set([...stderr.matchAll(/\[([^\]\s]+:\d+)\]/g)].map(([, place]) => place));
  return found.size > 0 ? `: ${[...found].slice(0, 5).join(', ')}` : '';
}
