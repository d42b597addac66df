import { everywhere } from '../commands/everywhere';
import { sockets } from '../config/haproxy';
import { magnumProcesses } from '../commands/magnum-processes';
import type { SiteConnection } from '../commands/site-connection';
import { messageOf } from '../errors';
import { apiAnswers } from '../openstack/api-answers';
import { OpenStackUnavailable, OpenStackUnreachable } from '../openstack/errors';
import { KeystoneUnreachable } from '../openstack/keystone';
import { type Conductor, conductors, freshConductors } from '../openstack/services';
import type { OpenStackSession } from '../openstack/session';
import { listProcesses } from '../commands/whose-processes';
import { clusterStatus, startedOn } from '../pacemaker/cluster';
import type { Restart } from './restart';

/**
 * A conductor that was not restarted must have sent a heartbeat within this many seconds: it sends one every 60, and
 * Magnum itself calls it `up` for 180 (service_down_time).
 */
const HEARTBEAT_AGE_SECONDS = 120;

/** What the API is called at the VIPs, among the controllers'. */
const VIP = 'VIP';
const PUBLIC_VIP = 'public VIP';

/** Whether Magnum serves, as it was observed. */
export interface Verification {
  readonly healthy: boolean;
  /** What is not as it should be, one sentence each. */
  readonly waitingFor: readonly string[];
  /** Each controller's own API, the VIP's, and the public VIP's if the controllers reach it. */
  readonly apis: readonly { readonly name: string; readonly address: string; readonly answers: boolean }[];
  /** Every conductor that ever registered; none if the VIP does not answer, where they are asked for. */
  readonly conductors: readonly Conductor[];
}

/**
 * Verifies that HAProxy runs and the API answers on every controller, that the VIPs answer, that a conductor runs on every
 * controller, and that each sent a heartbeat after its restart: neither a 202 nor an `up` proves that one lives. If the VIP does not
 * answer, nobody is asked for heartbeats.
 *
 * @param restarts of this execution
 */
export async function verify(
  { site, nodes }: SiteConnection,
  openstack: OpenStackSession,
  restarts: readonly Restart[],
): Promise<Verification> {
  const { apiPort } = site.magnum;
  const [, open] = sockets(site);
  const waitingFor: string[] = [];
  const [first] = nodes;

  // A login may take long, and is no part of the time that an answer has.
  await everywhere(nodes, ({ ready }) => ready());
  const addresses = [
    // From its neighbour, as HAProxy on another controller asks it: the firewall stands in between.
    ...nodes.map(({ name, controller }, index) => ({
      name,
      ...{ address: controller.address, port: apiPort },
      from: nodes[(index + 1) % nodes.length] ?? first,
    })),
    { name: VIP, address: site.virtualIp, port: apiPort, from: first },
    ...(open ? [{ name: PUBLIC_VIP, ...open, from: first }] : []),
  ];
  const asked = await Promise.all(
    addresses.map(async ({ name, address, port, from }) => {
      const isPublic = name === PUBLIC_VIP;
      const { ok, reached, reason } = await apiAnswers(from.tunnel, from.clock, address, port, { tls: isPublic });
      // Controllers need no way to the public network. What a firewall does to clients there, Preflight tells.
      if (isPublic && !reached) return [];
      if (!ok) waitingFor.push(`The Magnum API of ${name} (${address}:${port}) does not answer: ${reason}.`);
      return [{ name, address, answers: ok }];
    }),
  );
  const apis = asked.flat();

  const needs = await everywhere(nodes, async (node) => {
    const { name, commands, run } = node;
    const [list, date] = await Promise.all([listProcesses(node), run(commands.date)]);
    if (magnumProcesses(list, 'magnum-conductor').own.length === 0) {
      waitingFor.push(`magnum-conductor does not run on ${name}.`);
    }
    const restarted = restarts.find(({ controller }) => controller === name);
    return { controller: name, after: restarted?.restartedAt ?? Number(date.stdout) - HEARTBEAT_AGE_SECONDS };
  });

  const status = await clusterStatus(first);
  const without = nodes.filter(({ name }) => !startedOn(status, name));
  if (without.length > 0) {
    waitingFor.push(`HAProxy does not run on ${without.map(({ name }) => name).join(', ')}: see crm_mon -1 -r.`);
  }

  let found: Conductor[] = [];
  // A request to what does not answer would be tried for a while, and tell nothing more.
  const answersAtVip = apis.some(({ name, answers }) => name === VIP && answers);
  try {
    if (answersAtVip) {
      found = await conductors(openstack.magnum);
      const { complete, message } = freshConductors(found, needs);
      if (!complete) waitingFor.push(message);
    }
  } catch (error) {
    // These pass while services start; anything else, refused credentials above all, does not.
    const passes = [KeystoneUnreachable, OpenStackUnreachable, OpenStackUnavailable].some(
      (kind) => error instanceof kind,
    );
    if (!passes) throw error;
    waitingFor.push(messageOf(error));
  }
  return { healthy: waitingFor.length === 0, waitingFor, apis, conductors: found };
}
