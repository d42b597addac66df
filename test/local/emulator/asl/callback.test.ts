import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { type Integration, StatesError, TaskTokens } from '../../../../local/emulator/asl';
import { virtualClock } from '../../../../local/virtual-clock';
import { constant, LAMBDA, machine, run, secondsOf, sequence, START } from './run';

const Resource = `${LAMBDA}.waitForTaskToken`;
const wait = (rest: object = {}) => ({
  Type: 'Task',
  Resource,
  Arguments: { Payload: { token: '{% $states.context.Task.Token %}' } },
  End: true,
  ...rest,
});

/** Runs a task that waits for a token, and answers when the integration was called. */
async function waiting(
  states: Record<string, object>,
  answer: (token: string, tokens: TaskTokens, seconds: (s: number) => Promise<void>) => Promise<void>,
) {
  const clock = virtualClock(START);
  const bytes = [1, 2, 3, 4, 5].map((byte) => Buffer.alloc(48, byte));
  const tokens = new TaskTokens(clock, { ...constant(0.5), bytes: () => bytes.shift() ?? Buffer.alloc(48) });
  const seen: string[] = [];
  const integration: Integration = (args) => {
    const { token } = (args as { Payload: { token: string } }).Payload;
    seen.push(token);
    void answer(token, tokens, (s) => clock.sleep(s * 1000));
    return Promise.resolve({ StatusCode: 200 });
  };
  const result = await run(machine(states), { clock, tokens, integrations: { [LAMBDA]: integration } });
  return { ...result, seen, tokens, pending: clock.pending };
}

const details = (events: HistoryEvent[], type: string) =>
  events.filter((event) => event.type === type).map((event) => Object.values(event).at(-1) as object);

// AWS recorded the events of all of these, of sqs:sendMessage: test_callback.py, test_heartbeats.py.
describe('a task with a token', () => {
  it('is submitted when its call is answered, and over when somebody sends its success', async () => {
    const { events, output, seen } = await waiting({ Wait: wait() }, async (token, tokens, seconds) => {
      await seconds(86_400);
      tokens.sendTaskSuccess(token, '{"approved":true}');
    });

    expect(output).toEqual({ approved: true });
    expect(sequence(events)).toEqual([
      '1<0 ExecutionStarted',
      '2<0 TaskStateEntered',
      '3<2 TaskScheduled',
      '4<3 TaskStarted',
      '5<4 TaskSubmitted',
      '6<5 TaskSucceeded',
      '7<6 TaskStateExited',
      '8<7 ExecutionSucceeded',
    ]);
    expect(secondsOf(events, 'TaskSucceeded')).toEqual([86_400]);
    expect(details(events, 'TaskScheduled')).toEqual([
      {
        resourceType: 'lambda',
        resource: 'invoke.waitForTaskToken',
        region: 'eu-west-1',
        parameters: JSON.stringify({ Payload: { token: seen[0] } }),
      },
    ]);
    expect(details(events, 'TaskSubmitted')).toEqual([
      {
        resourceType: 'lambda',
        resource: 'invoke.waitForTaskToken',
        output: '{"StatusCode":200}',
        outputDetails: { truncated: false },
      },
    ]);
  });

  it('fails as somebody says who has the token', async () => {
    const { events, error, cause } = await waiting({ Wait: wait() }, async (token, tokens, seconds) => {
      await seconds(1);
      tokens.sendTaskFailure(token, 'Refused', 'Not on a Friday');
    });

    expect([error, cause]).toEqual(['Refused', 'Not on a Friday']);
    expect(details(events, 'TaskFailed')).toEqual([
      { resourceType: 'lambda', resource: 'invoke.waitForTaskToken', error: 'Refused', cause: 'Not on a Friday' },
    ]);
  });

  it('fails when its call fails, and waits no more', async () => {
    const integrations = { [LAMBDA]: () => Promise.reject(new StatesError('Broken')) };

    const { events, error } = await run(machine({ Wait: wait() }), { integrations });

    expect(error).toBe('Broken');
    expect(sequence(events).slice(4)).toEqual(['5<4 TaskFailed', '6<5 ExecutionFailed']);
  });

  it('can be answered before its call is', async () => {
    const { output } = await waiting({ Wait: wait() }, (token, tokens) => {
      tokens.sendTaskSuccess(token, '"at once"');
      return Promise.resolve();
    });

    expect(output).toBe('at once');
  });

  it('times out after TimeoutSeconds, whatever heartbeats come', async () => {
    const beating = async (token: string, tokens: TaskTokens, seconds: (s: number) => Promise<void>) => {
      for (let i = 0; i < 4; i++) {
        await seconds(8);
        tokens.sendTaskHeartbeat(token);
      }
    };

    const { events, error, pending } = await waiting(
      { Wait: wait({ TimeoutSeconds: 30, HeartbeatSeconds: 10 }) },
      (...args) => beating(...args).catch(() => undefined),
    );

    expect(error).toBe('States.Timeout');
    expect(secondsOf(events, 'TaskTimedOut')).toEqual([30]);
    expect(details(events, 'TaskScheduled')).toMatchObject([{ timeoutInSeconds: 30, heartbeatInSeconds: 10 }]);
    expect(pending).toBe(1);
  });

  it('times out when a heartbeat is missed, which the service records as States.Timeout', async () => {
    const { events, error } = await waiting(
      { Wait: wait({ HeartbeatSeconds: 10 }) },
      async (token, tokens, seconds) => {
        await seconds(9);
        tokens.sendTaskHeartbeat(token);
        await seconds(60);
      },
    );

    expect(error).toBe('States.Timeout');
    expect(secondsOf(events, 'TaskTimedOut')).toEqual([19]);
  });

  it.each([
    ['States.HeartbeatTimeout', { HeartbeatSeconds: 10 }, true],
    ['States.Timeout', { HeartbeatSeconds: 10 }, true],
    ['States.TaskFailed', { HeartbeatSeconds: 10 }, false],
    ['States.HeartbeatTimeout', { TimeoutSeconds: 10 }, false],
  ])('%s catches what comes of %j: %s', async (name, limits, expected) => {
    const Catch = [{ ErrorEquals: [name], Next: 'Done' }];

    const { status } = await waiting({ Wait: wait({ ...limits, Catch }), Done: { Type: 'Succeed' } }, () =>
      Promise.resolve(),
    );

    expect(status === 'SUCCEEDED').toBe(expected);
  });

  it('gets another token for each attempt; that of the one before is worth nothing', async () => {
    const late: string[] = [];
    const Retry = [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1 }];

    const { output, seen } = await waiting(
      { Wait: wait({ TimeoutSeconds: 5, Retry }) },
      async (token, tokens, seconds) => {
        await seconds(6.5);
        try {
          tokens.sendTaskSuccess(token, '1');
        } catch (error) {
          late.push((error as { code: string }).code);
        }
        if (late.length === 1) tokens.sendTaskSuccess(seenLast(), '2');
      },
    );

    function seenLast(): string {
      return Buffer.alloc(48, 2).toString('base64');
    }
    expect(new Set(seen).size).toBe(2);
    expect(late[0]).toBe('TaskTimedOut');
    expect(output).toBe(2);
  });
});

describe('a token', () => {
  const tokens = () => new TaskTokens(virtualClock(), constant(0.5));

  it.each([
    [
      'success',
      (all: TaskTokens, token: string) => {
        all.sendTaskSuccess(token, '1');
      },
    ],
    [
      'failure',
      (all: TaskTokens, token: string) => {
        all.sendTaskFailure(token);
      },
    ],
    [
      'heartbeat',
      (all: TaskTokens, token: string) => {
        all.sendTaskHeartbeat(token);
      },
    ],
  ])('that nobody issued is refused: %s', (_, send) => {
    expect(() => {
      send(tokens(), 'NoSuchToken');
    }).toThrow(expect.objectContaining({ code: 'InvalidToken', message: "Invalid Token: 'Invalid token'" }) as Error);
  });

  it('is answered once', () => {
    const all = tokens();
    const { token } = all.issue();
    all.sendTaskSuccess(token, '1');

    const again = () => {
      all.sendTaskFailure(token);
    };

    expect(again).toThrow(expect.objectContaining({ code: 'TaskTimedOut' }) as Error);
  });

  it('is answered with JSON only, and can be answered again then', async () => {
    const all = tokens();
    const pending = all.issue();

    const wrong = () => {
      all.sendTaskSuccess(pending.token, 'no JSON');
    };

    expect(wrong).toThrow(expect.objectContaining({ code: 'InvalidOutput' }) as Error);
    all.sendTaskSuccess(pending.token, '{}');
    await expect(pending.outcome(undefined)).resolves.toEqual({});
  });
});

it('outside such a task there is no token', async () => {
  const definition = machine({ Show: { Type: 'Pass', Output: '{% $states.context.Task.Token %}', End: true } });

  const { error } = await run(definition);

  expect(error).toBe('States.QueryEvaluationError');
});
