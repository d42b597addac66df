import { type Cib, metaAttribute, parseCib } from '../../../domain/pacemaker/cib';
import { cibOf, cibText, cibWith, meta, NOW, primitive, resourceIn } from './cibs';

/** What pacemaker takes as the target role of the primitive p, by the rules of this CIB. */
function roleIn(cib: Cib): string | undefined {
  const role = metaAttribute(cib, resourceIn(cib, 'p'), 'target-role');
  return role === undefined || role === 'unknown' ? role : `${role.value} of ${role.at ?? 'the defaults'}`;
}

const role = (value: string) => ({ 'target-role': value });
const clone = (inside: string, own = '') => `<clone id="c">${own}${inside}</clone>`;

/** `crm_resource --meta -g target-role` of 1.1.12, 1.1.23, 2.0.1, 2.1.5 and 3.0.2 says the same, but for the one exception. */
describe('a meta attribute', () => {
  test.each<[string, Cib, string | undefined]>([
    ['that nothing has', cibWith({ resources: clone(primitive('p')) }), undefined],
    ['of its own', cibWith({ resources: primitive('p', meta('m', role('Stopped'))) }), 'Stopped of p'],
    ['of its clone', cibWith({ resources: clone(primitive('p'), meta('m', role('Stopped'))) }), 'Stopped of c'],
    [
      'of its own before its clone’s',
      cibWith({ resources: clone(primitive('p', meta('m', role('Started'))), meta('n', role('Stopped'))) }),
      'Started of p',
    ],
    [
      'of its clone before the defaults',
      cibWith({
        resources: clone(primitive('p'), meta('m', role('Started'))),
        defaults: meta('d', role('Stopped')),
      }),
      'Started of c',
    ],
    [
      'of the defaults',
      cibWith({ resources: primitive('p'), defaults: meta('d', role('Stopped')) }),
      'Stopped of the defaults',
    ],
    [
      'of the group in its clone',
      cibWith({ resources: clone(`<group id="g">${meta('m', role('Stopped'))}${primitive('p')}</group>`) }),
      'Stopped of g',
    ],
    [
      'of its template',
      cibWith({
        resources: `<template id="t" class="ocf" type="Dummy">${meta('m', role('Stopped'))}</template><primitive id="p" template="t"/>`,
      }),
      'Stopped of t',
    ],
    [
      'of its own before its template’s',
      cibWith({
        resources: `<template id="t" class="ocf" type="Dummy">${meta('m', role('Stopped'))}</template><primitive id="p" template="t">${meta('n', role('Started'))}</primitive>`,
      }),
      'Started of p',
    ],
    [
      'in the set with the higher score',
      cibWith({
        resources: primitive(
          'p',
          meta('m', role('Started')) + meta('n', role('Stopped'), 'score="5"') + meta('o', role('Started')),
        ),
      }),
      'Stopped of p',
    ],
    [
      'in the last of sets with one score',
      cibWith({ resources: primitive('p', meta('m', role('Started')) + meta('n', role('Stopped'))) }),
      'Stopped of p',
    ],
    [
      // 3.0.2 does not follow this reference.
      'in a set that another resource has',
      cibWith({
        resources:
          primitive('q', meta('shared', role('Stopped'))) + primitive('p', '<meta_attributes id-ref="shared"/>'),
      }),
      'Stopped of p',
    ],
    [
      'that asks for its default',
      cibWith({ resources: primitive('p', meta('m', role('#default'))), defaults: meta('d', role('Stopped')) }),
      'Stopped of the defaults',
    ],
  ])('%s', (_, cib, expected) => {
    expect(roleIn(cib)).toBe(expected);
  });
});

describe('a meta attribute with a rule', () => {
  const ruled = (expression: string, boolean = 'and') =>
    cibWith({
      resources: primitive(
        'p',
        meta('m', role('Stopped'), 'score="1"', `<rule id="r" score="0" boolean-op="${boolean}">${expression}</rule>`) +
          meta('n', role('Started')),
      ),
    });
  const until = (end: string) => `<date_expression id="d" operation="lt" end="${end}"/>`;

  test.each([
    ['that ends later', until('2023-11-14 22:15:01Z'), 'Stopped of p'],
    ['that has ended', until('2023-11-14 22:14:59Z'), 'Started of p'],
    ['that ends now', until('2023-11-14 22:15:00Z'), 'Started of p'],
    ['with an offset', until('2023-11-15 00:15:01 +02:00'), 'Stopped of p'],
    ['with an offset, over', until('2023-11-14 22:15:00 +02:00'), 'Started of p'],
    ['in the short form', until('20231114T221501Z'), 'Stopped of p'],
    ['without a zone, near', until('2023-11-15 08:00:00'), 'unknown'],
    ['without a zone, far', until('2023-11-17'), 'Stopped of p'],
    ['in words', until('tomorrow'), 'unknown'],
    ['that begins later', '<date_expression id="d" operation="gt" start="2024-01-01T00:00:00Z"/>', 'Started of p'],
    [
      'between two times',
      '<date_expression id="d" operation="in_range" start="2023-11-14T22:00:00Z" end="2023-11-14T23:00:00Z"/>',
      'Stopped of p',
    ],
    [
      'for a time',
      '<date_expression id="d" operation="in_range" start="2023-11-14T22:00:00Z"><duration id="u" minutes="10"/></date_expression>',
      'Started of p',
    ],
    [
      'at certain hours',
      '<date_expression id="d" operation="date_spec"><date_spec id="s" hours="9-16"/></date_expression>',
      'unknown',
    ],
    ['for its agent', '<rsc_expression id="e" class="ocf" provider="heartbeat" type="Dummy"/>', 'Stopped of p'],
    ['for another agent', '<rsc_expression id="e" class="systemd" type="Dummy"/>', 'Started of p'],
    ['about a node', '<expression id="e" attribute="#uname" operation="eq" value="node-1"/>', 'Started of p'],
  ])('%s', (_, expression, expected) => {
    expect(roleIn(ruled(expression))).toBe(expected);
  });

  test('of several expressions all must hold, or with "or" one', () => {
    const [holds, not] = [until('2024-01-01Z'), until('2023-01-01Z')];

    expect(roleIn(ruled(holds + not))).toBe('Started of p');
    expect(roleIn(ruled(holds + not, 'or'))).toBe('Stopped of p');
    expect(roleIn(ruled(`${holds}<rule id="q" boolean-op="or">${not}${holds}</rule>`))).toBe('Stopped of p');
  });

  test('that refers to itself is not followed for ever', () => {
    const cib = cibWith({
      resources: primitive('p', meta('m', role('Stopped'), '', '<rule id="r"><rule id-ref="r"/></rule>')),
    });

    expect(roleIn(cib)).toBe('unknown');
  });
});

test('quorum, properties, nodes and resources', () => {
  const cib = cibOf('start-failed');

  expect(cib.quorate).toBe(true);
  expect(cib.properties.get('no-quorum-policy')).toBe('stop');
  expect(cib.nodes.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3']);
  expect(cib.nodes[2]?.attributes.get('fail-count-p_haproxy#start_0')).toBe('INFINITY');
  expect(resourceIn(cib)).toMatchObject({
    kind: 'primitive',
    agent: 'ocf:fuel:ns_haproxy',
    parent: { kind: 'clone', id: 'clone_p_haproxy', promotable: false },
  });
  expect(cibOf('no-quorum').quorate).toBe(false);
});

test('of properties in several sets the bootstrap options count first, and a set whose rule does not hold does not', () => {
  const set = (id: string, value: string, rule = '') =>
    `<cluster_property_set id="${id}" score="9">${rule}<nvpair id="${id}-m" name="maintenance-mode" value="${value}"/></cluster_property_set>`;
  const over = '<rule id="r"><date_expression id="d" operation="lt" end="2020-01-01Z"/></rule>';
  const properties = (text: string) => cibWith({ resources: '', properties: text }).properties.get('maintenance-mode');

  expect(properties(set('other', 'true') + set('cib-bootstrap-options', 'false').replace(' score="9"', ''))).toBe(
    'false',
  );
  expect(properties(set('a', 'true', over) + set('b', 'false').replace('9', '1'))).toBe('false');
});

test('a master is a promotable clone, and so is a clone that says it', () => {
  const cib = cibWith({
    resources: `<master id="m">${primitive('p')}</master><clone id="c">${meta('cm', { promotable: 'true' })}${primitive('q')}</clone>`,
  });

  expect(['m', 'c'].map((id) => resourceIn(cib, id).promotable)).toEqual([true, true]);
});

test.each([
  ['nothing', ''],
  ['an error', 'Call cib_query failed (-62): Timer expired\n'],
  ['half of it', cibText('healthy').slice(0, 3000)],
  ['a part of it', '<constraints/>'],
])('%s is no CIB, and the error says whose', (_, text) => {
  const parse = () => parseCib(text, NOW, 'controller node-2 of site golden');

  expect(parse).toThrow(expect.objectContaining({ name: 'PacemakerUnavailable' }) as Error);
  expect(parse).toThrow('controller node-2 of site golden');
});
