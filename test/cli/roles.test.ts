import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVirtual, type VirtualLocal } from '../../local/deploy';
import { synthesized } from '../../local/emulator/assembly';
import { allows } from '../../local/emulator/aws/iam';
import { REGION } from '../../local/emulator/aws/intrinsics';
import type { Template } from '../../local/emulator/aws/template';
import { document } from '../workflow/local';
import { magnumHa, type Ran, serve } from './cli';

// The verbs with AWS's own clients, as somebody who has one of the stack's policies and nothing else.
// The approver comes last: what is answered cannot be answered again.
const ROLES = ['check', 'apply', 'audit', 'approve'] as const;
type Role = (typeof ROLES)[number];

/** What verbs say to whom AWS refuses a call. */
const REFUSED = /is not authorized to perform: [a-z0-9]+:[A-Za-z]+ on/;

let template: Template;
let folder: string;
beforeAll(async () => {
  template = await synthesized();
  folder = mkdtempSync(join(tmpdir(), 'magnum-ha-roles-'));
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A policy of the stack; of everybody else nothing is asked. */
function may(role: string, action: string, resource: string): boolean {
  const statements = template.policies.get(`magnum-ha-${REGION}-${role}`);
  return statements === undefined || allows(statements, action, resource);
}

async function as(role: string, ...args: string[]): Promise<Ran> {
  process.env['AWS_ACCESS_KEY_ID'] = role;
  return magnumHa(args, { stdin: 'hunter2-5f0c' });
}

/** Who a verb lets do what it is for. */
async function allowed(args: readonly string[]): Promise<Role[]> {
  const found: Role[] = [];
  for (const role of ROLES) {
    const { code, err } = await as(role, ...args);
    if (REFUSED.test(err)) expect(code).toBe(69);
    else found.push(role);
  }
  return found;
}

describe('a verb is for', () => {
  let local: VirtualLocal;
  let unserve: () => void;
  let execution: string;
  let file: string;

  beforeAll(async () => {
    local = await startVirtual(document('golden'), { start: Date.now(), unattended: true });
    unserve = await serve(local, may);
    await as('somebody', 'start', 'golden', '--follow');
    await local.deployment.start('magnum-ha-fleet', { input: { sites: 'none*' } }).result;
    await local.settled();
    const [check] = local.deployment.listExecutions({ machine: 'magnum-ha' });
    execution = check?.name ?? '';
    file = join(folder, 'own.json');
    const golden = readFileSync(join(__dirname, '../../sites/golden.json'), 'utf8');
    writeFileSync(file, golden.replace('"name": "golden"', '"name": "own"'));
  }, 60_000);
  afterAll(async () => {
    unserve();
    await local.close();
  });

  const EVERYBODY = [...ROLES];
  const verbs: string[] = [];
  const row = (title: string, args: () => string[], roles: readonly Role[]) => {
    verbs.push(title.split(/[ ,]/)[0] ?? '');
    return [title, args, roles] as const;
  };
  const bucketOf = (kind: string) =>
    [...local.deployment.buckets].find(({ name }) => name.startsWith(kind))?.name ?? '';
  test.each([
    row('list', () => ['list'], EVERYBODY),
    row('follow', () => ['follow', execution], EVERYBODY),
    row('fleet', () => ['fleet'], EVERYBODY),
    row('fleet --start', () => ['fleet', '--start', 'none*'], ['apply']),
    row('start', () => ['start', 'golden', '--follow'], ['check', 'apply']),
    row('start, to apply', () => ['start', 'own', '--mode', 'apply'], ['apply']),
    row('start, to recover', () => ['start', 'own', '--mode', 'recover'], ['apply']),
    row('audit', () => ['audit', execution], ['audit']),
    row('audit, of what Step Functions has forgotten', () => ['audit', 'forgotten'], ['audit']),
    row('snapshot', () => ['snapshot', execution, '--site', file, '--out', join(folder, 'snapshot.json')], ['audit']),
    row('audit --since', () => ['audit', '--since', '1d'], ['audit']),
    row('verify', () => ['verify', `s3://${bucketOf('archive')}`], ['audit']),
    row('site list', () => ['site', 'list'], ['audit']),
    row('site get', () => ['site', 'get', 'golden'], ['audit']),
    row('site history', () => ['site', 'history', 'golden'], ['audit']),
    row('site remove', () => ['site', 'remove', 'golden'], []),
    row('site put', () => ['site', 'put', file], []),
    row('secrets check', () => ['secrets', 'check', '--site', file], []),
    row('secrets put', () => ['secrets', 'put', '/magnum-ha/own/rabbit-password', '--site', file], []),
  ])('%s', async (_, args, roles) => {
    expect(await allowed(args())).toEqual(roles);
  });

  test('there is a row of each verb that asks AWS', async () => {
    const local = ['rehearse', 'validate', 'scan-keys', 'cost', 'sudoers', 'schema', 'errors', 'findings', 'help'];
    const answering = ['approve', 'reject'];

    const { out } = await magnumHa(['--help']);

    const [, commands = ''] = /\nCommands:\n([^]*?)\n\n/.exec(out) ?? [];
    const all = [...commands.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, verb]) => verb);
    expect(new Set(all)).toEqual(new Set([...verbs, ...answering, ...local]));
  });

  test('whoever may only check starts a check, whatever the input of the check machine asks for', async () => {
    const input = {
      ...{ site: 'golden', mode: 'apply', unattended: true, startedBy: 'ada' },
      AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: 'arn:aws:states:us-east-1:123456789012:execution:magnum-ha-fleet:one',
    };

    await local.deployment.start('magnum-ha-check', { name: 'mine', input }).result;

    const [started] = local.deployment.listExecutions({ machine: 'magnum-ha' });
    expect(started?.name).toBe('mine');
    expect(JSON.parse(started?.input ?? '')).toEqual({ site: 'golden', mode: 'check', startedBy: 'ada' });
  });

  test('a check without a site is refused by the site machine, which names the sites', async () => {
    const { status } = await local.deployment.start('magnum-ha-check', { name: 'nameless' }).result;

    const [started] = local.deployment.listExecutions({ machine: 'magnum-ha' });
    const ended = local.deployment.stepFunctions;
    while (ended.describeExecution(started?.executionArn ?? '').status === 'RUNNING') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(status).toBe('SUCCEEDED');
    expect(ended.describeExecution(started?.executionArn ?? '')).toMatchObject({
      name: 'nameless',
      error: 'InputInvalid',
      cause: expect.stringContaining('Known sites: golden') as string,
    });
  });
});

test('whoever approves does nothing else, and nobody else approves or rejects', async () => {
  const local = await startVirtual({ ...document('golden'), approval: 'required' });
  const unserve = await serve(local, may);
  const { clock, deployment } = local;
  const waits = async (name: string): Promise<string> => {
    const input = { site: 'golden', mode: 'apply', startedBy: 'ada' };
    const { executionArn } = deployment.start('magnum-ha', { name, input });
    const isAsked = () => deployment.getExecutionHistory(executionArn).some(({ type }) => type === 'TaskSubmitted');
    await clock.drive(
      (async () => {
        while (!isAsked()) await clock.sleep(100);
      })(),
    );
    return executionArn;
  };
  const ends = (executionArn: string) =>
    clock.drive(
      (async () => {
        while (deployment.describeExecution(executionArn).status === 'RUNNING') await clock.sleep(100);
        return deployment.describeExecution(executionArn);
      })(),
    );

  try {
    const first = await waits('first');
    const showing = await allowed(['approve', first]);
    const rejecting = await allowed(['reject', first, '--reason', 'not on a Friday']);
    const rejected = await ends(first);
    const second = await waits('second');
    const approving = await allowed(['approve', second, '--reason', 'CHG-4711']);
    const approved = await ends(second);

    expect([showing, rejecting, approving]).toEqual([[...ROLES], ['approve'], ['approve']]);
    expect([rejected.error, approved.status]).toEqual(['ApprovalRejected', 'SUCCEEDED']);
  } finally {
    await local.settled();
    unserve();
    await local.close();
  }
}, 60_000);
