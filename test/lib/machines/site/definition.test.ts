import jsonata from 'jsonata';
import { REFUSALS, UNANSWERED, UNTIL_PUT } from '../../../../lib/states/retries';
import { LIMITS } from '../../../../domain/site/limits';
import { TASK_NAMES } from '../../../../domain/tasks';
import { ERRORS } from '../../../../domain/error-catalogue';
import type { MapState, StateMachine, TaskState } from '../../../../local/emulator/asl/definition';
import { functionOf } from '../../../../local/emulator/aws/integrations/lambda';
import { synthesizedStack } from '../../../synthesized';
import { allStates, assignedBefore, chains, edges, expressions, isEnd, reachable, variablesRead } from '../state-graph';

let machine: StateMachine;
beforeAll(async () => {
  ({ definition: machine } = await synthesizedStack());
}, 60_000);

const tasks = () =>
  allStates(machine).filter((one): one is typeof one & { state: TaskState } => one.state.Type === 'Task');
const retriersAndCatchers = () =>
  allStates(machine).flatMap(({ name, state }) =>
    'Catch' in state || 'Retry' in state
      ? [state.Retry ?? [], state.Catch ?? []].map((list) => ({
          name,
          list: list.map(({ ErrorEquals }) => ErrorEquals),
        }))
      : [],
  );

describe('the definition', () => {
  test('reaches every state', () => {
    for (const { chain } of chains(machine)) {
      expect([...reachable(chain, chain.StartAt)].sort()).toEqual(Object.keys(chain.States).sort());
    }
  });

  test('calls only what exists', () => {
    expect([...new Set(tasks().map(({ state }) => state.Resource))].sort()).toEqual([
      'arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken',
      'arn:aws:states:::aws-sdk:sfn:describeExecution',
      'arn:aws:states:::dynamodb:deleteItem',
      'arn:aws:states:::dynamodb:getItem',
      'arn:aws:states:::dynamodb:putItem',
      'arn:aws:states:::dynamodb:updateItem',
      'arn:aws:states:::events:putEvents',
      'arn:aws:states:::lambda:invoke',
      'arn:aws:states:::sns:publish',
      'arn:aws:states:::states:startExecution',
    ]);
  });

  test('times every task out, later than its function, and no sooner than a heartbeat', async () => {
    const { functions } = await synthesizedStack();
    expect(machine.States['Await approval']).toMatchObject({ TimeoutSeconds: '{% $outline.approvalMinutes * 60 %}' });
    for (const { name, state } of tasks().filter((one) => one.name !== 'Await approval')) {
      const { FunctionName = '' } = state.Arguments as { FunctionName?: string };
      const least = Math.max(
        functions.get(functionOf(FunctionName).name)?.timeoutSeconds ?? 0,
        Number(state.HeartbeatSeconds ?? 0),
      );
      expect([name, Number(state.TimeoutSeconds) > least]).toEqual([name, true]);
    }
  });

  test('names States.ALL alone and last, and no error that cannot happen', () => {
    const ours = new Set<string>(ERRORS.map(([name]) => name));
    for (const { name, list } of retriersAndCatchers()) {
      const misplaced = list.filter(
        (errors, index) => errors.includes('States.ALL') && (errors.length > 1 || index < list.length - 1),
      );
      const unknown = list.flat().filter((error) => !SERVICE_ERRORS.has(error) && !ours.has(error));
      expect({ name, misplaced, unknown }).toEqual({ name, misplaced: [], unknown: [] });
    }
  });

  test('says how each function is tried again: long if AWS refused it, soon while HAProxy is down, twice after what passes, what brings HAProxy back after anything', () => {
    const invocations = tasks().filter(({ state }) => state.Resource.endsWith('lambda:invoke'));
    expect(invocations.length).toBeGreaterThan(TASK_NAMES.length);
    for (const { name, state } of invocations) {
      const long = { BackoffRate: 2, MaxDelaySeconds: 30, JitterStrategy: 'FULL' };
      const soon = { ErrorEquals: [...REFUSALS, ...UNANSWERED], MaxAttempts: 20, MaxDelaySeconds: 5 };
      const refused = { ErrorEquals: REFUSALS, MaxAttempts: 20, ...long };
      const transient = { MaxAttempts: 2, IntervalSeconds: 2, BackoffRate: 2 };
      const retriers = () => {
        if (/^Enable HAProxy|^Start HAProxy again$/.test(name)) {
          return [{ ErrorEquals: ['States.ALL'], MaxAttempts: 26, MaxDelaySeconds: 15 }];
        }
        if (name === 'Roll back files') {
          return [{ ErrorEquals: ['States.ALL'], MaxAttempts: 20, MaxDelaySeconds: 10 }];
        }
        if (name === 'Look at HAProxy') return [soon, { ErrorEquals: ['States.ALL'], MaxAttempts: 5 }];
        // What fails is looked at in detail.
        if (name === 'Look at site') return [refused];
        if (/^(Disable|Poll) HAProxy/.test(name)) return [soon, transient];
        return [refused, { ErrorEquals: UNANSWERED, MaxAttempts: 12, ...long }, transient];
      };
      expect({ name, retriers: state.Retry }).toMatchObject({ name, retriers: retriers() });
      expect(state.Retry).toHaveLength(retriers().length);
    }
  });

  test('catches whatever goes wrong in every task, or in the Map around it', () => {
    const catchesAll = ({ Catch = [] }: Pick<TaskState | MapState, 'Catch'>) =>
      Catch.at(-1)?.ErrorEquals.includes('States.ALL') === true;
    for (const { name, state, inside } of tasks()) {
      const around = inside === undefined ? undefined : (machine.States[inside] as MapState);
      expect([name, catchesAll(state) || (around !== undefined && catchesAll(around))]).toEqual([name, true]);
    }
  });
});

describe('the lock', () => {
  test('is released on every way from the moment it is taken to an end', () => {
    const ends = (start: string) =>
      [...reachable(machine, start, ['Anything under way?', 'Release site lock for approval'])].filter((name) =>
        isEnd(machine.States[name] ?? never()),
      );
    expect(machine.States['Take site lock']).toMatchObject({ Next: 'Apply?' });
    expect(machine.States['Take over site lock']).toMatchObject({ Next: 'Apply?' });
    expect(ends('Preflight')).toEqual([]);
    // Before that, only a check that is skipped ends without it.
    expect(ends('Take site lock')).toEqual(['Check skipped']);
    // For approval it is released once more, and taken again.
    expect(edges(machine.States['Await approval'] ?? never()).map(({ to }) => to)).toEqual([
      'Take site lock',
      'Failed how?',
      'Failed how?',
    ]);
    // A lock that is kept is taken over, and that of another execution is not touched.
    expect(edges(machine.States['Anything under way?'] ?? never()).map(({ to }) => to)).toEqual([
      'Anything failed?',
      'Anything failed?',
      'Release site lock',
    ]);
  });

  test('is released before the execution succeeds or fails, whether releasing works or not', () => {
    expect(edges(machine.States['Release site lock'] ?? never()).map(({ to }) => to)).toEqual([
      'Anything failed?',
      'Anything failed?',
    ]);
  });

  test('lasts as long as an execution can, and its last function after it, by any clock', async () => {
    const { functions } = await synthesizedStack();
    // Those of its tasks: other machines have functions of their own.
    const own = [...functions].filter(([name]) => name.startsWith('Functions'));
    const longest = Math.max(...own.map(([, { timeoutSeconds }]) => timeoutSeconds));
    const { Item } = (machine.States['Take site lock'] as TaskState).Arguments as {
      Item: { expiresAt: { N: string } };
    };
    expect(Item.expiresAt.N).toContain(`(${((machine.TimeoutSeconds ?? 0) + longest + 180 + 300) * 1000})`);
  });
});

describe('HAProxy', () => {
  test('is enabled on every way from the moment it is disabled to an end', () => {
    const without = reachable(machine, 'Disable HAProxy', ['Enable HAProxy']);
    expect([...without].sort()).toEqual([
      'Disable HAProxy',
      'HAProxy stopped?',
      'Poll HAProxy stopped',
      'Wait for HAProxy to stop',
    ]);
    expect([...without].filter((name) => isEnd(machine.States[name] ?? never()))).toEqual([]);
  });

  test('is cycled before the execution can be ended by its time limit', () => {
    // Every state once, each task tried as often as its Retry says and timed out each time, and every deadline.
    const repetitions: Record<string, number> = {
      'Restart services': LIMITS.controllers,
      'Ensure cluster templates': LIMITS.clusterTemplates,
      // Once more after another execution's last task.
      'Look at HAProxy': 2,
      'Enable HAProxy again': 2,
      'Poll HAProxy serving again': 2,
    };
    const worst = tasks().reduce(
      (sum, { name, state, inside }) =>
        sum + (name === 'Await approval' ? 0 : worstCase(state)) * (repetitions[inside ?? name] ?? 1),
      0,
    );
    const deadlines = (LIMITS.deadlineMinutes + LIMITS.approvalMinutes) * 60 + 5 * LIMITS.haproxySeconds + 180;
    expect(machine.TimeoutSeconds).toBeGreaterThan(worst + deadlines);
  });
});

describe('expressions', () => {
  const all = () =>
    allStates(machine).flatMap(({ name, state }) =>
      expressions(state).map(({ place, source }) => ({ name, place: `${name}${place}`, source })),
    );

  test('are JSONata', () => {
    expect(all().length).toBeGreaterThan(100);
    for (const { source } of all()) expect(() => jsonata(source)).not.toThrow();
  });

  test('read only variables that are set on every way to them', () => {
    for (const { chain, inside } of chains(machine)) {
      const given = inside === undefined ? [] : [...(assignedBefore(machine, []).get(inside) ?? [])];
      const before = assignedBefore(chain, given);
      for (const [name, state] of Object.entries(chain.States)) {
        const read = expressions(state).flatMap(({ source }) => variablesRead(source));
        expect([name, read.filter((one) => before.get(name)?.has(one) !== true)]).toEqual([name, []]);
      }
    }
  });

  test('inside a Map set no variable of the workflow', () => {
    const outer = new Set(allStates(machine).flatMap(({ state, inside }) => (inside ? [] : names(state))));
    const inner = allStates(machine).flatMap(({ state, inside }) => (inside ? names(state) : []));
    expect(inner).toContain('clusterDeadline');
    expect(inner.filter((name) => outer.has(name))).toEqual([]);
  });

  test('if nothing catches, between Disable HAProxy and the end, take any value', async () => {
    const unknown = {
      ...START,
      leftDisabled: false,
      haproxyDisabled: false,
      failure: null,
      cycle: null,
      stopDeadline: null,
      startDeadline: null,
      verification: null,
    };
    const places = all().filter(
      ({ name, place }) =>
        (machine.States[name]?.Type === 'Choice' && /HAProxy|Healthy|failed/.test(name)) || /\/Catch\//.test(place),
    );
    expect(places.length).toBeGreaterThan(20);
    for (const { place, source } of places) {
      for (const errorOutput of [{ Error: 'States.Timeout' }, { Error: 'X', Cause: '{"errorType":' }]) {
        const states = { input: {}, errorOutput, context: START.states.context };
        expect([place, await evaluate(source, { ...unknown, states })]).not.toEqual([place, undefined]);
      }
    }
  });

  test('of the cause do without one', async () => {
    const { Cause = '' } = machine.States['Failed'] as { Cause?: string };
    const failure = { Error: 'States.Timeout', State: 'Preflight' };

    expect(await evaluate(Cause.slice(2, -2), { failure })).toBe('No cause was given in state Preflight');
  });

  test('of the wait between polls keep the history below half of its limit', async () => {
    const { Seconds } = chains(machine)
      .flatMap(({ chain }) => Object.entries(chain.States))
      .find(([name]) => name === 'Wait for cluster')?.[1] as { Seconds: string };
    for (const [clusters, deadlineMinutes] of [
      [1, 75],
      [9, 75],
      [40, 75],
      [3, 600],
    ] as const) {
      const outline = { clusters: Array.from({ length: clusters }, () => ({ deadlineMinutes })) };
      const seconds = Number(await evaluate(Seconds.slice(2, -2), { outline, wanted: { deadlineMinutes } }));
      expect((clusters * deadlineMinutes * 60 * 9) / seconds).toBeLessThan(25_000 / 2 - 2500);
      expect(seconds).toBeGreaterThanOrEqual(15);
    }
  });
});

const START = {
  site: {
    name: 'golden',
    haproxy: { resource: 'p_haproxy', stopTimeoutSeconds: 120, startTimeoutSeconds: 180, deadManSeconds: 180 },
  },
  states: { context: { State: { Name: 'HAProxy stopped?', EnteredTime: '2026-01-01T00:00:00.000Z' } } },
};

const SERVICE_ERRORS = new Set([
  'States.Timeout',
  'States.ALL',
  ...REFUSALS,
  ...UNANSWERED,
  // The optimized integration's prefix; that of aws-sdk:dynamodb is DynamoDb.
  'DynamoDB.ConditionalCheckFailedException',
  ...(UNTIL_PUT.errors ?? []),
  'Sfn.ExecutionDoesNotExistException',
]);

/** Seconds until a task has failed for good, each attempt timed out or refused. */
function worstCase({ TimeoutSeconds, Retry = [] }: TaskState): number {
  const attempts = Retry.flatMap((retrier) =>
    Array.from(
      { length: retrier.MaxAttempts ?? 3 },
      (_, index) =>
        (retrier.ErrorEquals.every((error) => REFUSALS.includes(error)) ? 0 : Number(TimeoutSeconds)) +
        Math.min(
          (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** index,
          retrier.MaxDelaySeconds ?? Infinity,
        ),
    ),
  );
  return attempts.reduce((sum, seconds) => sum + seconds, Number(TimeoutSeconds));
}

function names(state: object): string[] {
  interface Assigning {
    Assign?: object;
  }
  const { Assign, Catch, Choices } = state as Assigning & { Catch?: Assigning[]; Choices?: Assigning[] };
  return [Assign, ...[...(Catch ?? []), ...(Choices ?? [])].map((one) => one.Assign)].flatMap((one) =>
    Object.keys(one ?? {}),
  );
}

/** As Step Functions does, which adds $parse to JSONata. */
function evaluate(source: string, variables: Record<string, unknown>): Promise<unknown> {
  return jsonata(source).evaluate(undefined, {
    ...variables,
    parse: (text: string) => JSON.parse(text) as unknown,
  }) as Promise<unknown>;
}

function never(): never {
  throw new Error('the state is missing');
}
