import { startVirtual, type VirtualLocal } from '../../local/deploy';
import { document } from '../workflow/local';
import { magnumHa, serve } from './cli';

// On virtual time, which passes only while it is driven: skipped time would not stop before the approval has timed out.
let local: VirtualLocal;
let unserve: () => void;

beforeAll(async () => {
  local = await startVirtual({ ...document('golden'), approval: 'required' });
  unserve = await serve(local);
});
afterAll(async () => {
  await local.settled();
  unserve();
  await local.close();
});
afterEach(() => {
  process.env['AWS_ACCESS_KEY_ID'] = 'operator';
});

/** Runs the command line with somebody's credentials. */
function as(user: string, ...args: string[]) {
  process.env['AWS_ACCESS_KEY_ID'] = user;
  return magnumHa(args);
}

/** Starts an apply as ada, and waits until it waits for approval. @returns its name, and how it ends */
async function startAndWait() {
  const { out } = await as('ada', 'start', 'golden', '--mode', 'apply', '--json');
  const { executionArn } = JSON.parse(out) as { executionArn: string };
  const { clock, deployment } = local;
  const { stepFunctions } = deployment;
  const token = () => /"token":\{"S":"([^"]+)"/.exec(JSON.stringify(events()).replaceAll('\\', ''))?.[1];
  const events = () => stepFunctions.getExecutionHistory(executionArn);
  const until = async (holds: () => boolean) => {
    while (!holds()) await clock.sleep(100);
  };
  await clock.drive(until(() => token() !== undefined));
  const ended = async () => {
    await clock.drive(until(() => stepFunctions.describeExecution(executionArn).status !== 'RUNNING'));
    return stepFunctions.describeExecution(executionArn);
  };
  return { name: executionArn.split(':').at(-1) ?? '', token: token() ?? '', ended };
}

test('shows every difference, what goes down and the digest, never the token; somebody else approves exactly that', async () => {
  const { name, token, ended } = await startAndWait();

  const shown = await as('bob', 'approve', name);
  const digest = /^Plan ([\da-f]{64})$/m.exec(shown.out)?.[1] ?? '';
  const own = await as('ada', 'approve', name, '--reason', 'it is mine');
  const other = await as('bob', 'approve', name, '--reason', 'CHG-4711', '--plan', '000000000000');
  const approved = await as('bob', 'approve', name, '--reason', 'CHG-4711', '--plan', digest.slice(0, 12));

  expect(shown.code).toBe(0);
  expect(shown.out).toMatch(/started by arn:aws:iam::\d+:user\/ada, waits for approval until/);
  expect(shown.out).toMatch(/\nnode-1 \/etc\/magnum\/magnum\.conf:\n {2}\S/);
  expect(shown.out).toMatch(/\nDown with HAProxy:\nvip__management\n/);
  expect([own.code, own.err]).toEqual([64, expect.stringContaining('user/ada started this apply')]);
  expect([other.code, other.err]).toEqual([64, expect.stringContaining('not 000000000000')]);
  expect(approved.out).toMatch(/^Approved plan [\da-f]{12} as arn:aws:iam::\d+:user\/bob\.\n$/);
  const { status, output } = await ended();
  expect(status).toBe('SUCCEEDED');
  expect(JSON.parse(output ?? '')).toMatchObject({
    outcome: 'changed',
    authorization: { digest, approval: { reason: 'CHG-4711', approver: expect.stringContaining('bob') as string } },
  });
  const told = [shown, own, other, approved].flatMap(({ out, err }) => [out, err]);
  expect([...told, output, JSON.stringify(local.deployment.topics.messages)].join()).not.toContain(token);
});

test('is refused where nothing waits', async () => {
  const { deployment } = local;
  const [last] = deployment.listExecutions({ machine: 'magnum-ha' }, 'SUCCEEDED');

  const { code, err } = await as('bob', 'approve', last?.name ?? '');

  expect(code).toBe(64);
  expect(err).toContain('does not wait for an approval');
});

test('reject ends it with the reason', async () => {
  for (const { files } of local.site.controllers.values()) files.files.delete('/etc/haproxy/conf.d/180-magnum.cfg');
  const { name, ended } = await startAndWait();

  const long = await as('bob', 'reject', name, '--reason', 'x'.repeat(201));
  const rejected = await as('bob', 'reject', name, '--reason', 'not on a Friday');

  expect([long.code, rejected.code]).toEqual([64, 0]);
  expect(await ended()).toMatchObject({
    status: 'FAILED',
    error: 'ApprovalRejected',
    cause: expect.stringMatching(/user\/bob rejected the apply: not on a Friday\. Nothing of it was done\.$/) as string,
  });
});
