import { NAMES_BY_PURPOSE, secretNames, type SecretPurpose } from '../../domain/secrets/references';
import { fileOf, TASK_NAMES, type TaskName, TASKS } from '../../domain/tasks';
import { allows, type Statement } from '../../local/emulator/aws/iam';
import { site } from '../domain/sites';
import { ofType, type Synthesized, synthesizedStack } from '../synthesized';

/** A site whose functions need every secret that there can be. */
const asking = site('golden', (document) => {
  document.bootstrap = ['database', 'schema', 'rabbitmq', 'keystone'];
  document.magnum.extraOptions = { barbican: { password: { ssm: '/magnum-ha/golden/options/barbican' } } };
});

/** The secrets of the site that the table of tasks lets this one read. */
const mayRead = (task: TaskName) => [
  ...new Set(TASKS[task].secrets.flatMap((purpose) => secretNames(asking)[purpose])),
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
    [...TASK_NAMES.map(fileOf), 'archive', 'archive-look', 'fleet-matrix', 'weekly-summary'].sort(),
  );
});

test('the weekly summary lists sites and reads records, and can neither write nor read anything else', () => {
  const statements = statementsOf('weekly-summary');
  const [bucket = ''] = [...stack.buckets.keys()].filter((name) => name.startsWith('archive'));
  const may = (action: string, key: string) => allows(statements, action, `arn:aws:s3:::${bucket}/${key}`);

  const [documents = ''] = [...stack.buckets.keys()].filter((name) => name.startsWith('documents'));
  const onDocuments = ['s3:ListBucket', 's3:GetObject'].map((action) =>
    allows(
      statements,
      action,
      action === 's3:ListBucket' ? `arn:aws:s3:::${documents}` : `arn:aws:s3:::${documents}/a`,
    ),
  );

  expect([may('s3:GetObject', 'records/a/b/record.json'), may('s3:GetObject', 'heads/a.json')]).toEqual([true, false]);
  expect(onDocuments).toEqual([true, false]);
  const actions = statements.flatMap((one) => one.actions).filter((one) => !/^(logs:(Create|Put)|xray:)/.test(one));
  expect(actions.sort()).toEqual(['s3:GetObject', 's3:ListBucket', 's3:ListBucket']);
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

test('what writes the records of looks adds records, and reads no execution', () => {
  const statements = statementsOf('archive-look');

  const actions = statements.flatMap((one) => one.actions).filter((one) => !/^(logs:(Create|Put)|xray:)/.test(one));
  expect(actions.sort()).toEqual(['s3:GetObject', 's3:ListBucket', 's3:PutObject']);
});

describe.each(TASK_NAMES)('%s', (name) => {
  const task = fileOf(name);
  const { checksSecrets } = TASKS[name];

  test('reads the secrets it needs of every site, and no other parameter', () => {
    const named = [...new Set(TASKS[name].secrets.flatMap((purpose) => NAMES_BY_PURPOSE[purpose]))];
    const wanted = [...named.map((one) => parameter(`/magnum-ha/*/${one}`)), ...(checksSecrets ? ['*'] : [])];
    const may = (secret: string) => allows(statementsOf(task), 'ssm:GetParameters', parameter(secret));
    const all = [...new Set(TASK_NAMES.flatMap(mayRead))];

    expect([...new Set(resourcesOf(statementsOf(task), 'ssm'))].sort()).toEqual(wanted.sort());
    expect(all.filter(may).sort()).toEqual(mayRead(name).sort());
    expect(all.map((one) => one.replace('magnum-ha', 'another-stack')).filter(may)).toEqual([]);
  });

  test('may only write its log and its traces', () => {
    const services = statementsOf(task).flatMap(({ actions }) => actions.map((action) => action.split(':')[0]));
    expect([...new Set(services)].filter((service) => service !== 'ssm').sort()).toEqual(['logs', 's3', 'xray']);
    const everything = statementsOf(task).filter(({ resources }) => resources.includes('*'));
    expect(everything.flatMap(({ actions }) => actions).sort()).toEqual([
      ...(checksSecrets ? ['ssm:DescribeParameters'] : []),
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });
});

test('what opens SSH connections reads the key, and what only computes reads nothing', () => {
  const reading = (purpose: SecretPurpose) => TASK_NAMES.filter((task) => TASKS[task].secrets.includes(purpose));
  expect(reading('ssh')).toEqual(TASK_NAMES.filter((task) => TASKS[task].connects));
  expect(reading('magnumConf')).toEqual(['lookAtSite', 'inspectControllers', 'stage']);
  expect(reading('digest')).toEqual(['stage']);
  expect(reading('accounts')).toEqual(['lookAtSite', 'preflightCloud']);
  expect(reading('bootstrap')).toEqual(['lookAtSite', 'bootstrap']);
  expect(['plan', 'report', 'loadSite'].flatMap((task) => TASKS[task as TaskName].secrets)).toEqual([]);
});

test('load-site reads any document, tells an unknown site from a forbidden one, and reads no secret', () => {
  const [bucket = ''] = [...stack.buckets.keys()].filter((name) => name.startsWith('documents'));
  const may = (action: string, path = '') => allows(statementsOf('load-site'), action, `arn:aws:s3:::${bucket}${path}`);
  const secret = allows(statementsOf('load-site'), 'ssm:GetParameters', parameter('/magnum-ha/golden/ssh-private-key'));

  expect([may('s3:GetObject', '/sites/any'), may('s3:GetObjectVersion', '/sites/any'), may('s3:ListBucket')]).toEqual([
    true,
    true,
    true,
  ]);
  expect([may('s3:GetObject', '/other'), may('s3:PutObject', '/sites/any'), secret]).toEqual([false, false, false]);
});

test('no role has a managed policy', () => {
  const managed = ofType(stack, 'AWS::IAM::Role').flatMap(({ Properties }) => Properties['ManagedPolicyArns'] ?? []);
  expect(managed).toEqual([]);
});

/** The policy of a machine's role, and its actions of a service. */
function policyOf(machine: string) {
  const policy = () => {
    const found = Object.entries(stack.resources).find(
      ([id, { Type }]) => Type === 'AWS::IAM::Policy' && id.startsWith(`${machine}StateMachine`),
    );
    return JSON.stringify(found?.[1].Properties['PolicyDocument']);
  };
  const actions = (service: string) =>
    [...policy().matchAll(new RegExp(`"(${service}:\\w+)"`, 'g'))].map(([, one]) => one);
  return { policy, actions };
}

describe('the fleet machine', () => {
  const { policy, actions } = policyOf('Fleet');

  test('looks: of locks it reads, of executions it starts checks, of functions it invokes none that changes anything; it tells people', () => {
    expect([...new Set(actions('dynamodb'))]).toEqual(['dynamodb:GetItem']);
    expect([...new Set(actions('states'))].sort()).toEqual(['states:DescribeExecution', 'states:StartExecution']);
    expect(actions('sns')).toEqual(['sns:Publish']);
    const invoked = [...policy().matchAll(/"Functions(\w+?)[0-9A-F]{8}"/g)].map(([, task = '']) => task);
    expect([...new Set(invoked)].sort()).toEqual(['LoadSite', 'LookAtSite', 'Report']);
  });
});

describe('the state machine', () => {
  const { policy, actions } = policyOf('Workflow');

  test('invokes functions, keeps locks and notes, looks at executions and starts them, tells people, and does nothing else', () => {
    expect(actions('lambda')).toEqual(['lambda:InvokeFunction']);
    expect([...new Set(actions('dynamodb'))].sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
    ]);
    expect(actions('states')).toEqual(['states:DescribeExecution', 'states:StartExecution']);
    expect(actions('sns')).toEqual(['sns:Publish']);
    expect(actions('events')).toEqual(['events:PutEvents']);
    expect(actions('(?!lambda|dynamodb|states|sns|events|logs|xray)[a-z]+')).toEqual([]);
  });

  test('looks at its own executions, and starts its own, only', () => {
    expect(policy()).toContain(':execution:magnum-ha:*"');
    expect(policy()).toContain(':stateMachine:magnum-ha"');
    expect(ofType(stack, 'AWS::StepFunctions::StateMachine')[0]?.Properties['StateMachineName']).toBe('magnum-ha');
  });
});
