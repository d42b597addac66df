import { needs, stoppedWith } from '../../../domain/pacemaker/dependencies';
import { cibOf, cibWith, meta, primitive, resourceIn } from './cibs';

type Parts = Parameters<typeof cibWith>[0];

const CLONE = `<clone id="clone_p_haproxy">${primitive('p_haproxy')}</clone>`;
const GROUP = `<group id="g">${primitive('vip1')}${primitive('vip2')}</group>`;
const others = (...ids: string[]) => CLONE + ids.map((id) => primitive(id)).join('');
const colocation = (rsc: string, withRsc: string, more = 'score="INFINITY"') =>
  `<rsc_colocation id="c-${rsc}-${withRsc}" rsc="${rsc}" with-rsc="${withRsc}" ${more}/>`;
const order = (first: string, then: string, more = '') =>
  `<rsc_order id="o-${first}-${then}" first="${first}" then="${then}" ${more}/>`;
const sets = (kind: string, attributes: string, ...members: [ids: string, attributes?: string][]) =>
  `<${kind} id="s" ${attributes}>${members
    .map(
      ([ids, of = ''], index) =>
        `<resource_set id="s-${index}" ${of}>${ids
          .split(' ')
          .map((id) => `<resource_ref id="${id}"/>`)
          .join('')}</resource_set>`,
    )
    .join('')}</${kind}>`;
const colocated = (...members: [ids: string, attributes?: string][]) =>
  sets('rsc_colocation', 'score="INFINITY"', ...members);
const ordered = (...members: [ids: string, attributes?: string][]) => sets('rsc_order', 'kind="Mandatory"', ...members);

const stopped = (parts: Parts) => {
  const cib = cibWith(parts);
  return stoppedWith(cib, resourceIn(cib)).map(({ id }) => id);
};

/** crm_simulate 2.1.5 and 1.1.18 stop the same in each of these, but for the one exception. */
describe('what pacemaker stops with HAProxy', () => {
  test.each<[string, Parts, string[]]>([
    ['nothing without constraints', { resources: others('vip') }, []],
    [
      'a VIP that goes with the clone',
      { resources: others('vip'), constraints: colocation('vip', 'clone_p_haproxy') },
      ['vip'],
    ],
    [
      'one that goes with the primitive in it',
      { resources: others('vip'), constraints: colocation('vip', 'p_haproxy') },
      ['vip'],
    ],
    [
      'what goes with what goes with it, in whatever order they stand',
      {
        resources: others('vip', 'ntp', 'dns'),
        constraints: colocation('dns', 'ntp') + colocation('ntp', 'vip') + colocation('vip', 'clone_p_haproxy'),
      },
      ['vip', 'ntp', 'dns'],
    ],
    ['not what HAProxy goes with', { resources: others('vip'), constraints: colocation('clone_p_haproxy', 'vip') }, []],
    [
      'not what is kept apart from it',
      { resources: others('vip'), constraints: colocation('vip', 'p_haproxy', 'score="-INFINITY"') },
      [],
    ],
    [
      'not what would only rather be near it',
      { resources: others('vip'), constraints: colocation('vip', 'p_haproxy', 'score="5000"') },
      [],
    ],
    [
      'what is infinite in digits',
      { resources: others('vip'), constraints: colocation('vip', 'p_haproxy', 'score="1000000"') },
      ['vip'],
    ],
    [
      'not the promoted role alone',
      {
        resources: `${CLONE}<master id="ms">${primitive('db')}</master>`,
        constraints: colocation('ms', 'clone_p_haproxy', 'score="INFINITY" rsc-role="Master"'),
      },
      [],
    ],
    ['what starts after it', { resources: others('vip'), constraints: order('clone_p_haproxy', 'vip') }, ['vip']],
    [
      'what starts after it by an old score',
      { resources: others('vip'), constraints: order('p_haproxy', 'vip', 'score="INFINITY"') },
      ['vip'],
    ],
    ['not what it starts after', { resources: others('vip'), constraints: order('vip', 'clone_p_haproxy') }, []],
    [
      'not what starts after it only by preference, or one after the other',
      {
        resources: others('a', 'b', 'd'),
        constraints:
          order('p_haproxy', 'a', 'kind="Optional"') +
          order('p_haproxy', 'b', 'score="0"') +
          order('p_haproxy', 'd', 'kind="Serialize"'),
      },
      [],
    ],
    [
      // Not pacemaker 1.1.
      'what starts after it, but may stop in any order',
      { resources: others('a'), constraints: order('p_haproxy', 'a', 'symmetrical="false"') },
      ['a'],
    ],
    [
      'not what starts after it stops',
      { resources: others('a'), constraints: order('p_haproxy', 'a', 'first-action="stop" then-action="start"') },
      [],
    ],
    [
      'all of a group, if its first member goes with it',
      { resources: CLONE + GROUP, constraints: colocation('vip1', 'clone_p_haproxy') },
      ['vip1', 'vip2'],
    ],
    [
      'the rest of a group, if a later member does',
      { resources: CLONE + GROUP, constraints: colocation('vip2', 'clone_p_haproxy') },
      ['vip2'],
    ],
    [
      'all of a group that goes with it',
      { resources: CLONE + GROUP, constraints: colocation('g', 'clone_p_haproxy') },
      ['vip1', 'vip2'],
    ],
    [
      'all of a group that starts after it',
      { resources: CLONE + GROUP, constraints: order('p_haproxy', 'g') },
      ['vip1', 'vip2'],
    ],
    [
      'what goes with a group of which a member stops',
      {
        resources: CLONE + GROUP + primitive('web'),
        constraints: colocation('vip2', 'clone_p_haproxy') + colocation('web', 'g'),
      },
      ['vip2', 'web'],
    ],
    [
      'of a group without order and place only the member',
      {
        resources: `${CLONE}<group id="g">${meta('gm', { ordered: 'false', collocated: 'false' })}${primitive('vip1')}${primitive('vip2')}</group>`,
        constraints: colocation('vip1', 'clone_p_haproxy'),
      },
      ['vip1'],
    ],
    [
      'the members after it in its own group',
      {
        resources: `<clone id="c"><group id="g">${primitive('before')}${primitive('p_haproxy')}${primitive('after')}</group></clone>`,
      },
      ['after'],
    ],
    [
      'another clone, named by the primitive in it',
      { resources: `${CLONE}<clone id="c2">${primitive('api')}</clone>`, constraints: order('p_haproxy', 'api') },
      ['api'],
    ],
    [
      'in a set, what stands after it',
      { resources: others('ntp', 'a', 'b'), constraints: colocated(['ntp clone_p_haproxy a b']) },
      ['a', 'b'],
    ],
    [
      'in a listed set, what stands before it',
      { resources: others('ntp', 'a'), constraints: colocated(['ntp clone_p_haproxy a', 'ordering="listed"']) },
      ['ntp'],
    ],
    [
      'in a set without sequence nothing',
      { resources: others('a'), constraints: colocated(['clone_p_haproxy a', 'sequential="false"']) },
      [],
    ],
    [
      'in a set with a score of its own',
      { resources: others('a'), constraints: sets('rsc_colocation', '', ['clone_p_haproxy a', 'score="INFINITY"']) },
      ['a'],
    ],
    [
      'in a set with a score that overrules',
      { resources: others('a'), constraints: colocated(['clone_p_haproxy a', 'score="10"']) },
      [],
    ],
    [
      'of sets that go together, those in front',
      {
        resources: others('a', 'b', 'ntp'),
        constraints: colocated(['a b', 'sequential="false"'], ['clone_p_haproxy'], ['ntp']),
      },
      ['a', 'b'],
    ],
    [
      'of sets that go together, all of one whose first member stops',
      { resources: others('a', 'b', 'c'), constraints: colocated(['a b'], ['c clone_p_haproxy']) },
      ['a', 'b'],
    ],
    [
      'of sets in order, those after',
      {
        resources: others('ntp', 'a', 'b'),
        constraints: ordered(['ntp'], ['clone_p_haproxy'], ['a b', 'sequential="false"']),
      },
      ['a', 'b'],
    ],
    [
      'not what needs one of several, of which others run',
      {
        resources: others('b', 'a'),
        constraints: ordered(['clone_p_haproxy b', 'sequential="false" require-all="false"'], ['a']),
      },
      [],
    ],
    [
      'what needs one of several, if all stop',
      {
        resources: others('b', 'a'),
        constraints:
          ordered(['clone_p_haproxy b', 'sequential="false" require-all="false"'], ['a']) + order('p_haproxy', 'b'),
      },
      ['b', 'a'],
    ],
    [
      'all that a tag stands for',
      {
        resources: others('a', 'b', 'c'),
        constraints: order('clone_p_haproxy', 'services'),
        tags: '<tag id="services"><obj_ref id="a"/><obj_ref id="b"/></tag>',
      },
      ['a', 'b'],
    ],
    [
      'all that a template stands for',
      {
        resources: `${CLONE}<template id="t" class="ocf" provider="heartbeat" type="Dummy"/><primitive id="a" template="t"/><primitive id="b" template="t"/>`,
        constraints: colocated(['t', 'sequential="false"'], ['clone_p_haproxy']),
      },
      ['a', 'b'],
    ],
    [
      'of two that go with each other, each once',
      {
        resources: others('a', 'b'),
        constraints: colocation('a', 'clone_p_haproxy') + colocation('b', 'a') + colocation('a', 'b'),
      },
      ['a', 'b'],
    ],
    [
      'not what is not there',
      { resources: others('a'), constraints: colocation('gone', 'clone_p_haproxy') + colocation('a', 'gone') },
      [],
    ],
  ])('%s', (_, parts, expected) => {
    expect(stopped(parts)).toEqual(expected);
  });

  test.each([
    ['its first member', 'p_haproxy', ['vip__management', 'p_exporter']],
    ['a later one', 'p_exporter', []],
  ])('of a cloned group, with a VIP that goes with the clone: %s', (_, id, expected) => {
    const cib = cibOf('cloned-group');

    expect(stoppedWith(cib, resourceIn(cib, id)).map((one) => one.id)).toEqual(expected);
  });

  test('of a cloned group, with a VIP that starts after the clone: any member', () => {
    const cib = cibOf('cloned-group', [
      '<constraints>',
      '<constraints><rsc_order id="o" first="clone_g_lb" then="vip__management"/>',
    ]);

    expect(stoppedWith(cib, resourceIn(cib, 'p_exporter')).map((one) => one.id)).toEqual(['vip__management']);
  });

  test('a flood of resources and references takes no longer than it must', () => {
    const ids = Array.from({ length: 4_000 }, (_, index) => `r${index}`);
    const chain = ids
      .slice(1)
      .map((id, index) => order(`r${index}`, id))
      .reverse()
      .join('');
    const cross = ordered([ids.join(' '), 'sequential="false"'], [ids.join(' '), 'sequential="false"']);
    const before = process.cpuUsage();

    const found = stopped({
      resources: CLONE + ids.map((id) => primitive(id)).join(''),
      constraints: `${chain}${cross}${order('p_haproxy', 'r0')}`,
    });

    const { user, system } = process.cpuUsage(before);
    expect(found).toHaveLength(4_000);
    expect((user + system) / 1000).toBeLessThan(1_000);
  });
});

test('what HAProxy needs, by whatever it starts after or goes with', () => {
  const cib = cibWith({
    resources: others('vip', 'ntp', 'dns', 'web'),
    constraints:
      order('ntp', 'clone_p_haproxy') +
      colocation('clone_p_haproxy', 'vip') +
      order('dns', 'vip') +
      order('p_haproxy', 'web'),
  });

  expect(needs(cib, resourceIn(cib)).map(({ id }) => id)).toEqual(['vip', 'ntp', 'dns']);
});
