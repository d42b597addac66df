import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as really } from 'node:timers/promises';
import { type FunctionConfig, InvocationFailed } from '../../../local/emulator/aws/functions';
import { WorkerFunctions } from '../../../local/emulator/aws/worker-functions';
import { type FastForwardClock, fastForwardClock as newClock } from '../../../local/emulator/fast-forward';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const directory = mkdtempSync(join(tmpdir(), 'fast-forward-'));
const running: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A clock that forgets its timers after the test. */
function fastForwardClock(): FastForwardClock {
  const clock = newClock();
  running.push({
    close: () => {
      clock.clear();
    },
  });
  return clock;
}

let bundles = 0;

/** Functions in workers, by the texts of their handlers. */
function workers(clock: FastForwardClock, handlers: Record<string, string>, timeoutSeconds = 86_400) {
  const configs = Object.entries(handlers).map(([name, handler]): [string, FunctionConfig] => {
    const file = join(directory, `bundle-${bundles++}.js`);
    writeFileSync(file, `"use strict";\nexports.handler = ${handler};\n`);
    return [name, { name, description: '', file, exportName: 'handler', environment: {}, timeoutSeconds }];
  });
  const functions = new WorkerFunctions(new Map(configs), () => undefined, clock);
  running.push(functions);
  return (name: string, event: unknown = {}) => functions.invoke(name, event, new AbortController().signal);
}

/** How much time passed, on the clock and really. */
async function timed<T>(clock: FastForwardClock, work: () => Promise<T>) {
  const [began, reallyBegan] = [clock.now(), performance.now()];
  const result = await clock.drive(work());
  return { result, passed: clock.now() - began, took: performance.now() - reallyBegan };
}

describe('in one thread', () => {
  it('a chain of sleeps keeps its order and takes little real time', async () => {
    const clock = fastForwardClock();
    const order: string[] = [];
    const sleeper = async (name: string, ...ms: number[]) => {
      for (const one of ms) {
        await clock.sleep(one);
        order.push(`${name}${one / MINUTE}`);
      }
    };

    const { passed, took } = await timed(clock, () =>
      Promise.all([sleeper('a', 10 * MINUTE, 20 * MINUTE), sleeper('b', 25 * MINUTE, 35 * MINUTE)]),
    );

    expect(order).toEqual(['a10', 'b25', 'a20', 'b35']);
    expect(passed).toBeGreaterThanOrEqual(HOUR);
    expect(passed).toBeLessThan(HOUR + 5_000);
    expect(took).toBeLessThan(5_000);
  });

  it('time passes by itself while nothing is driven', async () => {
    const clock = fastForwardClock();
    let rang = false;
    clock.after(HOUR, () => (rang = true));
    const began = clock.now();

    await really(50);

    const passed = clock.now() - began;
    expect(rang).toBe(false);
    expect(passed).toBeGreaterThanOrEqual(40);
    expect(passed).toBeLessThan(5_000);
  });

  it('a timer rings in its time, even if nothing is skipped', async () => {
    const clock = fastForwardClock();
    const began = Date.now();

    await clock.sleep(30);

    expect(Date.now() - began).toBeGreaterThanOrEqual(29);
  });

  it('a timer that was cancelled never rings, and nothing waits for it', async () => {
    const clock = fastForwardClock();
    const cancel = clock.after(MINUTE, () => {
      throw new Error('It was cancelled');
    });
    cancel();

    const { passed } = await timed(clock, () => clock.sleep(2 * MINUTE));

    expect(passed).toBeLessThan(2 * MINUTE + 5_000);
  });

  it('a sleep that is aborted rejects with the reason', async () => {
    const clock = fastForwardClock();
    const abort = new AbortController();
    clock.after(MINUTE, () => {
      abort.abort(new Error('stopped'));
    });

    const sleeping = clock.drive(clock.sleep(HOUR, abort.signal));

    await expect(sleeping).rejects.toThrow('stopped');
  });

  it('work that is done leaves later timers for later', async () => {
    const clock = fastForwardClock();
    let rang = false;
    const cancel = clock.after(HOUR, () => (rang = true));

    await clock.drive(clock.sleep(MINUTE));
    await really(30);
    cancel();

    expect(rang).toBe(false);
  });

  it('several works can be driven at a time', async () => {
    const clock = fastForwardClock();

    const began = clock.now();
    const ends = await Promise.all(
      [3, 1, 2].map(async (hours) => {
        await clock.drive(clock.sleep(hours * HOUR));
        return Math.round((clock.now() - began) / HOUR);
      }),
    );

    expect(ends).toEqual([3, 1, 2]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['an exchange between sockets', () => exchange(50)],
    ['reading files', () => Promise.all(Array.from({ length: 20 }, () => readFile(__filename)))],
    ['what happens in many turns of the loop', () => turns(20_000)],
  ])('%s is not skipped over', async (_, work) => {
    const clock = fastForwardClock();
    let late = false;
    const cancel = clock.after(HOUR, () => (late = true));

    await clock.drive(work());
    cancel();

    expect(late).toBe(false);
  });
});

/** A server on loopback that answers each byte, and a client that asks so often. */
async function exchange(times: number): Promise<void> {
  const { port, close } = await echo();
  const socket = connect(port, '127.0.0.1');
  for (let i = 0; i < times; i++) {
    socket.write('x');
    await once(socket, 'data');
  }
  socket.destroy();
  close();
}

async function echo(answer: (socket: Socket, data: Buffer) => void = (socket, data) => socket.write(data)) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (data) => {
      answer(socket, data);
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  running.push({ close });
  return { port: (server.address() as AddressInfo).port, close };
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

describe('with workers', () => {
  const SLEEP = `async ({ sleeps }, { clock }) => {
    const times = [];
    for (const ms of sleeps) { await clock.sleep(ms); times.push(clock.now()); }
    return times;
  }`;

  it('a chain of sleeps across threads keeps its order and takes little real time', async () => {
    const clock = fastForwardClock();
    const invoke = workers(clock, { one: SLEEP, two: SLEEP });
    const began = clock.now();
    const minutes = (times: unknown) => (times as number[]).map((at) => Math.round((at - began) / MINUTE));

    const { result, took } = await timed(clock, async () => {
      const [one, two] = [
        invoke('one', { sleeps: [10 * MINUTE, 20 * MINUTE] }),
        invoke('two', { sleeps: [15 * MINUTE, 25 * MINUTE] }),
      ];
      await clock.sleep(20 * MINUTE);
      const here = clock.now();
      const third = invoke('one', { sleeps: [90 * MINUTE] });
      return [await one, await two, [here], await third];
    });

    expect(result.map(minutes)).toEqual([[10, 30], [15, 40], [20], [110]]);
    expect(took).toBeLessThan(20_000);
  });

  it('a hundred sleeps of a worker take as little', async () => {
    const clock = fastForwardClock();
    const invoke = workers(clock, { one: SLEEP });

    const { passed, took } = await timed(clock, () => invoke('one', { sleeps: Array(100).fill(HOUR / 10) }));

    expect(passed).toBeGreaterThanOrEqual(10 * HOUR);
    expect(took).toBeLessThan(20_000);
  }, 60_000);

  it('the clock of a worker cancels, repeats and aborts as any other', async () => {
    const clock = fastForwardClock();
    const invoke = workers(clock, {
      one: `async (event, { clock }) => {
        const began = clock.now(), rang = [];
        const minutes = () => Math.round((clock.now() - began) / ${MINUTE});
        const cancel = clock.after(${MINUTE}, () => rang.push('cancelled'));
        cancel();
        const end = clock.every(${10 * MINUTE}, () => { rang.push(minutes()); if (rang.length === 3) end(); });
        const abort = new AbortController();
        clock.after(${45 * MINUTE}, () => abort.abort(new Error('stopped')));
        const reason = await clock.sleep(${HOUR}, abort.signal).catch((error) => error.message);
        const already = await clock.sleep(${HOUR}, AbortSignal.abort(new Error('before'))).catch((error) => error.message);
        return [rang, reason, already, minutes()];
      }`,
    });

    const result = await clock.drive(invoke('one'));

    expect(result).toEqual([[10, 20, 30], 'stopped', 'before', 45]);
  });

  it('a worker that computes is not skipped over', async () => {
    const clock = fastForwardClock();
    const invoke = workers(clock, {
      one: '() => { const end = Date.now() + 300; while (Date.now() < end); return "done"; }',
    });

    const { result, passed, took } = await timed(clock, () => Promise.race([invoke('one'), clock.sleep(HOUR)]));

    expect(result).toBe('done');
    expect(passed).toBeLessThan(took + 1_000);
  });

  it.each([
    ['and this thread', false],
    ['and itself', true],
  ])('an exchange between the sockets of a worker %s is not skipped over', async (_, own) => {
    const clock = fastForwardClock();
    const { port } = await echo((socket, data) => {
      // An answer that takes some computing, and comes in two parts.
      const end = performance.now() + 3;
      while (performance.now() < end) randomBytes(16);
      socket.write(data.subarray(0, 1));
      socket.write(data.subarray(1));
    });
    const invoke = workers(clock, {
      one: `async ({ port, own }) => {
        const { once } = require('node:events'), net = require('node:net');
        const server = net.createServer((socket) => socket.pipe(socket)).listen(0);
        await once(server, 'listening');
        const socket = net.connect(own ? server.address().port : port, '127.0.0.1');
        for (let i = 0; i < 100; i++) {
          socket.write('abc');
          for (let left = 3; left > 0; ) left -= (await once(socket, 'data'))[0].length;
        }
        socket.destroy();
        server.close();
        return 'done';
      }`,
    });

    const { result, passed, took } = await timed(clock, () =>
      Promise.race([invoke('one', { port, own }), clock.sleep(HOUR)]),
    );

    expect(result).toBe('done');
    expect(passed).toBeLessThan(took + 1_000);
  });

  it('what a worker does when a timer rang is not skipped over', async () => {
    const clock = fastForwardClock();
    const { port } = await echo();
    const invoke = workers(clock, {
      one: `async ({ port }, { clock }) => {
        const { once } = require('node:events'), net = require('node:net');
        const socket = net.connect(port, '127.0.0.1');
        for (let i = 0; i < 100; i++) {
          await clock.sleep(1000);
          const end = performance.now() + 5;
          while (performance.now() < end);
          socket.write('x');
          await once(socket, 'data');
          await require('node:fs/promises').readFile(__filename);
        }
        socket.destroy();
        return 'done';
      }`,
    });

    const { result, passed } = await timed(clock, () => Promise.race([invoke('one', { port }), clock.sleep(HOUR)]));

    expect(result).toBe('done');
    expect(passed).toBeGreaterThanOrEqual(100_000);
    expect(passed).toBeLessThan(200_000);
  });

  it('a short pause of the wall clock in a worker is not skipped over', async () => {
    const clock = fastForwardClock();
    const invoke = workers(clock, { one: '() => new Promise((resolve) => setTimeout(resolve, 200, "done"))' });

    const { result, passed } = await timed(clock, () => Promise.race([invoke('one'), clock.sleep(HOUR)]));

    expect(result).toBe('done');
    expect(passed).toBeLessThan(30_000);
  });

  it('a guard of the wall clock in a worker does not hold the clock', async () => {
    const clock = fastForwardClock();
    const invoke = workers(clock, {
      one: '(_, { clock }) => { const guard = setTimeout(() => {}, 60_000); return clock.sleep(30_000).then(() => clearTimeout(guard)); }',
    });

    const { took } = await timed(clock, () => invoke('one'));

    expect(took).toBeLessThan(10_000);
  });

  it('a delay of what a worker asks of this thread is skipped, and seen by both alike', async () => {
    const clock = fastForwardClock();
    const { port } = await echo((socket, data) => {
      clock.after(10 * MINUTE, () => socket.write(data));
    });
    const invoke = workers(clock, {
      one: `async ({ port }, { clock }) => {
        const { once } = require('node:events'), net = require('node:net');
        const began = clock.now(), minutes = [];
        const socket = net.connect(port, '127.0.0.1');
        for (let i = 0; i < 3; i++) {
          socket.write('x');
          await once(socket, 'data');
          minutes.push(Math.round((clock.now() - began) / ${MINUTE}));
        }
        socket.destroy();
        return minutes;
      }`,
    });

    const { result, took } = await timed(clock, () => invoke('one', { port }));

    expect(result).toEqual([10, 20, 30]);
    expect(took).toBeLessThan(10_000);
  });

  it('a function’s time limit is one of the clock', async () => {
    const clock = fastForwardClock();
    const invoke = workers(clock, { one: '() => new Promise(() => {})' }, 600);

    const { result, passed, took } = await timed(clock, () => invoke('one').catch((error: unknown) => error));

    expect(result).toBeInstanceOf(InvocationFailed);
    expect((result as InvocationFailed).errorType).toBe('Sandbox.Timedout');
    expect(passed).toBeGreaterThanOrEqual(600_000);
    expect(took).toBeLessThan(10_000);
  });

  it('a worker without an invocation is frozen: what it waits for comes with the next', async () => {
    const clock = fastForwardClock();
    const invoke = workers(clock, {
      one: `async ({ ask }, { clock }) => {
        if (ask) { await new Promise(setImmediate); return globalThis.rang; }
        globalThis.rang = [];
        clock.after(${MINUTE}, () => globalThis.rang.push(clock.now()));
        return clock.now();
      }`,
    });

    const { result } = await timed(clock, async () => {
      const began = (await invoke('one')) as number;
      await clock.sleep(HOUR);
      const rang = (await invoke('one', { ask: true })) as number[];
      return rang.map((at) => Math.round((at - began) / HOUR));
    });

    expect(result).toEqual([1]);
  });

  it('a worker that ends takes its timers along', async () => {
    const clock = fastForwardClock();
    const invoke = workers(clock, {
      one: `async (event, { clock }) => { clock.after(${MINUTE}, () => {}); setImmediate(() => process.exit(1)); await new Promise(() => {}); }`,
    });

    const { result, passed } = await timed(clock, () => invoke('one').catch((error: unknown) => error));

    expect((result as InvocationFailed).errorType).toBe('Runtime.ExitError');
    expect(passed).toBeLessThan(MINUTE);
  });
});
