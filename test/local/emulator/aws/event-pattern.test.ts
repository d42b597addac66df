import { checkPattern, matchesPattern } from '../../../../local/emulator/aws/event-pattern';

const event = {
  source: 'aws.states',
  'detail-type': 'Step Functions Execution Status Change',
  resources: ['arn:1', 'arn:2'],
  detail: { status: 'FAILED', stateMachineArn: 'arn:aws:states:::stateMachine:magnum-ha', stopDate: 5, output: null },
};

test.each<[string, object, boolean]>([
  ['nothing asked', {}, true],
  ['one of several values', { detail: { status: ['FAILED', 'ABORTED', 'TIMED_OUT'] } }, true],
  ['none of several values', { detail: { status: ['ABORTED', 'TIMED_OUT'] } }, false],
  ['one field of two', { source: ['aws.states'], detail: { status: ['RUNNING'] } }, false],
  ['a field that is not there', { detail: { none: ['a'] } }, false],
  ['a field of what is no object', { source: { inner: ['a'] } }, false],
  ['null', { detail: { output: [null] } }, true],
  ['a number', { detail: { stopDate: [5] } }, true],
  ['a number as a text', { detail: { stopDate: ['5'] } }, false],
  ['an item of a list', { resources: ['arn:2'] }, true],
  ['a prefix', { detail: { stateMachineArn: [{ prefix: 'arn:aws:states:' }] } }, true],
  ['another prefix', { detail: { stateMachineArn: [{ prefix: 'arn:aws:sns:' }] } }, false],
  ['a suffix', { detail: { stateMachineArn: [{ suffix: ':magnum-ha' }] } }, true],
  ['anything but another', { detail: { status: [{ 'anything-but': 'RUNNING' }] } }, true],
  ['anything but one of several', { detail: { status: [{ 'anything-but': ['RUNNING', 'FAILED'] }] } }, false],
  ['anything but a prefix', { detail: { status: [{ 'anything-but': { prefix: 'FAIL' } }] } }, false],
  ['anything but, of what is not there', { detail: { none: [{ 'anything-but': 'a' }] } }, false],
  ['what exists', { detail: { status: [{ exists: true }], none: [{ exists: false }] } }, true],
  ['what must not exist', { detail: { status: [{ exists: false }] } }, false],
])('%s', (_, pattern, expected) => {
  expect(matchesPattern(pattern, event)).toBe(expected);
});

test('a comparison that is not simulated is refused by name, before any event comes', () => {
  expect(() => {
    checkPattern({ detail: { n: [{ numeric: ['>', 1] }] } });
  }).toThrow('numeric');
  expect(() => {
    checkPattern({ source: ['aws.states'], detail: { status: [{ 'anything-but': ['A'] }] } });
  }).not.toThrow();
});
