// Runs one Lambda function's bundle in a worker thread: what the Lambda runtime is on AWS.
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

const { file, exportName } = workerData;
const { [exportName]: handler } = createRequire(import.meta.url)(file);

parentPort.on('message', async ({ id, event }) => {
  try {
    const result = await handler(event, {});
    parentPort.postMessage({ id, result: JSON.stringify(result ?? null) });
  } catch (error) {
    // The form in which Lambda reports a thrown error, and Step Functions shows it as the cause.
    const { name = 'Error', message = String(error), stack = '' } = error ?? {};
    parentPort.postMessage({ id, error: { errorType: name, errorMessage: message, trace: stack.split('\n') } });
  }
});
