import type { Node } from '../commands/node';
import { magnumProcesses } from '../commands/magnum-processes';
import { listProcesses } from '../commands/whose-processes';
import { MagnumHaError } from '../errors';
import { apiAnswers } from '../openstack/api-answers';
import { poll } from '../world';

/** How long a restarted service may take until it runs and answers. Measured: 1.4 to 1.7 s. */
const PATIENCE = { forMs: 90_000, everyMs: 200 };

/** A service of Magnum does not come back after its restart. */
export class MagnumServiceDown extends MagnumHaError {
  override readonly name = 'MagnumServiceDown';
}

/** A controller's restarted services. */
export interface Restart {
  readonly controller: string;
  readonly services: readonly string[];
  /** By the controller's own clock, in seconds since 1970: heartbeats are compared with it. */
  readonly restartedAt: number;
  /** From the first command until the API answered and the conductor ran. */
  readonly seconds: number;
}

/**
 * Restarts Magnum's API and conductor on one controller and waits until they are back.
 *
 * @throws MagnumServiceDown
 */
export async function restart(node: Node): Promise<Restart> {
  const { commands, clock } = node;
  const { apiService, conductorService } = node.platform;
  const began = clock.now();
  const restartedAt = Number((await node.run(commands.date)).stdout);
  await node.run(commands.restartApi);
  await node.run(commands.restartConductor);
  const { found: waitingFor } = await poll(clock, PATIENCE, async () => {
    const found = await notBack(node, clock.now() - began);
    return { done: found === '', found };
  });
  if (waitingFor !== '') {
    throw new MagnumServiceDown(
      `After its restart on ${node.where}: ${waitingFor}. The other controllers were not restarted after it. Look at ` +
        `/var/log/magnum there.`,
    );
  }
  const seconds = Math.round((clock.now() - began) / 100) / 10;
  return { controller: node.name, services: [apiService, conductorService], restartedAt, seconds };
}

/** What is not back yet, so many milliseconds after the restart; empty if nothing. */
async function notBack(node: Node, milliseconds: number): Promise<string> {
  const { site, controller, clock } = node;
  const { apiPort } = site.magnum;
  const list = await listProcesses(node);
  for (const program of ['magnum-api', 'magnum-conductor'] as const) {
    const { own } = magnumProcesses(list, program);
    // An init script may say that all went well and have left a process as it was. ps counts whole seconds.
    const old = own.filter(({ age }) => age > milliseconds / 1000 + 1).map(({ pid }) => pid);
    if (old.length > 0) return `a process of ${program} from before still runs (PID ${old.join(', ')})`;
    if (program === 'magnum-conductor' && own.length === 0) return `${program} does not run`;
  }
  const answer = await apiAnswers(node.tunnel, clock, controller.address, apiPort);
  return answer.ok
    ? ''
    : `the API of ${site.name} on ${controller.address}:${apiPort} does not answer: ${answer.reason}`;
}
