import { EventBus, inputFor, type Rule } from '../../../../local/emulator/aws/event-bus';
import { virtualClock } from '../../../../local/virtual-clock';
import { counting, START } from './stack';

const entry = { source: 'test', detailType: 'type', detail: { n: 1 }, resources: ['arn:a'] };
const rule = (name: string, pattern: object, Arn = 'arn:target'): Rule => {
  return { name, pattern, targets: [{ Arn, statements: [] }] };
};

function bus(rules: Rule[], refuse?: Error) {
  const clock = virtualClock(START);
  const delivered: [target: string, input: unknown, seconds: number][] = [];
  const events = new EventBus(rules, clock, counting(), ({ Arn }, input) => {
    delivered.push([Arn, input, (clock.now() - START) / 1000]);
    return refuse ? Promise.reject(refuse) : Promise.resolve();
  });
  return { events, clock, delivered };
}

test('an event comes to the targets of the rules that match it, half a second later', async () => {
  const { events, clock, delivered } = bus([
    rule('matches', { source: ['test'] }, 'arn:one'),
    rule('does not', { source: ['other'] }, 'arn:two'),
  ]);

  const id = events.put(entry);
  await clock.drive(clock.sleep(1000));

  const event = {
    version: '0',
    id,
    'detail-type': 'type',
    source: 'test',
    account: '123456789012',
    time: '2030-01-01T00:00:00Z',
    region: 'us-east-1',
    resources: ['arn:a'],
    detail: { n: 1 },
  };
  expect(delivered).toEqual([['arn:one', event, 0.5]]);
});

test('what a target does not take is reported', async () => {
  const { events, clock } = bus([rule('mine', {})], new Error('not allowed'));

  events.put(entry);
  await clock.drive(clock.sleep(1000));

  expect(events.undelivered).toEqual([{ rule: 'mine', target: 'arn:target', reason: 'not allowed' }]);
});

test('a rule whose pattern is not simulated is refused at once', () => {
  expect(() => bus([rule('mine', { detail: { n: [{ numeric: ['=', 1] }] } })])).toThrow('numeric');
});

describe('the input of a target', () => {
  const target = (rest: object) => ({ Arn: 'arn', statements: [], ...rest });
  const event = {
    source: 'test',
    detail: { name: 'one "quoted"', input: '{"site":"golden"}', stopDate: 5, output: null, list: [1] },
  };
  const paths = {
    name: '$.detail.name',
    input: '$.detail.input',
    stop: '$.detail.stopDate',
    out: '$.detail.output',
    list: '$.detail.list',
    missing: '$.detail.missing',
  };
  const transformed = (InputTemplate: string) =>
    inputFor(target({ InputTransformer: { InputPathsMap: paths, InputTemplate } }), event);

  test.each<[string, object, unknown]>([
    ['is the event', {}, event],
    ['is a constant', { Input: '{"mode":"check"}' }, { mode: 'check' }],
    ['is a part of the event', { InputPath: '$.detail.stopDate' }, 5],
  ])('%s', (_, rest, expected) => {
    expect(inputFor(target(rest), event)).toEqual(expected);
  });

  test.each<[string, unknown]>([
    [
      '{"execution":<name>,"stop":<stop>,"out":<out>,"list":<list>}',
      { execution: 'one "quoted"', stop: 5, out: null, list: [1] },
    ],
    ['{"text":"<name> stopped at <stop>"}', { text: 'one "quoted" stopped at 5' }],
    ['"all of <list>"', 'all of [1]'],
    ['{"input":<input>}', { input: '{"site":"golden"}' }],
    ['{"escaped":"a \\" <stop>"}', { escaped: 'a " 5' }],
  ])('is made by the template %s', (template, expected) => {
    expect(transformed(template)).toEqual(expected);
  });

  test.each([
    ['what the event does not have', '{"a":<missing>}', 'does not have'],
    ['a variable that is not there', '{"a":<other>}', 'no variable other'],
  ])('is not made of %s', (_, template, reason) => {
    expect(() => transformed(template)).toThrow(reason);
  });

  test('is not looked for by other paths', () => {
    expect(() => inputFor(target({ InputPath: '$.detail.list[0]' }), event)).toThrow('not simulated');
  });
});
