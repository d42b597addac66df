import { prerequisites } from '../../lab/aws/prerequisites';
import { startVirtual, type VirtualLocal } from '../../local/deploy';
import { run } from '../workflow/local';
import { type Cloud, startCloud } from './cloud';
import { happenings } from './events';
import { golden, QUICK, type ReachableSite, startSite } from './site';

// The stack as the CDK CLI deploys it in an account of LocalStack, whose interpreter has a Java JSONata, and with a site that its
// functions reach by SSH. Beside it the same on our own interpreter, on virtual time: what happens is the same.

const found = prerequisites();
if (typeof found === 'string') console.log(`Left out: ${found}`);

(typeof found === 'string' ? describe.skip : describe)('one site', () => {
  let cloud: Cloud;
  let site: ReachableSite;
  let ours: VirtualLocal;
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
  });
  afterAll(async () => {
    await Promise.all([cloud.close(), site.simulated.close(), ours.close()]);
  });

  // One after the other, as a person would.
  test.each([
    ['check', 'drift'],
    ['apply', 'changed'],
    ['check', 'unchanged'],
  ])('%s: %s, by the same events as on our own interpreter', async (mode, outcome) => {
    const begin = Date.now();
    const { executionArn } = (await cloud.magnumHa('start', 'golden', '--mode', mode)) as { executionArn: string };
    const report = await cloud.magnumHa('follow', executionArn);
    const theirs = await cloud.events(executionArn);
    const { events } = await ours.clock.drive(run(ours, mode));

    const seconds = (Date.now() - begin) / 1000;
    console.log(`${mode}: ${theirs.length} events in ${seconds} s; ours ${events.length}`);
    expect(report).toMatchObject({ verdict: { outcome } });
    expect(happenings(theirs)).toEqual(happenings(events));
  });

  test('is destroyed', async () => {
    await cloud.cdk('destroy', '--force');

    await expect(cloud.magnumHa('start', 'golden')).rejects.toThrow('There is no state machine');
  });
});
