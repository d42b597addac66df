import { synthesized } from '../../local/emulator/assembly';
import { allows, type Statement } from '../../local/emulator/aws/iam';
import { ACCOUNT, REGION } from '../../local/emulator/aws/intrinsics';
import type { Template } from '../../local/emulator/aws/template';

// What each verb needs is held by test/cli/roles.test.ts; here is what nobody may do with a policy.
let template: Template;
beforeAll(async () => {
  template = await synthesized();
}, 60_000);

const statementsOf = (role: string): readonly Statement[] => template.policies.get(`magnum-ha-${REGION}-${role}`) ?? [];
const states = (kind: string, name: string) => `arn:aws:states:${REGION}:${ACCOUNT}:${kind}:${name}`;
const bucket = (kind: string) =>
  `arn:aws:s3:::${[...template.buckets.keys()].find((name) => name.startsWith(kind)) ?? ''}`;
const parameter = (name: string) => `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${name}`;

const LOOK = [
  's3:GetObject',
  'ssm:GetParameters',
  'states:DescribeExecution',
  'states:GetExecutionHistory',
  'states:ListExecutions',
  'states:ListStateMachines',
];

test.each([
  ['check', [...LOOK, 'states:StartExecution']],
  ['apply', [...LOOK, 'states:StartExecution']],
  ['approve', [...LOOK, 'states:SendTaskFailure', 'states:SendTaskSuccess']],
  ['audit', ['logs:FilterLogEvents', 's3:GetObjectVersion', 's3:ListBucket', 's3:ListBucketVersions', ...LOOK]],
])('%s allows these actions, and forbids none', (role, actions) => {
  const statements = statementsOf(role);

  expect([...new Set(statements.flatMap((one) => one.actions))].sort()).toEqual([...actions].sort());
  expect(new Set(statements.map(({ effect }) => effect))).toEqual(new Set(['Allow']));
});

test('the stack has no other policy, and attaches none', () => {
  const names = ['apply', 'approve', 'audit', 'check'].map((role) => `magnum-ha-${REGION}-${role}`);
  expect([...template.policies.keys()].sort()).toEqual(names);
});

test.each([
  ['check', ['magnum-ha-check']],
  ['apply', ['magnum-ha', 'magnum-ha-check', 'magnum-ha-fleet']],
  ['approve', []],
  ['audit', []],
])('%s starts %j', (role, machines) => {
  const all = [...template.machines.keys(), 'another', 'magnum-ha-2'];

  const startable = all.filter((name) =>
    allows(statementsOf(role), 'states:StartExecution', states('stateMachine', name)),
  );

  expect(startable.sort()).toEqual(machines);
});

test.each(['check', 'apply', 'approve', 'audit'])('%s reads the histories of this site machine only', (role) => {
  const all = [...template.machines.keys(), 'another', 'magnum-ha-2'];

  const read = all.filter((name) =>
    allows(statementsOf(role), 'states:GetExecutionHistory', states('execution', `${name}:one`)),
  );

  expect(read).toEqual(['magnum-ha']);
});

test.each(['check', 'apply', 'approve'])(
  '%s reads what came of all sites, and no record, document or result besides',
  (role) => {
    const may = (action: string, resource: string) => allows(statementsOf(role), action, resource);

    expect(may('s3:GetObject', `${bucket('fleet')}/matrices/one.json`)).toBe(true);
    expect(may('s3:GetObject', `${bucket('fleet')}/results/one/manifest.json`)).toBe(false);
    expect(may('s3:GetObject', `${bucket('archive')}/records/golden/one/record.json`)).toBe(false);
    expect(may('s3:GetObject', `${bucket('documents')}/sites/golden`)).toBe(false);
    expect(may('ssm:GetParameters', parameter('/magnum-ha/golden/ssh-private-key'))).toBe(false);
  },
);

test('audit finds the buckets, and reads records and documents in every version, but no secret and nothing else', () => {
  const may = (action: string, resource: string) => allows(statementsOf('audit'), action, resource);

  expect(may('ssm:GetParameters', parameter('/magnum-ha/archive-bucket'))).toBe(true);
  expect(may('ssm:GetParameters', parameter('/magnum-ha/golden/ssh-private-key'))).toBe(false);
  expect(may('s3:GetObjectVersion', `${bucket('archive')}/records/golden/one/record.json`)).toBe(true);
  expect(may('s3:GetObjectVersion', `${bucket('documents')}/sites/golden`)).toBe(true);
  expect(may('s3:GetObject', 'arn:aws:s3:::another/sites/golden')).toBe(false);
  expect(may('logs:FilterLogEvents', `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/magnum-ha/functions:*`)).toBe(true);
  expect(may('logs:FilterLogEvents', `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/another/functions:*`)).toBe(false);
});
