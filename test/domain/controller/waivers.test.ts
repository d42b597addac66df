import { waivedBy, waivedText } from '../../../domain/controller/waivers';
import type { Waiver } from '../../../domain/site/drift-section';

const CONF = '/etc/magnum/magnum.conf';
const waiver: Waiver = { verdicts: ['changed by others'], reason: 'CHG-1', until: '2030-01-31' };
const edited = { thing: CONF, verdict: 'changed by others', reason: 'why', controller: 'node-2' } as const;
const AT = '2030-01-31T23:59:59.999Z';
const isWaived = (changes: Partial<Waiver>, found: Parameters<typeof waivedBy>[1] = edited) =>
  waivedBy({ waivers: [{ ...waiver, ...changes }] }, found, AT).waived !== undefined;

test('it is of a kind, and unless it says more of any thing on any controller', () => {
  expect(isWaived({})).toBe(true);
  expect(isWaived({ verdicts: ['missing', 'differs'] })).toBe(false);
});

test.each<[string, Partial<Waiver>, boolean]>([
  ['that thing', { things: ['other', CONF] }, true],
  ['another thing', { things: ['/etc/magnum'] }, false],
  ['that controller', { controllers: ['node-1', 'node-2'] }, true],
  ['another controller', { controllers: ['node-1'] }, false],
])('of %s', (_, changes, expected) => {
  expect(isWaived(changes)).toBe(expected);
});

test('one of a controller is none of what is of the whole site', () => {
  const ofSite = { thing: 'cluster swarm', verdict: 'differs', reason: '' } as const;

  expect(isWaived({ verdicts: ['differs'] }, ofSite)).toBe(true);
  expect(isWaived({ verdicts: ['differs'], controllers: ['node-1'] }, ofSite)).toBe(false);
});

test('one of options is of nothing but those, and not of what is more than a reason names', () => {
  const options = ['[DEFAULT] debug', '[api] port'];

  expect(isWaived({ options }, { ...edited, options: ['[api] port'] })).toBe(true);
  expect(isWaived({ options }, { ...edited, options: ['[api] port', '[api] host'] })).toBe(false);
  expect(isWaived({ options }, edited)).toBe(false);
});

test('it counts to the end of its last day, in UTC; of several the longest counts', () => {
  const waivers = [waiver, { ...waiver, reason: 'CHG-2', until: '2030-02-15' }];
  const at = (time: string) => waivedBy({ waivers }, edited, time).waived;

  expect(waivedBy({ waivers: [waiver] }, edited, AT).waived).toMatchObject({ reason: 'CHG-1', expired: false });
  expect(waivedBy({ waivers: [waiver] }, edited, '2030-02-01T00:00:00Z').waived?.expired).toBe(true);
  expect(at(AT)).toEqual({ reason: 'CHG-2', until: '2030-02-15', expired: false });
  expect(waivedText(waivedBy({ waivers }, edited, AT))).toBe('; waived until 2030-02-15: CHG-2');
  expect(waivedText(waivedBy({ waivers }, edited, '2030-03-01T00:00:00Z'))).toBe(
    '; its waiver expired after 2030-02-15: CHG-2',
  );
});
