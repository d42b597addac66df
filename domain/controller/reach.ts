import { everywhere } from '../commands/everywhere';
import { inTheWay, parseListening } from '../commands/listening';
import type { Node } from '../commands/node';
import type { Nodes } from '../commands/site-connection';
import { sockets } from '../config/haproxy';
import { MagnumHaError } from '../errors';
import { apiAnswers } from '../openstack/api-answers';
import type { Site } from '../site/document';
import { poll } from '../world';
import { takenBy } from './taken-by';

/** How long Magnum's API may take until it answers its neighbours. It answered its own controller after its restart. */
const PATIENCE = { forMs: 30_000, everyMs: 1000 };

/** Something else listens at the VIP's address and Magnum's port: HAProxy could not, and would not start at all. */
export class ApiPortTaken extends MagnumHaError {
  override readonly name = 'ApiPortTaken';
}

/** HAProxy would not reach Magnum's API on a controller. */
export class MagnumUnreachable extends MagnumHaError {
  override readonly name = 'MagnumUnreachable';
}

/**
 * Makes sure that HAProxy will come back from a cycle and reach Magnum, before it is disabled: its address is free on every
 * controller, and every API answers every other controller, through the firewall as it is now.
 *
 * @throws ApiPortTaken, MagnumUnreachable
 */
export async function reach(nodes: Nodes): Promise<void> {
  await everywhere(nodes, refuseTaken);
  const { found: unreached } = await poll(nodes[0].clock, PATIENCE, async () => {
    const found = (await everywhere(nodes, (node) => unreachedFrom(node, nodes))).flat();
    return { done: found.length === 0, found };
  });
  if (unreached.length === 0) return;
  const { site } = nodes[0];
  const taken = await everywhere(nodes, async (node) => {
    const others = nodes.filter((one) => one !== node);
    const by = await takenBy(node, () => Promise.all(others.map((other) => unreachedFrom(other, [other, node]))));
    return by === undefined ? [] : [`On ${node.name} ${by}. `];
  });
  throw new MagnumUnreachable(
    `Magnum's API cannot be reached between the controllers of site ${site.name}, so HAProxy was not disabled: ` +
      `${unreached.join('; ')}. ${taken.flat().join('')}Look at the firewall of the controller that is not reached (iptables -S), also at chains that ` +
      `INPUT jumps to before Magnum's rule, and at what lies between them.`,
  );
}

async function refuseTaken(node: Node): Promise<void> {
  const { stdout } = await node.run(node.commands.sockets);
  for (const { address, port } of sockets(node.site)) {
    const taker = inTheWay(parseListening(stdout), address, port);
    if (!taker) continue;
    throw new ApiPortTaken(
      `On ${node.where} ${taker.program ?? 'something'} listens on port ${port} of every address: HAProxy could not listen at ` +
        `${address}:${port}, and none of what is behind it would come back. HAProxy was not disabled. ` +
        `${howToFreePort(node.site, port, node.controller.address)}. Then start again. See with: ss -ltnp`,
    );
  }
}

/**
 * How a port becomes free for HAProxy that something has at every address: Magnum's API, if it is that, is told its own.
 *
 * @param address of the controller
 */
export function howToFreePort({ magnum: { apiPort, apiService } }: Site, port: number, address: string): string {
  if (port !== apiPort)
    return 'Let it listen at other addresses only, or end it, or give haproxy.publicVip another port';
  return (
    `If it is ${apiService} run by uWSGI, which does not read [api] host, give that the address (Debian, in /etc/default/` +
    `${apiService}: DAEMON_ARGS="--http-socket ${address}:${apiPort} --ini /etc/magnum/magnum-api-uwsgi.ini") and restart ` +
    `${apiService}; else end what listens there`
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
