import { type Handler, InProcessFunctions, InvocationFailed } from '../../../../local/emulator/aws/functions';
import { virtualClock } from '../../../../local/virtual-clock';
import { START } from './stack';

const never = new AbortController().signal;

/** Functions of which there is one, `tested`, with a time limit of 60 seconds. */
function functions(handler: Handler) {
  const clock = virtualClock(START);
  const tested = {
    name: 'tested',
    description: '',
    file: '',
    exportName: 'handler',
    environment: {},
    timeoutSeconds: 60,
  };
  const all = new InProcessFunctions(new Map([['tested', tested]]), new Map([['tested', handler]]), clock);
  const invoke = (event: unknown = {}, signal = never) => clock.drive(all.invoke('tested', event, signal));
  return { all, clock, invoke };
}

async function failureOf(invocation: Promise<unknown>) {
  const failure: unknown = await invocation.catch((error: unknown) => error);
  if (!(failure instanceof InvocationFailed)) throw new Error('the invocation did not fail');
  const payload = JSON.parse(failure.payload) as { errorType: string; errorMessage: string; trace: string[] };
  return { errorType: failure.errorType, payload };
}

test('events and results go through JSON, as between processes', async () => {
  const events: unknown[] = [];
  const { invoke } = functions((event) => {
    events.push(event);
    return Promise.resolve({ at: new Date(0), none: undefined });
  });

  const result = await invoke({ at: new Date(0), none: undefined });

  expect(events).toEqual([{ at: '1970-01-01T00:00:00.000Z' }]);
  expect(Object.keys(result as object)).toEqual(['at']);
  expect(result).toEqual({ at: '1970-01-01T00:00:00.000Z' });
});

test('a handler cannot change what the caller has', async () => {
  const event = { list: [1] };
  const { invoke } = functions((given) => {
    (given as typeof event).list.push(2);
    return Promise.resolve(given);
  });

  const result = await invoke(event);

  expect([event, result]).toEqual([{ list: [1] }, { list: [1, 2] }]);
});

test('a handler that returns nothing gives null', async () => {
  expect(await functions(() => Promise.resolve(undefined)).invoke()).toBeNull();
});

test('a thrown error has its name, its message and its stack', async () => {
  class NoQuorum extends Error {
    override readonly name = 'NoQuorum';
  }
  const { invoke } = functions(() => Promise.reject(new NoQuorum('lost')));

  const { errorType, payload } = await failureOf(invoke());

  expect(errorType).toBe('NoQuorum');
  expect(payload).toMatchObject({ errorType: 'NoQuorum', errorMessage: 'lost' });
  expect(payload.trace[1]).toMatch(/^ +at .*functions\.test\.ts/);
});

test('what is thrown at once, or is no error, fails the same way', async () => {
  const { invoke } = functions(() => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw 'just a text';
  });

  expect((await failureOf(invoke())).payload).toMatchObject({ errorType: 'Error', errorMessage: 'just a text' });
});

test('a function is given its time by the clock, and told when that is over', async () => {
  let told: AbortSignal | undefined;
  const { invoke, clock } = functions((_, { killed }) => {
    told = killed;
    return new Promise(() => undefined);
  });

  const { errorType, payload } = await failureOf(invoke());

  expect(errorType).toBe('Sandbox.Timedout');
  expect(payload.errorMessage).toBe('Task timed out after 60.00 seconds');
  expect([clock.now() - START, told?.aborted]).toEqual([60_000, true]);
});

test('one that ends in time leaves no timer', async () => {
  const { invoke, clock } = functions(() => clock.sleep(59_000));

  await invoke();

  expect([clock.now() - START, clock.pending]).toEqual([59_000, 0]);
});

test('when nobody waits any more, it goes on to its end', async () => {
  const done: number[] = [];
  const { invoke, clock } = functions(async () => {
    await clock.sleep(30_000);
    done.push((clock.now() - START) / 1000);
  });
  const stop = new AbortController();
  clock.after(10_000, () => {
    stop.abort(new Error('stopped'));
  });

  await expect(invoke({}, stop.signal)).rejects.toThrow('stopped');
  const then = clock.now() - START;
  await clock.drive(clock.sleep(60_000));

  expect([then, done]).toEqual([10_000, [30]]);
});

test('closed, all that run are reported', async () => {
  let told: AbortSignal | undefined;
  const { all } = functions((_, { killed }) => {
    told = killed;
    return new Promise(() => undefined);
  });
  const invocation = all.invoke('tested', {}, never);

  await all.close();

  expect((await failureOf(invocation)).errorType).toBe('Runtime.ExitError');
  expect(told?.aborted).toBe(true);
});

test('a function that nobody deployed is an error of the caller', async () => {
  const { all } = functions(() => Promise.resolve());

  await expect(all.invoke('other', {}, never)).rejects.toThrow('no function other');
});
