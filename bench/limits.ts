import { join } from 'node:path';
import { siteAt } from '../cli/files';
import { LIMITS } from '../domain/site/limits';
import { startVirtual } from '../local/deploy';
import { withControllers } from './clean-check';
import { fleetPlan } from './fleet-plan';
import { stackUse } from './stack-limits';
import { type Use, used } from './step-functions-limits';
import { table } from './figures';

const ROOT = join(__dirname, '..');
const SITES = 10_000;

/**
 * Prints how much an apply and checks of the largest site take of each limit of Step Functions, and what a run of the fleet machine over
 * 10,000 sites takes of each quota of AWS, and what the stack does. On virtual time, on the simulated site.
 */
async function main(): Promise<void> {
  const site = withControllers(siteAt(join(ROOT, 'sites', 'golden.json')), LIMITS.controllers);
  const local = await startVirtual(site);
  await local.clock.drive(
    (async () => {
      for (const [title, mode] of [
        ['check, drift everywhere', 'check'],
        ['apply', 'apply'],
        ['check, all as wanted', 'check'],
      ] as const) {
        const ended = await local.deployment.start('magnum-ha', { input: { site: site.name, mode } }).result;
        if (ended.status !== 'SUCCEEDED') throw new Error(`${title}: ${ended.error ?? ''}: ${ended.cause ?? ''}`);
        print(`${title}, ${LIMITS.controllers} controllers`, used(ended.events));
      }
    })(),
  );
  await local.close();
  print(`a run of the fleet machine over ${SITES} sites`, fleetPlan(SITES));
  print('the stack, of 1 site and of 10000', await stackUse());
}

function print(title: string, uses: readonly Use[]): void {
  const rows = uses.map(({ limit, most, here, where }) => [
    limit,
    most,
    here,
    `${((100 * here) / most).toFixed(1)} %`,
    where,
  ]);
  console.log(`\n${title}\n${table([['limit', 'most', 'here', 'share', 'where'], ...rows])}`);
}

void main();
