// Runs one Lambda function's bundle in a worker thread: what the Lambda runtime is on AWS.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { workerClock } from '../worker-clock.mjs';

const { file, exportName, skipped } = workerData;
// On AWS the context has no clock, and a handler takes the wall clock.
const context = skipped ? { clock: workerClock(parentPort, new BigInt64Array(skipped)) } : {};
const { [exportName]: handler } = createRequire(import.meta.url)(file);

parentPort.postMessage({ kind: 'loaded' });

// As Lambda's JSON log format has it: an object is the message of one line. A line that is JSON itself stays as it is.
const log = console.log.bind(console);
const now = () => new Date(context.clock?.now() ?? Date.now()).toISOString();
console.log = (message, ...others) => {
  if (typeof message !== 'object') return log(message, ...others);
  log(JSON.stringify({ timestamp: now(), level: 'INFO', message }));
};

parentPort.on('message', async ({ kind, id, event }) => {
  if (kind !== 'invoke') return;
  try {
    const result = await handler(event, context);
    parentPort.postMessage({ kind: 'answer', id, result: JSON.stringify(result ?? null) });
  } catch (error) {
    // The form in which Lambda reports a thrown error, and Step Functions shows it as the cause.
    const { name = 'Error', message = String(error), stack = '' } = error ?? {};
    const reported = { errorType: name, errorMessage: message, trace: stack.split('\n') };
    parentPort.postMessage({ kind: 'answer', id, error: reported });
  }
});
