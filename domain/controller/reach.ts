import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import type { Nodes } from '../commands/site-connection';
import { occupies, parseSockets } from '../commands/sockets';
import { MagnumHaError } from '../errors';
import { apiAnswers } from '../openstack/api-answers';
import { poll } from '../world';

/** How long Magnum's API may take until it answers its neighbours. It answered its own controller after its restart. */
const PATIENCE = { forMs: 30_000, everyMs: 1000 };

/** Something else listens at the VIP's address and Magnum's port: HAProxy could not, and would not start at all. */
export class HAProxyPortTaken extends MagnumHaError {
  override readonly name = 'HAProxyPortTaken';
}

/** HAProxy would not reach Magnum's API on a controller. */
export class MagnumUnreachable extends MagnumHaError {
  override readonly name = 'MagnumUnreachable';
}

/**
 * Makes sure that HAProxy will come back from a cycle and reach Magnum, before it is disabled: its address is free on every
 * controller, and every API answers every other controller, through the firewall as it is now.
 *
 * @throws HAProxyPortTaken, MagnumUnreachable
 */
export async function reach(nodes: Nodes): Promise<void> {
  await everywhere(nodes, refuseTaken);
  const { found: unreached } = await poll(nodes[0].clock, PATIENCE, async () => {
    const found = (await everywhere(nodes, (node) => unreachedFrom(node, nodes))).flat();
    return { done: found.length === 0, found };
  });
  if (unreached.length === 0) return;
  const { site } = nodes[0];
  throw new MagnumUnreachable(
    `Magnum's API cannot be reached between the controllers of site ${site.name}, so HAProxy was not disabled: ` +
      `${unreached.join('; ')}. Look at the firewall of the controller that is not reached (iptables -S), also at chains that ` +
      `INPUT jumps to before Magnum's rule, and at what lies between them.`,
  );
}

async function refuseTaken(node: Node): Promise<void> {
  const { virtualIp, magnum } = node.site;
  // If the kernel has no IPv6, the second file is missing.
  const { stdout } = await node.attempt(node.commands.sockets);
  const sockets = parseSockets(stdout);
  // HAProxy that is in a network namespace of its own listens at none of these.
  if (!sockets.some(({ address }) => address === virtualIp)) return;
  const taken = sockets.find((one) => one.address !== virtualIp && occupies(one, virtualIp, magnum.apiPort));
  if (!taken) return;
  throw new HAProxyPortTaken(
    `On ${node.where} something listens on port ${magnum.apiPort} of every address (${taken.address}): HAProxy could not listen ` +
      `at ${virtualIp}:${magnum.apiPort}, and none of what is behind it would come back. HAProxy was not disabled. Most likely ` +
      `${magnum.apiService} runs by uWSGI, which does not read [api] host: set http-socket = ${node.controller.address}:` +
      `${magnum.apiPort} in its .ini file (Debian: /etc/magnum/magnum-api-uwsgi.ini), restart it, and start again. See with: ` +
      `ss -ltnp`,
  );
}

/** The APIs that a controller does not reach, one sentence each. */
async function unreachedFrom(from: Node, nodes: Nodes): Promise<string[]> {
  const others = nodes.length > 1 ? nodes.filter((node) => node !== from) : nodes;
  const answers = await Promise.all(
    others.map(async ({ name, site, controller }) => {
      const { ok, reason } = await apiAnswers(from.tunnel, from.clock, controller.address, site.magnum.apiPort);
      return ok
        ? []
        : [`${from.name} does not reach ${name} (${controller.address}:${site.magnum.apiPort}): ${reason}`];
    }),
  );
  return answers.flat();
}
