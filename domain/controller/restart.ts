import { setTimeout as sleep } from 'node:timers/promises';
import { catalogue } from '../commands/catalogue';
import { ages } from '../commands/processes';
import { MagnumHaError } from '../errors';
import { apiAnswers } from '../openstack/api-answers';
import type { Controller, Site } from '../site/document';
import type { RemoteController } from '../ssh/session';

/** How long a restarted service may take until it runs and answers, in milliseconds. Measured: 1.4 to 1.7 s. */
const PATIENCE_MS = 90_000;
const BETWEEN_LOOKS_MS = 200;

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
export async function restart(remote: RemoteController, controller: Controller, site: Site): Promise<Restart> {
  const commands = catalogue(site);
  const { apiService, conductorService, apiPort } = site.magnum;
  const began = Date.now();
  const restartedAt = Number((await remote.run(commands.date)).stdout);
  await remote.run(commands.restartApi);
  await remote.run(commands.restartConductor);
  for (;;) {
    const waitingFor = await notBack(remote, controller, site);
    if (waitingFor === '') break;
    if (Date.now() - began > PATIENCE_MS) {
      throw new MagnumServiceDown(
        `After its restart on ${controller.name} of site ${site.name}: ${waitingFor}. The other controllers were not restarted ` +
          `after it. Look at /var/log/magnum there; ${site.magnum.configFile}.magnum-ha-previous is the configuration before.`,
      );
    }
    await sleep(BETWEEN_LOOKS_MS);
  }
  const seconds = Math.round((Date.now() - began) / 100) / 10;
  return { controller: controller.name, services: [apiService, conductorService], restartedAt, seconds };

  async function notBack(from: RemoteController, { address }: Controller, { name }: Site): Promise<string> {
    const { stdout } = await from.run(commands.processes);
    const elapsed = (Date.now() - began) / 1000;
    for (const service of [apiService, conductorService]) {
      // An init script may say that all went well and have left a process as it was. ps counts whole seconds.
      const old = ages(stdout, service).some((age) => age > elapsed + 1);
      if (old) return `a process of ${service} from before still runs`;
    }
    if (ages(stdout, conductorService).length === 0) return `${conductorService} does not run`;
    const answer = await apiAnswers((host, port) => from.tunnel(host, port), address, apiPort);
    return answer.ok ? '' : `the API of ${name} on ${address}:${apiPort} does not answer: ${answer.reason}`;
  }
}
