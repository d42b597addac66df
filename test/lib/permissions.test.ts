import { secretNames, type SecretPurpose } from '../../domain/secrets/references';
import { fileOf, TASK_NAMES, type TaskName, TASKS } from '../../domain/tasks';
import { allows, type Statement } from '../../local/emulator/aws/iam';
import { sitesAt } from '../../lib/settings';
import { synthesized } from '../../local/emulator/assembly';
import { ofType, type Synthesized, synthesizedStack } from '../synthesized';

const [golden] = sitesAt(['sites/golden.json']);
if (!golden) throw new Error('the golden site is missing');
const SSH = ['ssh-private-key'];
const OPENSTACK = ['openstack-password'];

/** The secrets of the golden site that the table of tasks lets this one read. */
const mayRead = (task: TaskName) => [
  ...new Set(TASKS[task].secrets.flatMap((purpose) => secretNames(golden)[purpose])),
];

let stack: Synthesized;
beforeAll(async () => {
  stack = await synthesizedStack();
}, 60_000);

const statementsOf = (task: string): readonly Statement[] => stack.statements.get(stack.functionOf(task)) ?? [];
const parameter = (name: string) => `arn:aws:ssm:us-east-1:123456789012:parameter${name}`;
const resourcesOf = (statements: readonly Statement[], service: string) =>
  statements
    .filter(({ actions }) => actions.some((action) => action.startsWith(`${service}:`)))
    .flatMap(({ resources }) => resources);

test('every task has a function, and every function a task', () => {
  const tasks = [...stack.functions.keys()].map((id) => String(stack.resources[id]?.Properties['Description']));
  expect(tasks.map((description) => description.replace('magnum-ha: ', '')).sort()).toEqual(
    [...TASK_NAMES.map(fileOf), 'archive'].sort(),
  );
});

test('the archive reads executions of the site machine, adds records, and can neither delete nor read secrets', () => {
  const statements = statementsOf('archive');
  const may = (action: string, resource: string) => allows(statements, action, resource);
  const [bucket] = [...stack.buckets.keys()].filter((name) => name.startsWith('archive'));
  const execution = (machine: string) => `arn:aws:states:us-east-1:123456789012:execution:${machine}:one`;

  expect(may('states:GetExecutionHistory', execution('magnum-ha'))).toBe(true);
  expect(may('states:GetExecutionHistory', execution('magnum-ha-recovery'))).toBe(false);
  expect(may('s3:PutObject', `arn:aws:s3:::${bucket ?? ''}/records/golden/one/record.json`)).toBe(true);
  expect(may('s3:PutObject', `arn:aws:s3:::${bucket ?? ''}/others`)).toBe(false);
  const actions = statements.flatMap((one) => one.actions).filter((one) => !/^(logs:(Create|Put)|xray:)/.test(one));
  expect(actions.sort()).toEqual([
    'logs:FilterLogEvents',
    's3:GetObject',
    's3:ListBucket',
    's3:PutObject',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:SendMessage',
    'states:DescribeExecution',
    'states:GetExecutionHistory',
  ]);
});

describe.each(TASK_NAMES)('%s', (name) => {
  const task = fileOf(name);
  const { loads } = TASKS[name];

  test('reads the secrets it needs and no other parameter', () => {
    const secrets = mayRead(name);
    const wanted = [...secrets.map(parameter), ...(loads ? ['*', parameter('/magnum-ha/sites/*')] : [])];
    expect([...new Set(resourcesOf(statementsOf(task), 'ssm'))].sort()).toEqual(wanted.sort());
    for (const secret of secrets) expect(allows(statementsOf(task), 'ssm:GetParameters', parameter(secret))).toBe(true);
  });

  test('may only write its log and its traces', () => {
    const services = statementsOf(task).flatMap(({ actions }) => actions.map((action) => action.split(':')[0]));
    expect([...new Set(services)].filter((service) => service !== 'ssm').sort()).toEqual(['logs', 'xray']);
    const everything = statementsOf(task).filter(({ resources }) => resources.includes('*'));
    expect(everything.flatMap(({ actions }) => actions).sort()).toEqual([
      ...(loads ? ['ssm:DescribeParameters'] : []),
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });
});

test('what opens SSH connections reads the key, and what only computes reads nothing', () => {
  const reading = (purpose: SecretPurpose) => TASK_NAMES.filter((task) => TASKS[task].secrets.includes(purpose));
  expect(reading('ssh')).toEqual(TASK_NAMES.filter((task) => TASKS[task].connects));
  expect(reading('magnumConf')).toEqual(['inspectControllers', 'stage']);
  expect(reading('accounts')).toEqual(['preflightCloud']);
  expect(reading('bootstrap')).toEqual(['bootstrap']);
  expect(['plan', 'report', 'loadSite'].flatMap((task) => TASKS[task as TaskName].secrets)).toEqual([]);
});

test('bootstrap reads what the parts need that a site asks for, and upgrading the schema none of it', async () => {
  const asking = await synthesized({ ...golden, bootstrap: ['database', 'schema'] });
  const secrets = [...asking.functions.entries()].map(
    ([id]) => [id, resourcesOf(asking.statements.get(id) ?? [], 'ssm')] as const,
  );
  const of = (task: RegExp) => secrets.find(([id]) => task.test(id))?.[1];

  expect([...new Set(of(/^FunctionsBootstrap/))].sort()).toEqual(
    [...SSH, 'database-password', ...OPENSTACK].map((name) => parameter(`/magnum-ha/golden/${name}`)).sort(),
  );
  expect(of(/^FunctionsUpgradeSchema/)).toEqual(SSH.map((name) => parameter(`/magnum-ha/golden/${name}`)));
});

test('load-site tells an unknown site from a forbidden one, and reads no secret', () => {
  const may = (name: string) => allows(statementsOf('load-site'), 'ssm:GetParameters', parameter(name));
  expect([may('/magnum-ha/sites/golden'), may('/magnum-ha/sites/unknown')]).toEqual([true, true]);
  expect(may('/magnum-ha/golden/ssh-private-key')).toBe(false);
});

test('no role has a managed policy', () => {
  const managed = ofType(stack, 'AWS::IAM::Role').flatMap(({ Properties }) => Properties['ManagedPolicyArns'] ?? []);
  expect(managed).toEqual([]);
});

describe('the state machine', () => {
  const policy = () => {
    const found = Object.entries(stack.resources).find(
      ([id, { Type }]) => Type === 'AWS::IAM::Policy' && id.startsWith('WorkflowStateMachine'),
    );
    return JSON.stringify(found?.[1].Properties['PolicyDocument']);
  };
  const actions = (service: string) =>
    [...policy().matchAll(new RegExp(`"(${service}:\\w+)"`, 'g'))].map(([, one]) => one);

  test('invokes functions, keeps locks and notes, looks at executions, tells people, and does nothing else', () => {
    expect(actions('lambda')).toEqual(['lambda:InvokeFunction']);
    expect([...new Set(actions('dynamodb'))].sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
    ]);
    expect(actions('states')).toEqual(['states:DescribeExecution']);
    expect(actions('sns')).toEqual(['sns:Publish']);
    expect(actions('events')).toEqual(['events:PutEvents']);
    expect(actions('(?!lambda|dynamodb|states|sns|events|logs|xray)[a-z]+')).toEqual([]);
  });

  test('looks at its own executions only', () => {
    expect(policy()).toContain(':execution:magnum-ha:*"');
    expect(ofType(stack, 'AWS::StepFunctions::StateMachine')[0]?.Properties['StateMachineName']).toBe('magnum-ha');
  });
});
