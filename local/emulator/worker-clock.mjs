// The clock of a worker thread whose timers stand with those of the main thread: fast-forward.ts is the other side.
import { subscribe } from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setImmediate } from 'node:timers';

/** Requests under way: they take real time. */
const UNDER_WAY = /Req|ConnectWrap|WriteWrap|ShutdownWrap|ProcessWrap|Immediate/;

/**
 * Timers of the wall clock shorter than a second, which somebody waits for: the pauses of an SDK's retries.
 * Longer ones guard a connection and mostly never fire, so they do not hold the clock.
 */
const pauses = new Set();
const { setTimeout: set, clearTimeout: clear } = globalThis;
globalThis.setTimeout = Object.assign((action, ms = 0, ...values) => {
  const timeout = set(() => {
    pauses.delete(timeout);
    action(...values);
  }, ms);
  if (ms < 1000) pauses.add(timeout);
  return timeout;
}, set);
globalThis.clearTimeout = (timeout) => {
  pauses.delete(timeout);
  clear(timeout);
};

/** Data that waited in the kernel for an acknowledgement would look like silence, so everything is sent at once. */
for (const channel of ['net.client.socket', 'net.server.socket']) {
  subscribe(channel, ({ socket }) => socket.setNoDelay(true));
}

/**
 * @param {import('node:worker_threads').MessagePort} port to the main thread
 * @param {BigInt64Array} skipped how many milliseconds were skipped so far
 * @returns {import('../../domain/world').Clock}
 */
export function workerClock(port, skipped) {
  /** @type {Map<number, () => void>} */
  const timers = new Map();
  let ids = 0;

  port.on('message', ({ kind, timer }) => {
    if (kind === 'ring') {
      const action = timers.get(timer);
      timers.delete(timer);
      action?.();
    } else if (kind === 'ping') {
      // What came together with this question is counted only after its turn of the loop.
      setImmediate(() => {
        const isUnderWay = pauses.size > 0 || process.getActiveResourcesInfo().some((name) => UNDER_WAY.test(name));
        port.postMessage({ kind: 'pong', events: performance.nodeTiming.uvMetricsInfo.events, isUnderWay });
      });
    }
  });

  const now = () => Date.now() + Number(Atomics.load(skipped, 0));

  const after = (ms, action) => {
    const timer = ids++;
    timers.set(timer, action);
    port.postMessage({ kind: 'set', timer, at: now() + Math.max(0, ms) });
    return () => {
      if (timers.delete(timer)) port.postMessage({ kind: 'cancel', timer });
    };
  };

  const sleep = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        cancel();
        reject(signal.reason);
      };
      const cancel = after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });

  const every = (ms, action) => {
    let cancel;
    const next = () => {
      cancel = after(ms, () => {
        next();
        action();
      });
    };
    next();
    return () => cancel();
  };

  return { now, after, sleep, every };
}
