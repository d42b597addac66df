import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../../local/emulator/aws/deployment';

/** So long an execution's end is on its way to what follows it, in milliseconds. */
const ON_THE_WAY_MS = 1_000;

/** Waits until no execution runs: a recovery that follows one that failed holds the site's lock. */
export async function idle(deployment: Deployment): Promise<void> {
  const runs = () =>
    ['magnum-ha', 'magnum-ha-recovery'].some((machine) => deployment.listExecutions({ machine }, 'RUNNING').length > 0);
  let since = Date.now();
  while (Date.now() - since < ON_THE_WAY_MS) {
    await sleep(50);
    if (runs()) since = Date.now();
  }
}
