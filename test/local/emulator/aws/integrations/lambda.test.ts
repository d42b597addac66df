import { functionOf } from '../../../../../local/emulator/aws/integrations/lambda';
import { definition, deployed } from '../stack';

const invoking = (Arguments: object) =>
  definition({ Call: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments, End: true } });

async function invoke(Arguments: object) {
  const seen: unknown[] = [];
  const { deployment, clock } = await deployed({
    machines: { calling: invoking(Arguments) },
    handlers: {
      f: (event) => {
        seen.push(event);
        return Promise.resolve({ done: true, at: undefined });
      },
      broken: () => Promise.reject(new RangeError('too far')),
    },
  });
  return { ...(await clock.drive(deployment.start('calling', {}).result)), seen, deployment };
}

it('gives the result with the version that was executed', async () => {
  const { output, seen, deployment } = await invoke({ FunctionName: 'f', Payload: { a: [1] } });

  expect(output).toEqual({ ExecutedVersion: '$LATEST', Payload: { done: true }, StatusCode: 200 });
  expect(seen).toEqual([{ a: [1] }]);
  expect(deployment.invoked).toEqual(['f']);
});

// AWS recorded both: test_lambda_task_service.py.
it.each([
  ['text is JSON', { Payload: '{"b":2}' }, { b: 2 }],
  ['no payload is an empty object', {}, {}],
])('%s', async (_, rest, event) => {
  const { seen } = await invoke({ FunctionName: 'f', ...rest });

  expect(seen).toEqual([event]);
});

it('fails as the function fails', async () => {
  const { error, cause } = await invoke({ FunctionName: 'broken' });

  expect(error).toBe('RangeError');
  expect(JSON.parse(cause ?? '')).toMatchObject({
    errorType: 'RangeError',
    errorMessage: 'too far',
    trace: expect.arrayContaining(['RangeError: too far']) as string[],
  });
});

it.each([
  ['f', { name: 'f', version: '$LATEST' }],
  ['f:live', { name: 'f', version: '1' }],
  ['arn:aws:lambda:us-east-1:123456789012:function:f', { name: 'f', version: '$LATEST' }],
  ['arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST', { name: 'f', version: '$LATEST' }],
  ['arn:aws:lambda:us-east-1:123456789012:function:f:7', { name: 'f', version: '1' }],
])('%s is %j', (nameOrArn, expected) => {
  expect(functionOf(nameOrArn)).toEqual(expected);
});
