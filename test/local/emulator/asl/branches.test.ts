import { StatesError, type Integration } from '../../../../local/emulator/asl';
import { virtualClock } from '../../../../local/virtual-clock';
import { count, LAMBDA, machine, run, sequence, START } from './run';

const chain = (states: Record<string, object>) => ({ StartAt: Object.keys(states)[0], States: states });
const each = (states: Record<string, object>, rest: object = {}) => ({
  Type: 'Map',
  ItemProcessor: chain(states),
  End: true,
  ...rest,
});
const Show = (Output: unknown) => ({ Type: 'Pass', Output, End: true });
const Break = { Type: 'Fail', Error: 'Broken', Cause: 'by intent' };

describe('Map', () => {
  it.each([
    [1, 1],
    [2, 2],
    [0, 5],
  ])(
    'with MaxConcurrency %d runs %d of 5 iterations at a time, and keeps the order of items',
    async (limit, expected) => {
      const clock = virtualClock(START);
      let running = 0;
      let most = 0;
      const integration: Integration = async (args) => {
        most = Math.max(most, ++running);
        await clock.sleep(1000 * (args as number));
        running--;
        return args;
      };
      const call = { Type: 'Task', Resource: LAMBDA, Arguments: '{% $states.input %}', End: true };
      const definition = machine({ Each: each({ Call: call }, { Items: [5, 4, 3, 2, 1], MaxConcurrency: limit }) });

      const { output } = await run(definition, { clock, integrations: { [LAMBDA]: integration } });

      expect([most, output]).toEqual([expected, [5, 4, 3, 2, 1]]);
    },
  );

  it('starts all iterations that it may before any of them enters a state', async () => {
    const { events } = await run(machine({ Each: each({ Keep: { Type: 'Pass', End: true } }, { Items: [1, 2] }) }));

    expect(sequence(events)).toEqual([
      '1<0 ExecutionStarted',
      '2<0 MapStateEntered',
      '3<2 MapStateStarted',
      '4<3 MapIterationStarted',
      '5<3 MapIterationStarted',
      '6<4 PassStateEntered',
      '7<6 PassStateExited',
      '8<5 PassStateEntered',
      '9<8 PassStateExited',
      '10<7 MapIterationSucceeded',
      '11<9 MapIterationSucceeded',
      '12<11 MapStateSucceeded',
      '13<11 MapStateExited',
      '14<13 ExecutionSucceeded',
    ]);
  });

  it('gives each iteration its item and index, in ItemSelector and inside', async () => {
    const definition = machine({
      Each: each(
        { Show: Show('{% [$states.input.n, $states.context.Map.Item.Index] %}') },
        { Items: ['a', 'b'], ItemSelector: { n: '{% $states.context.Map.Item.Value & $states.input.suffix %}' } },
      ),
    });

    const { output } = await run(definition, { input: { suffix: '!' } });

    expect(output).toEqual([
      ['a!', 0],
      ['b!', 1],
    ]);
  });

  it('lets iterations read outer variables and keeps theirs to themselves', async () => {
    const definition = machine({
      Outer: { Type: 'Pass', Assign: { outer: 10 }, Next: 'Each' },
      Each: each(
        {
          Inner: { Type: 'Pass', Assign: { inner: '{% $outer + $states.input %}' }, Next: 'Use' },
          Use: Show('{% $inner %}'),
        },
        { Items: [1, 2], Assign: { total: '{% $sum($states.result) %}' }, Next: 'After', End: undefined },
      ),
      After: Show('{% [$total, $exists($inner)] %}'),
    });

    const { output } = await run(JSON.parse(JSON.stringify(definition)) as object);

    expect(output).toEqual([23, false]);
  });

  // AWS recorded this of the same state machine in JSONPath: test_map_state_retry.
  it('starts again from MapStateStarted on a retry, and fails when no attempt is left', async () => {
    const Retry = [{ ErrorEquals: ['Broken'], MaxAttempts: 1 }];

    const { events, error, cause } = await run(machine({ Each: each({ Break }, { Items: [1], Retry }) }));

    expect([error, cause]).toEqual(['Broken', 'by intent']);
    expect(sequence(events).slice(1)).toEqual([
      '2<0 MapStateEntered',
      '3<2 MapStateStarted',
      '4<3 MapIterationStarted',
      '5<4 FailStateEntered',
      '6<5 MapIterationFailed',
      '7<5 MapStateStarted',
      '8<7 MapIterationStarted',
      '9<8 FailStateEntered',
      '10<9 MapIterationFailed',
      '11<9 MapStateFailed',
      '12<11 ExecutionFailed',
    ]);
  });

  it('stops the other iterations at the first failure', async () => {
    const clock = virtualClock(START);
    const integration: Integration = async (args, { signal }) => {
      await clock.sleep(1000 * (args as number), signal);
      throw new StatesError('Broken');
    };
    const call = { Type: 'Task', Resource: LAMBDA, Arguments: '{% $states.input %}', End: true };
    const definition = machine({ Each: each({ Call: call }, { Items: [3, 1, 2], MaxConcurrency: 2 }) });

    const { events, stopDate } = await run(definition, { clock, integrations: { [LAMBDA]: integration } });

    expect(stopDate).toEqual(new Date('2030-01-01T00:00:01Z'));
    expect(sequence(events).slice(-6)).toEqual([
      '12<11 TaskFailed',
      '13<12 MapIterationFailed',
      '14<12 TaskStateAborted',
      '15<12 MapIterationAborted',
      '16<12 MapStateFailed',
      '17<16 ExecutionFailed',
    ]);
    expect(count(events, 'MapIterationStarted')).toBe(2);
    expect(clock.pending).toBe(0);
  });

  it('ends the execution at States.Runtime, whatever is caught around', async () => {
    const choose = { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'Choose' }] };
    const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Each' }];

    const { error, events } = await run(machine({ Each: each({ Choose: choose }, { Items: [1, 2], Catch }) }));

    expect(error).toBe('States.Runtime');
    expect(count(events, 'MapStateFailed')).toBe(0);
    expect(events.at(-1)?.type).toBe('ExecutionFailed');
  });
});

describe('Parallel', () => {
  it('gives all branches the same arguments and the outputs in their order', async () => {
    const definition = machine({
      Both: {
        Type: 'Parallel',
        Arguments: { n: '{% $states.input.n + 1 %}' },
        Branches: [
          chain({ Slow: { Type: 'Wait', Seconds: 9, Next: 'One' }, One: Show('{% $states.input.n %}') }),
          chain({ Two: Show('{% $states.input.n * 2 %}') }),
        ],
        End: true,
      },
    });

    const { output, events } = await run(definition, { input: { n: 1 } });

    expect(output).toEqual([2, 4]);
    expect(sequence(events)).toEqual([
      '1<0 ExecutionStarted',
      '2<0 ParallelStateEntered',
      '3<2 ParallelStateStarted',
      '4<3 WaitStateEntered',
      '5<3 PassStateEntered',
      '6<5 PassStateExited',
      '7<4 WaitStateExited',
      '8<7 PassStateEntered',
      '9<8 PassStateExited',
      '10<9 ParallelStateSucceeded',
      '11<9 ParallelStateExited',
      '12<11 ExecutionSucceeded',
    ]);
  });

  // AWS recorded the events of the failing branch: test_parallel_state_catch.
  it('stops the other branches at the first failure, which it can catch', async () => {
    const definition = machine({
      Both: {
        Type: 'Parallel',
        Branches: [
          chain({ Slow: { Type: 'Wait', Seconds: 9, Next: 'Never' }, Never: Show(1) }),
          chain({ Soon: { Type: 'Wait', Seconds: 1, Next: 'Break' }, Break }),
        ],
        Catch: [{ ErrorEquals: ['Broken'], Next: 'Done' }],
        End: true,
      },
      Done: { Type: 'Succeed' },
    });

    const { output, events } = await run(definition);

    expect(output).toEqual({ Error: 'Broken', Cause: 'by intent' });
    expect(sequence(events).slice(3, 10)).toEqual([
      '4<3 WaitStateEntered',
      '5<3 WaitStateEntered',
      '6<5 WaitStateExited',
      '7<6 FailStateEntered',
      '8<7 WaitStateAborted',
      '9<7 ParallelStateFailed',
      '10<9 ParallelStateExited',
    ]);
  });
});
