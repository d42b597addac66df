import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockOf } from '../../../../domain/world';
import { type FunctionConfig, InvocationFailed, type LogLine } from '../../../../local/emulator/aws/functions';
import { WorkerFunctions } from '../../../../local/emulator/aws/worker-functions';

const directory = mkdtempSync(join(tmpdir(), 'lambda-'));
const running: WorkerFunctions[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((lambda) => lambda.close()));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

let bundles = 0;

/** Lambda with one function, named `tested`: a bundle with this handler. */
function lambdaWith(handler: string, { before = '', ...config }: Partial<FunctionConfig> & { before?: string } = {}) {
  const file = join(directory, `bundle-${bundles++}.js`);
  writeFileSync(file, `"use strict";\n${before}\nexports.handler = ${handler};\n`);
  const tested = {
    name: 'tested',
    description: '',
    file,
    exportName: 'handler',
    environment: {},
    timeoutSeconds: 5,
    ...config,
  };
  const logs: LogLine[] = [];
  const limits = new Set<() => void>();
  const clock = clockOf(Date.now, (_, action) => {
    limits.add(action);
    return () => limits.delete(action);
  });
  const lambda = new WorkerFunctions(new Map([['tested', tested]]), (line) => logs.push(line), clock);
  running.push(lambda);
  const { signal } = new AbortController();
  return {
    invoke: (event: unknown = {}) => lambda.invoke('tested', event, signal),
    /** Lets the time limits of all that run pass; gives how many there were. */
    timeOut: () => {
      const all = [...limits];
      for (const ring of all) ring();
      return all.length;
    },
    /** Waits until a time limit runs. */
    loaded: async () => {
      for (let left = 500; limits.size < 1 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    logs,
    lambda,
  };
}

/** What a failed invocation answers. */
async function failureOf(invocation: Promise<unknown>) {
  const failure: unknown = await invocation.catch((error: unknown) => error);
  if (!(failure instanceof InvocationFailed)) throw new Error('the invocation did not fail');
  const payload = JSON.parse(failure.payload) as { errorType: string; errorMessage: string; trace: string[] };
  return { errorType: failure.errorType, payload };
}

describe('a result', () => {
  test('is what the handler returns, by way of JSON', async () => {
    const { invoke } = lambdaWith('async (event) => ({ got: event, at: new Date(0), none: undefined })');

    const result = await invoke({ site: 'golden', list: [1, null] });

    expect(result).toEqual({ got: { site: 'golden', list: [1, null] }, at: '1970-01-01T00:00:00.000Z' });
  });

  test('of a handler that returns nothing is null', async () => {
    expect(await lambdaWith('async () => {}').invoke()).toBeNull();
  });

  test('of a handler that does not wait counts too', async () => {
    expect(await lambdaWith('() => 7').invoke()).toBe(7);
  });
});

describe('a thrown error', () => {
  test('has its name, its message and its stack, as Step Functions shows them', async () => {
    const { invoke } = lambdaWith('async () => { throw new NoQuorum("The cluster lost its quorum"); }', {
      before: 'class NoQuorum extends Error { name = "NoQuorum"; }',
    });

    const { errorType, payload } = await failureOf(invoke());

    expect(errorType).toBe('NoQuorum');
    expect(payload).toMatchObject({ errorType: 'NoQuorum', errorMessage: 'The cluster lost its quorum' });
    expect(payload.trace[0]).toContain('The cluster lost its quorum');
    expect(payload.trace[1]).toMatch(/^ +at .*bundle-\d+\.js/);
  });

  test('of another kind has one too', async () => {
    const { payload } = await failureOf(lambdaWith('async () => { throw "just a text"; }').invoke());

    expect(payload).toMatchObject({ errorType: 'Error', errorMessage: 'just a text' });
  });

  test('leaves the function warm', async () => {
    const { invoke } = lambdaWith('async ({ fail }) => { count++; if (fail) throw new Error("no"); return count; }', {
      before: 'let count = 0;',
    });

    await failureOf(invoke({ fail: true }));

    expect(await invoke()).toBe(2);
  });
});

describe('execution environments', () => {
  const COUNT = { before: 'let count = 0;' };

  test('are kept warm between invocations', async () => {
    const { invoke } = lambdaWith('async () => ++count', COUNT);

    expect([await invoke(), await invoke(), await invoke()]).toEqual([1, 2, 3]);
  });

  test('serve one invocation at a time each', async () => {
    const { invoke } = lambdaWith(
      'async () => { await new Promise((go) => setTimeout(go, 200)); return ++count; }',
      COUNT,
    );

    const results = await Promise.all([invoke(), invoke()]);

    expect(results).toEqual([1, 1]);
  });

  test('have the environment of their function and nothing else', async () => {
    process.env['OF_THIS_PROCESS'] = 'secret';
    const { invoke } = lambdaWith('async () => process.env', { environment: { SITE: 'golden', TZ: 'UTC' } });

    const environment = await invoke();

    expect(environment).toEqual({ SITE: 'golden', TZ: 'UTC' });
  });

  test('cannot change that of others', async () => {
    const { invoke } = lambdaWith('async () => { process.env.OF_A_FUNCTION = "1"; }');

    await invoke();

    expect(process.env['OF_A_FUNCTION']).toBeUndefined();
  });
});

describe('a function that does not answer', () => {
  test('has all its time once it is loaded: that takes none of it', async () => {
    const { invoke, timeOut } = lambdaWith('() => 1', {
      before: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);',
    });

    const loading = invoke();

    expect(timeOut()).toBe(0);
    expect(await loading).toBe(1);
  });

  test('times out, and the next invocation has another environment', async () => {
    const { invoke, loaded, timeOut } = lambdaWith(
      '({ hang }) => hang ? new Promise(() => setInterval(() => {}, 9)) : ++count',
      { before: 'let count = 0;', timeoutSeconds: 3 },
    );
    const hanging = invoke({ hang: true });
    await loaded();

    timeOut();

    const { errorType, payload } = await failureOf(hanging);
    expect(errorType).toBe('Sandbox.Timedout');
    expect(payload.errorMessage).toBe('Task timed out after 3.00 seconds');
    expect(await invoke({})).toBe(1);
    expect(timeOut()).toBe(0);
  });

  test('times out even if it never gives way', async () => {
    const { invoke, timeOut, logs } = lambdaWith('() => { process.stdout.write("in\\n"); for (;;); }');
    const hanging = invoke();
    for (let left = 500; logs.length < 1 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 20));

    timeOut();

    expect((await failureOf(hanging)).errorType).toBe('Sandbox.Timedout');
  });

  test.each([
    ['ends its process', '() => { process.exit(1); }'],
    [
      'crashes beside the handler',
      '() => { setTimeout(() => { throw new Error("aside"); }); return new Promise(() => {}); }',
    ],
    [
      'rejects beside the handler',
      '() => { void Promise.reject(new Error("aside")); return new Promise(() => setTimeout(() => {}, 9e3)); }',
    ],
  ])('%s: the invocation fails, the next has another environment', async (_, handler) => {
    const { invoke } = lambdaWith(`({ well }) => well ? ++count : (${handler})()`, { before: 'let count = 0;' });

    const { errorType } = await failureOf(invoke({}));

    expect(errorType).toBe('Runtime.ExitError');
    expect(await invoke({ well: true })).toBe(1);
  });

  test('cannot be loaded: the invocation fails', async () => {
    const { invoke } = lambdaWith('async () => 1', { before: 'throw new Error("cannot load");' });

    const { errorType, payload } = await failureOf(invoke());

    expect(errorType).toBe('Runtime.ExitError');
    expect(payload.errorMessage).toBe('cannot load');
  });

  test('crashes between two invocations: only its environment is lost', async () => {
    const { invoke } = lambdaWith('() => { setTimeout(() => { throw new Error("late"); }, 50); return ++count; }', {
      before: 'let count = 0;',
    });

    await invoke();
    await new Promise((resolve) => setTimeout(resolve, 400));

    expect(await invoke()).toBe(1);
  });
});

test('what a function prints is logged under its name, by lines', async () => {
  const { invoke, logs } = lambdaWith('async () => { console.log("one\\ntwo"); console.error("three"); }');

  await invoke();
  for (let left = 100; logs.length < 3 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 20));

  expect(logs.map(({ functionName, text }) => `${functionName}: ${text}`).sort()).toEqual([
    'tested: one',
    'tested: three',
    'tested: two',
  ]);
});

test('a function that nobody deployed is an error of the caller', async () => {
  const { lambda } = lambdaWith('() => 1');

  await expect(lambda.invoke('other', {}, new AbortController().signal)).rejects.toThrow('no function other');
});

test('when nobody waits any more, it goes on to its end', async () => {
  const { lambda, invoke, logs } = lambdaWith(
    'async ({ ms }) => { await new Promise((go) => setTimeout(go, ms)); console.log("done"); return ++count; }',
    { before: 'let count = 0;' },
  );
  const stop = new AbortController();
  const invocation = lambda.invoke('tested', { ms: 100 }, stop.signal);

  stop.abort(new Error('stopped'));

  await expect(invocation).rejects.toThrow('stopped');
  for (let left = 500; logs.length < 1 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 20));
  // What it returns comes on another way than what it prints.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await invoke({ ms: 0 })).toBe(2);
});
