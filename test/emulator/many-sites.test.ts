import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { FleetRun } from '../../domain/audit/fleet';
import { prerequisites } from '../../lab/aws/prerequisites';
import { type Cloud, startCloud } from './cloud';
import { golden, type ReachableSite, startSite } from './site';

// Sites come and go without a deploy, many are looked at in one run, and two stacks of one account know nothing of each other. On
// LocalStack, as one-site.test.ts.

const found = prerequisites();
if (typeof found === 'string') console.log(`Left out: ${found}`);

const NAMES = ['east', 'north', 'west'];
/** Sites of one fleet, besides: documents of one site under other names. Here a look takes seconds of CPU: 200 take a quarter of an hour. */
const COPIES = Number(process.env['MAGNUM_HA_FLEET'] ?? 12);

/** What `follow` says of an execution. */
interface Ended {
  readonly verdict: { readonly outcome: string };
}

(typeof found === 'string' ? describe.skip : describe)('many sites', () => {
  let cloud: Cloud;
  let sites: ReachableSite[];
  beforeAll(async () => {
    if (typeof found === 'string') throw new Error(found);
    sites = await Promise.all(NAMES.map((name) => startSite(golden(name))));
    cloud = await startCloud(found);
    await cloud.cdk('deploy', '--require-approval', 'never', '-c', 'fleet={"concurrency":4}');
    for (const { secrets } of sites) await cloud.putSecrets(secrets);
  });
  afterAll(async () => {
    await cloud.close();
    await Promise.all(sites.map(({ simulated }) => simulated.close()));
  });

  const started = async (...args: string[]) => {
    const { executionArn } = (await cloud.magnumHa(...args)) as { executionArn: string };
    return executionArn;
  };
  const outcome = async (arn: string) => ((await cloud.magnumHa('follow', arn)) as Ended).verdict.outcome;
  const names = async (stack = 'magnum-ha') =>
    ((await cloud.magnumHa('site', 'list', '--stack', stack)) as { site: string }[]).map(({ site }) => site);
  const documents = () => sites.map(({ document }) => document);

  test('three are put and checked, and one is removed, without a deploy', async () => {
    await cloud.putSites(documents());
    const checks = [];
    for (const name of NAMES) checks.push(await started('start', name));
    const outcomes = await Promise.all(checks.map(outcome));
    await cloud.magnumHa('site', 'remove', 'west');

    expect(outcomes).toEqual(['drift', 'drift', 'drift']);
    expect(await names()).toEqual(['east', 'north']);
    await expect(started('start', 'west').then(outcome)).rejects.toThrow('SiteUnknown');
  });

  test('one run of the fleet machine looks at those that are as wanted', async () => {
    const [{ document, secrets } = fail('no site')] = sites;
    expect(await outcome(await started('start', 'east', '--mode', 'apply'))).toBe('changed');
    const copies = Array.from({ length: COPIES }, (_, index) => `copy-${String(index).padStart(3, '0')}`);
    const named = (text: string, name: string) => text.replaceAll('/magnum-ha/east/', `/magnum-ha/${name}/`);
    await cloud.putSecrets(
      Object.fromEntries(
        copies.flatMap((name) => Object.entries(secrets).map(([key, value]) => [named(key, name), value])),
      ),
    );
    await cloud.putSites(
      copies.map((name) => ({ ...(JSON.parse(named(JSON.stringify(document), name)) as typeof document), name })),
    );

    const begin = Date.now();
    const arn = await started('fleet', '--start', 'copy-*');
    while (
      !(await cloud.events(arn)).some(({ type }) => type?.startsWith('Execution') && type !== 'ExecutionStarted')
    ) {
      await sleep(2000);
    }
    const run = (await cloud.magnumHa('fleet')) as FleetRun;

    console.log(`fleet: ${run.sites.length} sites in ${(Date.now() - begin) / 1000} s`);
    expect(run.execution).toBe(arn);
    expect(run.sites.map(({ site }) => site)).toEqual(copies);
    expect(run.counts).toMatchObject({ 'as-wanted': COPIES });
  });

  test('another stack sees neither sites nor secrets nor locks', async () => {
    await cloud.cdk('deploy', '--require-approval', 'never', '-c', 'prefix=other');
    const [, north = fail('no site')] = sites;
    const there = golden('north', 'other');
    const document = { ...north.document, ...{ ssh: there.ssh, magnum: there.magnum, openstack: there.openstack } };

    expect(await names('other')).toEqual([]);
    await expect(cloud.putSites([document], 'other')).rejects.toThrow('SecretMissing');
    await cloud.putSecrets(
      Object.fromEntries(
        Object.entries(north.secrets).map(([key, value]) => [key.replace('/magnum-ha/', '/other/'), value]),
      ),
    );
    await cloud.putSites([document], 'other');
    const checks = [await started('start', 'north'), await started('start', 'north', '--stack', 'other')];
    expect(await Promise.all(checks.map(outcome))).toEqual(['drift', 'drift']);
    const [one, other] = (await Promise.all(checks.map(cloud.events))).map(locked);
    // Both had the lock of the same site at the same time.
    expect(Math.max(one?.from ?? 0, other?.from ?? 0)).toBeLessThan(Math.min(one?.to ?? 0, other?.to ?? 0));
  });

  test('both are destroyed', async () => {
    await cloud.cdk('destroy', '--force');
    await cloud.cdk('destroy', '--force', '-c', 'prefix=other');

    for (const stack of ['magnum-ha', 'other']) {
      await expect(started('start', 'north', '--stack', stack)).rejects.toThrow('There is no state machine');
    }
  });
});

/** When an execution had the lock. */
function locked(events: readonly HistoryEvent[]): { from: number; to: number } {
  const at = (type: string, name: string) =>
    events.find(
      (event) =>
        event.type === type && (event.stateEnteredEventDetails ?? event.stateExitedEventDetails)?.name === name,
    )?.timestamp ?? fail(`${type} ${name} did not happen`);
  return {
    from: at('TaskStateExited', 'Take site lock').getTime(),
    to: at('TaskStateEntered', 'Release site lock').getTime(),
  };
}

function fail(message: string): never {
  throw new Error(message);
}
