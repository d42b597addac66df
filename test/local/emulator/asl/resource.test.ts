import { resourceOf } from '../../../../local/emulator/asl/resource';

const states = (name: string) => `arn:aws:states:::${name}`;

test.each([
  ['lambda:invoke', 'lambda', 'invoke', 'lambda:invoke', false, false],
  ['lambda:invoke.waitForTaskToken', 'lambda', 'invoke.waitForTaskToken', 'lambda:invoke', true, false],
  ['aws-sdk:sfn:describeExecution', 'aws-sdk:sfn', 'describeExecution', 'aws-sdk:sfn:describeExecution', false, false],
  ['states:startExecution.sync', 'states', 'startExecution.sync', 'states:startExecution.sync', false, true],
  ['states:startExecution.sync:2', 'states', 'startExecution.sync:2', 'states:startExecution.sync:2', false, true],
])('%s', (name, resourceType, resource, call, isCallback, isJob) => {
  expect(resourceOf(states(name))).toEqual({ resourceType, resource, call: states(call), isCallback, isJob });
});

test('the ARN of a function', () => {
  const arn = 'arn:aws:lambda:us-east-1:123456789012:function:f';

  expect(resourceOf(arn)).toMatchObject({ resourceType: undefined, resource: arn, call: arn });
});
