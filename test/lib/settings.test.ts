import { App } from 'aws-cdk-lib';
import { settingsOf, sitesAt } from '../../lib/settings';

/** An app with the context of cdk.json, and changes. */
function appWith(context: Record<string, unknown>): App {
  return new App({ context: { sites: ['sites/golden.json'], checkRate: 'rate(1 day)', ...context } });
}

test('lists and objects may be text, as the command line gives them', () => {
  const network = { subnetIds: ['subnet-1'], securityGroupIds: ['sg-1'] };
  const app = appWith({ sites: 'sites/a.json,sites/b.json', network: JSON.stringify(network) });

  const settings = settingsOf(app);

  expect(settings).toEqual({ sitePaths: ['sites/a.json', 'sites/b.json'], checkRate: 'rate(1 day)', network });
});

test.each([
  ['a rate that EventBridge Scheduler cannot read', { checkRate: 'daily' }, /checkRate/],
  ['a network that is no JSON', { network: 'subnet-1' }, /network/],
  ['a key that is named by its alias', { kmsKey: 'alias/magnum-ha' }, /kmsKey.*ARN of a key/],
  ['a network without subnets', { network: '{"subnetIds": [], "securityGroupIds": ["sg-1"]}' }, /network\.subnetIds/],
])('refuses %s', (_, context, message) => {
  const app = appWith(context);

  const read = () => settingsOf(app);

  expect(read).toThrow(
    expect.objectContaining({ name: 'SettingInvalid', message: expect.stringMatching(message) as string }) as Error,
  );
});

test.each([
  ['a document that is not there', ['sites/nowhere.json'], /sites\/nowhere\.json/],
  ['two documents of one site', ['sites/golden.json', 'sites/golden.json'], /golden/],
])('refuses %s', (_, paths, message) => {
  const read = () => sitesAt(paths);

  expect(read).toThrow(
    expect.objectContaining({ name: 'SettingInvalid', message: expect.stringMatching(message) as string }) as Error,
  );
});
