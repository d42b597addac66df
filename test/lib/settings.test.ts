import { App } from 'aws-cdk-lib';
import { settingsOf } from '../../lib/settings';

/** An app with the context of cdk.json, and changes. */
function appWith(context: Record<string, unknown>): App {
  return new App({ context: { checkRate: 'rate(1 day)', ...context } });
}

test('objects may be text, as the command line gives them; the stack has a name unless one is given', () => {
  const network = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] };
  const app = appWith({ network: JSON.stringify(network) });

  const settings = settingsOf(app);

  expect(settings).toEqual({
    prefix: 'magnum-ha',
    checkRate: { '*': 'rate(1 day)' },
    network,
    archive: { retentionDays: 2557 },
    fleet: { alarmAfterHours: 48, concurrency: 20, toleratedFailurePercentage: 0, staggerMinutes: 0 },
  });
});

test.each([
  ['a rate that EventBridge Scheduler cannot read', { checkRate: 'daily' }, /checkRate/],
  [
    'a rate for sites that are not told by how their names begin',
    { checkRate: '{"prod": "rate(1 day)"}' },
    /checkRate/,
  ],
  ['a run that begins days later', { fleet: { staggerMinutes: 1441 } }, /fleet\.staggerMinutes: must be 0 to 1440/],
  ['a prefix that cannot begin names', { prefix: 'Magnum_HA' }, /prefix: must be lower-case/],
  ['a network that is no JSON', { network: 'subnet-1' }, /network/],
  ['a key that is named by its alias', { kmsKey: 'alias/magnum-ha' }, /kmsKey.*ARN of a key/],
  ['a concurrency that Step Functions does not reach', { concurrency: '41' }, /concurrency: must be 1 to 40/],
  ['a fleet of which nothing is looked at', { fleet: { concurrency: 0 } }, /fleet\.concurrency: /],
  ['a network without subnets', { network: '{"subnetIds": [], "securityGroupIds": ["sg-1"]}' }, /network\.subnetIds/],
])('refuses %s', (_, context, message) => {
  const app = appWith(context);

  const read = () => settingsOf(app);

  expect(read).toThrow(
    expect.objectContaining({ name: 'SettingInvalid', message: expect.stringMatching(message) as string }) as Error,
  );
});
