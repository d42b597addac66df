import { withControllers } from '../../bench/clean-check';
import { CONCURRENCY, childrenOf, fleetPlan } from '../../bench/fleet-plan';
import { type Use, used } from '../../bench/step-functions-limits';
import { writeMatrix } from '../../domain/audit/fleet-results';
import { LIMITS } from '../../domain/site/limits';
import { settingsOf } from '../../lib/settings';
import { App } from 'aws-cdk-lib';
import cdkJson from '../../cdk.json';
import { StatesError } from '../../local/emulator/asl/errors';
import { document, reportOf, run, withLocal } from '../workflow/local';

const site = withControllers(document('golden'), LIMITS.controllers);

/** Of what more is taken than a share. */
function above(share: number, uses: readonly Use[]): Use[] {
  return uses.filter(({ most, here }) => here > share * most);
}

const aboveHalf = (uses: readonly Use[]) => above(0.5, uses);

test.each([
  [48, 0.4],
  [LIMITS.controllers, 0.5],
])(
  '%d controllers: what checks and an apply take of each limit of Step Functions is %d of it at most',
  async (count, share) => {
    await withLocal(withControllers(document('golden'), count), async (local) => {
      for (const mode of ['check', 'apply', 'check']) {
        const { status, events } = await run(local, mode);

        expect([mode, status, above(share, used(events))]).toEqual([mode, 'SUCCEEDED', []]);
      }
    });
  },
);

test('of many controllers a difference that all have is told once, whole', async () => {
  await withLocal(site, async (local) => {
    const { controllers } = reportOf(await run(local, 'check'));
    const told = (index: number) => controllers[index]?.files.map(({ diff, sameAs }) => sameAs ?? diff.length);

    expect([told(0), told(LIMITS.controllers - 1)]).toEqual([
      [2, 38, 61],
      ['node-1', 'node-1', 'node-1'],
    ]);
  });
});

test('an apply that is rolled back, and then waits for APIs that were not there before, takes three fifths at most', async () => {
  await withLocal(
    site,
    async (local) => {
      const { error, events } = await run(local);

      expect([error, above(0.6, used(events))]).toEqual(['MagnumServiceDown', []]);
      expect(JSON.stringify(events.at(-1))).toContain('Rolled back: files and firewall rule are as before');
    },
    {
      intercept: (call, proceed) =>
        call.stateName === 'Restart Magnum' && JSON.stringify(call.args).includes('node-64')
          ? Promise.reject(new StatesError('MagnumServiceDown', 'It does not answer.'))
          : proceed(),
    },
  );
});

test('10,000 sites: what a run of the fleet machine takes of each quota is half of it at most', () => {
  const settings = settingsOf(new App({ context: cdkJson.context }));

  expect(settings.fleet.concurrency).toBe(CONCURRENCY);
  expect(aboveHalf(fleetPlan(10_000))).toEqual([]);
  expect(aboveHalf(fleetPlan(100_000)).map(({ limit }) => limit)).not.toEqual([]);
});

test('the matrix of 10,000 sites that all drift is made in a tenth of the time that its function has', async () => {
  const kept = new Map([
    ['manifest.json', JSON.stringify({ ResultFiles: { SUCCEEDED: [{ Key: 'SUCCEEDED_0.json' }] } })],
    ['SUCCEEDED_0.json', JSON.stringify(childrenOf(10_000))],
  ]);
  const begin = performance.now();

  const { summary, telling } = await writeMatrix(
    { execution: 'arn', name: 'run', startedAt: '', endedAt: '', asked: null, manifest: 'manifest.json' },
    {
      get: (key) => Promise.resolve({ text: kept.get(key) ?? '' } as never),
      put: (key, text) => Promise.resolve(kept.set(key, text) === kept),
    },
  );

  expect(performance.now() - begin).toBeLessThan(12_000);
  expect(summary).toMatchObject({ sites: 10_000, counts: { 'check-started': 10_000 } });
  expect(kept.get('matrices/run.json')?.length).toBeLessThan(4e6);
  expect(kept.get('matrices/run.html')?.length).toBeLessThan(6e6);
  // SNS takes 256 KiB.
  expect(Buffer.byteLength(telling?.text ?? '')).toBeLessThan(128 * 1024);
});
