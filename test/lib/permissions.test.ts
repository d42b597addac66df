import { allows, type Statement } from '../../local/emulator/aws/iam';
import { sitesAt } from '../../lib/settings';
import { synthesized } from '../../local/emulator/assembly';
import { ofType, type Synthesized, synthesizedStack } from '../synthesized';

const SSH = ['ssh-private-key'];
const MAGNUM_CONF = ['database-password', 'keystone-password', 'rabbit-password', 'trustee-password'];
const OPENSTACK = ['openstack-password'];

/** Which secrets of the golden site each task may read: all it needs and no other. */
const MAY_READ: Record<string, string[]> = {
  'load-site': [],
  preflight: SSH,
  'preflight-cloud': [...SSH, ...MAGNUM_CONF, ...OPENSTACK],
  // The golden site asks for none.
  bootstrap: SSH,
  'upgrade-schema': SSH,
  inspect: [...SSH, ...MAGNUM_CONF],
  plan: [],
  stage: [...SSH, ...MAGNUM_CONF],
  commit: SSH,
  restart: SSH,
  cycle: SSH,
  verify: [...SSH, ...OPENSTACK],
  'ensure-cluster-template': [...SSH, ...OPENSTACK],
  'ensure-cluster': [...SSH, ...OPENSTACK],
  'poll-cluster': [...SSH, ...OPENSTACK],
  report: [],
};

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

test('every function is in the table of who may read what', () => {
  const tasks = [...stack.functions.keys()].map((id) => String(stack.resources[id]?.Properties['Description']));
  expect(tasks.map((description) => description.replace('magnum-ha: ', '')).sort()).toEqual(
    Object.keys(MAY_READ).sort(),
  );
});

describe.each(Object.entries(MAY_READ))('%s', (task, secrets) => {
  test('reads the secrets it needs and no other parameter', () => {
    const wanted = [
      ...secrets.map((name) => parameter(`/magnum-ha/golden/${name}`)),
      ...(task === 'load-site' ? ['*', parameter('/magnum-ha/sites/*')] : []),
    ];
    expect([...new Set(resourcesOf(statementsOf(task), 'ssm'))].sort()).toEqual(wanted.sort());
    for (const secret of secrets) {
      expect(allows(statementsOf(task), 'ssm:GetParameters', parameter(`/magnum-ha/golden/${secret}`))).toBe(true);
    }
  });

  test('may do nothing else but write its log and its traces', () => {
    const services = statementsOf(task).flatMap(({ actions }) => actions.map((action) => action.split(':')[0]));
    expect([...new Set(services)].filter((service) => service !== 'ssm').sort()).toEqual(['logs', 'xray']);
    const everything = statementsOf(task).filter(({ resources }) => resources.includes('*'));
    expect(everything.flatMap(({ actions }) => actions).sort()).toEqual([
      ...(task === 'load-site' ? ['ssm:DescribeParameters'] : []),
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });
});

test('bootstrap reads what the parts need that a site asks for, and upgrading the schema none of it', async () => {
  const [golden] = sitesAt(['sites/golden.json']);
  if (!golden) throw new Error('the golden site is missing');
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

  test('invokes functions, keeps the lock, looks at executions, and does nothing else', () => {
    expect(actions('lambda')).toEqual(['lambda:InvokeFunction']);
    expect(actions('dynamodb').sort()).toEqual(['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem']);
    expect(actions('states')).toEqual(['states:DescribeExecution']);
    expect(actions('(?!lambda|dynamodb|states|logs|xray)[a-z]+')).toEqual([]);
  });

  test('looks at its own executions only', () => {
    expect(policy()).toContain(':execution:magnum-ha:*"');
    expect(ofType(stack, 'AWS::StepFunctions::StateMachine')[0]?.Properties['StateMachineName']).toBe('magnum-ha');
  });
});
