import type { Node } from '../commands/node';
import { magnumProcesses } from '../commands/magnum-processes';
import { listProcesses } from '../commands/whose-processes';
import { MagnumHaError } from '../errors';
import { apiAnswers } from '../openstack/api-answers';
import { poll } from '../world';

/** How long a restarted service may take until it runs and answers. Measured: 1.4 to 1.7 s. */
const PATIENCE = { forMs: 90_000, everyMs: 200 };
/** How long an API that need not answer may take until it does. */
const PATIENCE_FOR_ANSWER_MS = 15_000;

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

/** What a restart is for. */
export interface RestartOptions {
  /** With the files of before the API may listen elsewhere, as a package's own does: it need not answer here. */
  readonly afterRollBack: boolean;
}

/**
 * Restarts Magnum's API and conductor on one controller and waits until they are back.
 *
 * @throws MagnumServiceDown
 */
export async function restart(node: Node, options: RestartOptions): Promise<Restart> {
  const { commands, clock } = node;
  const { apiService, conductorService } = node.platform;
  const began = clock.now();
  const restartedAt = Number((await node.run(commands.date)).stdout);
  await node.run(commands.restartApi);
  await node.run(commands.restartConductor);
  const { done, found: waitingFor } = await poll(clock, PATIENCE, async () => {
    const elapsed = clock.now() - began;
    const down = await notRunning(node, elapsed);
    const found = down === '' ? await noAnswer(node) : down;
    const mayBeSilent = down === '' && options.afterRollBack && elapsed > PATIENCE_FOR_ANSWER_MS;
    return { done: found === '' || mayBeSilent, found };
  });
  if (!done) {
    throw new MagnumServiceDown(
      `After its restart on ${node.where}: ${waitingFor}. The other controllers were not restarted after it. Look at ` +
        `/var/log/magnum there.`,
    );
  }
  const seconds = Math.round((clock.now() - began) / 100) / 10;
  return { controller: node.name, services: [apiService, conductorService], restartedAt, seconds };
}

/** What does not run anew yet, so many milliseconds after the restart; empty if all does. */
async function notRunning(node: Node, milliseconds: number): Promise<string> {
  const list = await listProcesses(node);
  for (const program of ['magnum-api', 'magnum-conductor'] as const) {
    const { own } = magnumProcesses(list, program);
    // An init script may say that all went well and have left a process as it was. ps counts whole seconds.
    const old = own.filter(({ age }) => age > milliseconds / 1000 + 1).map(({ pid }) => pid);
    if (old.length > 0) return `a process of ${program} from before still runs (PID ${old.join(', ')})`;
    if (program === 'magnum-conductor' && own.length === 0) return `${program} does not run`;
  }
  return '';
}

/** Why the API does not answer; empty if it does. */
async function noAnswer({ site, controller, clock, tunnel }: Node): Promise<string> {
  const { apiPort } = site.magnum;
  const answer = await apiAnswers(tunnel, clock, controller.address, apiPort);
  return answer.ok
    ? ''
    : `the API of ${site.name} on ${controller.address}:${apiPort} does not answer: ${answer.reason}`;
}
