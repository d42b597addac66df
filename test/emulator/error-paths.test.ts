import { prerequisites } from '../../lab/aws/prerequisites';
import { startVirtual, type VirtualLocal } from '../../local/deploy';
import type { SimulatedSite } from '../../local/simulated-site';
import { run } from '../workflow/local';
import { type Cloud, startCloud } from './cloud';
import { happenings } from './events';
import { golden, QUICK, type ReachableSite, startSite } from './site';

// How an apply ends that something keeps from its end, on LocalStack and on our own interpreter: by the same events. As
// one-site.test.ts.

const found = prerequisites();
if (typeof found === 'string') console.log(`Left out: ${found}`);

const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

/** A command that fails on node-2: it ends an apply in another step each. What was put in place is rolled back: all begin alike. */
const FAILING: readonly (readonly [string, string, RegExp])[] = [
  ['Preflight', 'PreflightRefused', /^haproxy -c (?!.*magnum-ha)/],
  ['Inspect controllers', 'CommandFailed', /^stat .*180-magnum/],
  ['Stage files', 'StagedFileRejected', /^haproxy -c .*magnum-ha/],
  ['Commit files', 'CommandFailed', /^mv -fT .*180-magnum/],
  ['Disable HAProxy', 'CommandFailed', /^cibadmin -M .*Stopped/],
];

(typeof found === 'string' ? describe.skip : describe)('an apply that fails', () => {
  let cloud: Cloud;
  let site: ReachableSite;
  let ours: VirtualLocal;
  const theirApply = async () => {
    const { executionArn } = (await cloud.magnumHa('start', 'golden', '--mode', 'apply')) as { executionArn: string };
    await cloud.magnumHa('follow', executionArn).catch(() => undefined);
    return cloud.events(executionArn);
  };
  const ourApply = async () => (await ours.clock.drive(run(ours))).events;
  const both = (happen: (one: SimulatedSite) => unknown) => [site.simulated, ours.site].map(happen);

  beforeAll(async () => {
    if (typeof found === 'string') throw new Error(found);
    [cloud, site, ours] = await Promise.all([
      startCloud(found),
      startSite(golden()),
      startVirtual(golden(), { timings: QUICK }),
    ]);
    await cloud.cdk('deploy', '--require-approval', 'never');
    await cloud.putSecrets(site.secrets);
    await cloud.putSites([site.document]);
    await Promise.all([theirApply(), ourApply()]);
    both(({ controllers }) => controllers.get('node-2')?.files.write(FRAGMENT, '# by hand\n'));
  });
  afterAll(async () => {
    await Promise.all([cloud.close(), site.simulated.close(), ours.close()]);
  });

  test.each(FAILING)('in %s: %s, by the same events', async (state, error, failing) => {
    // Disable HAProxy is begun by any controller.
    const removals = both(({ faults }) =>
      faults.onCommand((host, argv) =>
        (host === 'node-2' || state === 'Disable HAProxy') && failing.test(argv.join(' ')) ? { exit: 1 } : undefined,
      ),
    ) as (() => void)[];

    const begin = Date.now();
    const [theirs, own] = [await theirApply(), await ourApply()];
    for (const remove of removals) remove();

    console.log(`${state}: ${theirs.length} events in ${(Date.now() - begin) / 1000} s; ours ${own.length}`);
    expect(theirs.at(-1)).toMatchObject({ type: 'ExecutionFailed', executionFailedEventDetails: { error } });
    expect(happenings(theirs)).toEqual(happenings(own));
  });

  test('and then does not: all is as wanted', async () => {
    const [theirs, own] = [await theirApply(), await ourApply()];

    expect(theirs.at(-1)?.type).toBe('ExecutionSucceeded');
    expect(happenings(theirs)).toEqual(happenings(own));
  });
});
