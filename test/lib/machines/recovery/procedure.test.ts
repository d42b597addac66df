import { StatesError } from '../../../../local/emulator/asl';
import type { StateMachine } from '../../../../local/emulator/asl/definition';
import { matchesPattern } from '../../../../local/emulator/aws/event-pattern';
import { allows } from '../../../../local/emulator/aws/iam';
import { virtualClock } from '../../../../local/virtual-clock';
import { run, START } from '../../../local/emulator/asl/run';
import { type Synthesized, synthesizedStack } from '../../../synthesized';

// The synthesized machine in virtual time; the recoveries that it starts are scripted.

const DEAD = 'arn:aws:states:us-east-1:123456789012:execution:magnum-ha:dead';
const HOUR = 3600;

let stack: Synthesized;
beforeAll(async () => {
  stack = await synthesizedStack();
}, 120_000);

const recoveryOf = ({ machines }: Synthesized) => {
  const machine = machines.get('magnum-ha-recovery');
  if (!machine) throw new Error('the machine is missing');
  return machine;
};

/** As Step Functions tells of an execution that was waited for. */
const failed = (Error: string) => {
  throw new StatesError('States.TaskFailed', JSON.stringify({ Cause: 'it says so', Error, Status: 'FAILED' }));
};

async function follow(input: unknown, attempt: (number: number) => unknown = () => ({ outcome: 'changed' })) {
  const started: unknown[] = [];
  const result = await run(recoveryOf(stack).definition, {
    clock: virtualClock(START),
    input: { detail: { executionArn: DEAD, status: 'ABORTED', input: JSON.stringify(input) } },
    integrations: {
      'arn:aws:states:::states:startExecution.sync:2': (args) => {
        started.push((args as { Input: unknown }).Input);
        return Promise.resolve().then(() => ({ Output: attempt(started.length) }));
      },
    },
  });
  return { ...result, started, seconds: (result.stopDate.getTime() - result.startDate.getTime()) / 1000 };
}

test('the definition lasts longer than all that it tries', () => {
  const definition = recoveryOf(stack).definition as StateMachine;

  expect(definition.TimeoutSeconds).toBeGreaterThanOrEqual((12 + 2) * HOUR);
});

test.each(['FAILED', 'ABORTED', 'TIMED_OUT', 'SUCCEEDED', 'RUNNING'])(
  'the rule takes the site machine where it did not come to its end: %s',
  (status) => {
    const rule = stack.rules.find(({ targets }) => targets.some(({ Arn }) => Arn === recoveryOf(stack).arn));
    const { arn } = stack.machines.get('magnum-ha') ?? {};
    const event = (stateMachineArn?: string) => ({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: { stateMachineArn, status },
    });

    expect(rule?.targets.map(({ Arn }) => Arn)).toEqual([recoveryOf(stack).arn]);
    expect(matchesPattern(rule?.pattern ?? {}, event(arn))).toBe(!['SUCCEEDED', 'RUNNING'].includes(status));
    expect(matchesPattern(rule?.pattern ?? {}, event(recoveryOf(stack).arn))).toBe(false);
  },
);

test('it may start the site machine and wait for it, and nothing else', () => {
  const { statements } = recoveryOf(stack);
  const site = stack.machines.get('magnum-ha')?.arn ?? '';

  expect(allows(statements, 'states:StartExecution', site)).toBe(true);
  expect(allows(statements, 'states:StartExecution', recoveryOf(stack).arn)).toBe(false);
  const services = statements.flatMap(({ actions }) => actions.map((action) => action.split(':')[0]));
  expect([...new Set(services)].sort()).toEqual(['events', 'logs', 'states', 'xray']);
});

test('an apply is followed by the site machine in mode recover, whose output it has', async () => {
  const { status, output, started } = await follow({ site: 'golden', mode: 'apply' });

  expect([status, started]).toEqual(['SUCCEEDED', [{ site: 'golden', mode: 'recover' }]]);
  expect(output).toEqual({ site: 'golden', after: DEAD, recovery: { outcome: 'changed' } });
});

test.each([
  { site: 'golden', mode: 'check' },
  { site: 'golden', mode: 'recover' },
  { mode: 'apply' },
  {},
  [],
  'apply',
  null,
])('nothing follows %j', async (input) => {
  const { status, started } = await follow(input);

  expect([status, started]).toEqual(['SUCCEEDED', []]);
});

test('it is tried again, soon at first, until it succeeds', async () => {
  const { status, started, seconds } = await follow({ site: 'golden', mode: 'apply' }, (number) =>
    number < 4 ? failed('BastionUnreachable') : {},
  );

  expect([status, started.length, seconds]).toEqual(['SUCCEEDED', 4, 5 + 10 + 20]);
});

test('after hours it gives up, and says so', async () => {
  const { status, error, cause, started, seconds } = await follow({ site: 'golden', mode: 'apply' }, () =>
    failed('BastionUnreachable'),
  );

  expect([status, error]).toEqual(['FAILED', 'NotRecovered']);
  expect(cause).toContain(`Site golden could not be recovered after ${DEAD}, in ${started.length} attempts.`);
  expect(cause).toContain('BastionUnreachable');
  expect([started.length > 140, seconds > 12 * HOUR, seconds < 12.2 * HOUR]).toEqual([true, true, true]);
});

test('a site on which another execution works is left to that', async () => {
  const { status, output, started } = await follow({ site: 'golden', mode: 'apply' }, () => failed('SiteLocked'));

  expect([status, started.length]).toEqual(['SUCCEEDED', 1]);
  expect(output).toMatchObject({
    site: 'golden',
    after: DEAD,
    reason: expect.stringContaining('SiteLocked') as string,
  });
});

test.each(['SiteUnknown', 'BadValue', 'SecretMissing'])('what only people can mend is tried once: %s', async (name) => {
  const { error, started } = await follow({ site: 'golden', mode: 'apply' }, () => failed(name));

  expect([error, started.length]).toEqual(['NotRecovered', 1]);
});

test('what fails without a word is tried again, too', async () => {
  const { status, started } = await follow({ site: 'golden', mode: 'apply' }, (number) => {
    if (number > 1) return {};
    throw new StatesError('States.Timeout', '');
  });

  expect([status, started.length]).toEqual(['SUCCEEDED', 2]);
});
