import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { happenings } from './events';

/** Events that follow each other, each as its type, name and index or error. */
const history = (...all: readonly (readonly [type: string, name?: string, index?: number])[]): HistoryEvent[] =>
  all.map(([type, name, index], at) => ({
    ...{ id: at + 1, previousEventId: at, type: type as 'TaskStateEntered', timestamp: new Date(at) },
    ...(type === 'MapIterationStarted' ? { mapIterationStartedEventDetails: { name, index } } : {}),
    ...(type.endsWith('StateEntered') ? { stateEnteredEventDetails: { name } } : {}),
    ...(type.endsWith('StateExited') ? { stateExitedEventDetails: { name } } : {}),
  }));

const round = [
  ['TaskStateEntered', 'Poll'],
  ['ChoiceStateExited', 'There?'],
  ['WaitStateEntered', 'Wait'],
] as const;
const polls = (count: number, last: string) =>
  history(...Array.from({ length: count }, () => round).flat(), ['SucceedStateEntered', last]);

test('another number of polls is the same, another end is not', () => {
  expect(happenings(polls(1, 'Done'))).toEqual(happenings(polls(4, 'Done')));
  expect(happenings(polls(1, 'Done'))).not.toEqual(happenings(polls(1, 'Failed')));
  expect(happenings(polls(2, 'Done'))).toEqual({
    main: ['TaskStateEntered Poll', 'ChoiceStateExited There?', 'SucceedStateEntered Done'],
  });
});

test('iterations of a Map are apart, and what follows the Map is not theirs', () => {
  const events = history(
    ['MapStateEntered', 'Each'],
    ['MapIterationStarted', 'Each', 0],
    ['TaskStateEntered', 'Do'],
    ['MapIterationSucceeded'],
    ['MapIterationStarted', 'Each', 1],
    ['MapIterationSucceeded'],
    ['MapStateExited', 'Each'],
  );

  expect(happenings(events)).toEqual({
    main: ['MapStateEntered Each', 'MapStateExited Each'],
    'Each#0': ['MapIterationStarted Each 0', 'TaskStateEntered Do', 'MapIterationSucceeded'],
    'Each#1': ['MapIterationStarted Each 1', 'MapIterationSucceeded'],
  });
});
