import { refuseRedriven } from '../../domain/redrive';
import type { Invocation, TaskName } from '../../domain/tasks';

const invocation = (redrives: number, input: object | null) =>
  ({ envelope: { execution: 'arn:one', state: 'Commit files', attempt: 0, redrives }, input }) as Invocation<TaskName>;

test("a task of an execution that was redriven is refused: its lock may be another's", () => {
  expect(() => {
    refuseRedriven(invocation(1, { controller: 'node-1' }));
  }).toThrow(
    /^arn:one was redriven, and would go on at Commit files without the lock of its site\. Start a new execution/,
  );
});

test.each(['disable', 'poll-stopped', 'take-back'])('so is %s', (action) => {
  expect(() => {
    refuseRedriven(invocation(1, { action }));
  }).toThrow('Start a new execution');
});

test.each(['enable', 'poll-started'])('%s is not: HAProxy must come back', (action) => {
  expect(() => {
    refuseRedriven(invocation(2, { action }));
  }).not.toThrow();
});

test('to wake a function is not: it does nothing', () => {
  expect(() => {
    refuseRedriven(invocation(1, null));
  }).not.toThrow();
});

test('an execution that was never redriven goes on', () => {
  expect(() => {
    refuseRedriven(invocation(0, { controller: 'node-1' }));
  }).not.toThrow();
});
