import { App, Duration, Stack } from 'aws-cdk-lib';
import { Function } from 'aws-cdk-lib/aws-lambda';
import { Map, Pass, ProvideItems, Timeout, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { REFUSALS } from '../../../lib/states/retries';
import { bounded, timeLimit } from '../../../lib/states/time-limit';

const stack = () => new Stack(new App(), 'Stack');
const task = (scope: Stack, name: string, seconds: number) =>
  LambdaInvoke.jsonata(scope, name, {
    lambdaFunction: Function.fromFunctionName(scope, `${name}Function`, name),
    taskTimeout: Timeout.duration(Duration.seconds(seconds)),
    retryOnServiceExceptions: false,
  });

test('a task takes all its attempts, each timed out, and what lies between them', () => {
  const scope = stack();
  task(scope, 'Task', 100).addRetry({ maxAttempts: 2, interval: Duration.seconds(20), backoffRate: 2 });

  expect(timeLimit(scope).toSeconds()).toBe(3 * 100 + 20 + 40);
});

test('the delay between attempts grows no longer than its limit', () => {
  const scope = stack();
  task(scope, 'Task', 10).addRetry({
    maxAttempts: 3,
    interval: Duration.seconds(10),
    backoffRate: 10,
    maxDelay: Duration.seconds(40),
  });

  expect(timeLimit(scope).toSeconds()).toBe(roundedUp(4 * 10 + 10 + 40 + 40));
});

test('an attempt that is refused takes no time but the delay before it', () => {
  const scope = stack();
  task(scope, 'Task', 100).addRetry({ errors: [...REFUSALS], maxAttempts: 2, interval: Duration.seconds(20) });

  expect(timeLimit(scope).toSeconds()).toBe(roundedUp(100 + 20 + 40));
});

test('a wait takes its time, or that of all its rounds', () => {
  const scope = stack();
  Wait.jsonata(scope, 'Once', { time: WaitTime.duration(Duration.seconds(60)) });
  bounded(Wait.jsonata(scope, 'Rounds', { time: WaitTime.duration(Duration.seconds(5)) }), { seconds: 180 });

  expect(timeLimit(scope).toSeconds()).toBe(240);
});

test('what stands in a Map, or is entered again, counts as often', () => {
  const scope = stack();
  const map = Map.jsonata(scope, 'Map', { items: ProvideItems.jsonata('{% [1, 2] %}') });
  bounded(map, { times: 3 }).itemProcessor(task(scope, 'Inside', 60).next(Pass.jsonata(scope, 'Pass')));
  bounded(task(scope, 'Twice', 60), { times: 2 });

  expect(timeLimit(scope).toSeconds()).toBe((3 + 2) * 60);
});

function roundedUp(seconds: number): number {
  return Math.ceil(seconds / 60) * 60;
}
