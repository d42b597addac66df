import { blastRadius, dependents, parseConstraints, parseListeners } from '../../../domain/pacemaker/blast-radius';
import type { Outcome } from '../../../domain/ssh/command';
import { fakeConnection } from '../fakes';
import { site } from '../sites';

const golden = site('golden');
const HAPROXY = ['p_haproxy', 'clone_p_haproxy'];

/** What goes down with HAProxy under these constraints. */
function downWith(...constraints: string[]): readonly string[] {
  const parsed = parseConstraints(`<constraints>${constraints.join('')}</constraints>`, 'controller node-1');
  return blastRadius({ listeners: [], constraints: parsed }, HAPROXY).resources;
}

const colocation = (rsc: string, withRsc: string, score = 'INFINITY') =>
  `<rsc_colocation id="c-${rsc}-${withRsc}" rsc="${rsc}" with-rsc="${withRsc}" score="${score}"/>`;
const order = (first: string, then: string, attributes = '') =>
  `<rsc_order id="o-${first}-${then}" first="${first}" then="${then}" ${attributes}/>`;
const sets = (kind: string, attributes: string, ...members: [ids: string[], attributes?: string][]) =>
  `<${kind} id="s" ${attributes}>${members
    .map(
      ([ids, of = ''], index) =>
        `<resource_set id="s-${index}" ${of}>${ids.map((id) => `<resource_ref id="${id}"/>`).join('')}</resource_set>`,
    )
    .join('')}</${kind}>`;

describe('resources that go down with HAProxy', () => {
  test.each<[string, string[], string[]]>([
    ['none where there are no constraints', [], []],
    ['a VIP, by the clone', [colocation('vip__management', 'clone_p_haproxy')], ['vip__management']],
    ['a VIP, by the primitive', [colocation('vip__public', 'p_haproxy')], ['vip__public']],
    [
      'what goes with what goes with it, in whatever order they stand',
      [colocation('dns', 'ntp'), colocation('ntp', 'vip__vrouter'), colocation('vip__vrouter', 'clone_p_haproxy')],
      ['vip__vrouter', 'ntp', 'dns'],
    ],
    ['not what HAProxy goes with', [colocation('clone_p_haproxy', 'clone_p_vrouter')], []],
    ['not what is kept apart from it', [colocation('vip__management', 'clone_p_haproxy', '-INFINITY')], []],
    ['not what would only rather be near it', [colocation('vip__management', 'clone_p_haproxy', '5000')], []],
    ['what is infinite in digits', [colocation('vip__management', 'clone_p_haproxy', '1000000')], ['vip__management']],
    ['what starts after it', [order('clone_p_haproxy', 'keepalived')], ['keepalived']],
    ['what starts after it, by kind', [order('p_haproxy', 'keepalived', 'kind="Mandatory"')], ['keepalived']],
    ['not what it starts after', [order('vip__management', 'clone_p_haproxy')], []],
    [
      'not what starts after it only by preference, or stops in no order, or is promoted after it',
      [
        order('p_haproxy', 'a', 'kind="Optional"'),
        order('p_haproxy', 'b', 'score="0"'),
        order('p_haproxy', 'c', 'symmetrical="false"'),
        order('p_haproxy', 'd', 'then-action="promote"'),
      ],
      [],
    ],
    [
      'in a set, what stands behind it',
      [sets('rsc_colocation', 'score="INFINITY"', [['ntp', 'clone_p_haproxy', 'vip__a', 'vip__b']])],
      ['vip__a', 'vip__b'],
    ],
    [
      'in a set without sequence nothing',
      [sets('rsc_colocation', 'score="INFINITY"', [['clone_p_haproxy', 'vip__a'], 'sequential="false"'])],
      [],
    ],
    [
      'of colocated sets, the ones in front',
      [
        sets(
          'rsc_colocation',
          'score="INFINITY"',
          [['vip__a', 'vip__b'], 'sequential="false"'],
          [['clone_p_haproxy']],
          [['ntp']],
        ),
      ],
      ['vip__a', 'vip__b'],
    ],
    [
      'of sets in order, the ones behind',
      [sets('rsc_order', 'kind="Mandatory"', [['ntp']], [['clone_p_haproxy']], [['vip__a']])],
      ['vip__a'],
    ],
    [
      'of two that go with each other, each once',
      [colocation('a', 'clone_p_haproxy'), colocation('b', 'a'), colocation('a', 'b')],
      ['a', 'b'],
    ],
  ])('%s', (_, constraints, expected) => {
    expect(downWith(...constraints)).toEqual(expected);
  });

  test.each([
    ['nothing', ''],
    ['an error', 'Call cib_query failed (-62): Timer expired\n'],
    ['half of it', '<constraints><rsc_colocation id="c"'],
    ['another XML', '<html/>'],
  ])('%s is no list of constraints', (_, text) => {
    const parse = () => parseConstraints(text, 'controller node-2 of site golden');

    expect(parse).toThrow(expect.objectContaining({ name: 'PacemakerUnavailable' }) as Error);
    expect(parse).toThrow('controller node-2 of site golden');
  });
});

describe('listeners', () => {
  test.each<[string, string, string[]]>([
    [
      'with every address of each, and nothing of what comes behind',
      'listen stats\n  bind 10.21.22.2:10000\nfrontend horizon\n\tbind 10.21.22.2:80\n  bind  :443 ssl crt /etc/ssl/private.pem\n',
      ['stats (10.21.22.2:10000)', 'horizon (10.21.22.2:80, :443)'],
    ],
    ['with addresses that share a line', 'listen a\n bind 10.0.0.1:80,10.0.0.2:80\n', ['a (10.0.0.1:80, 10.0.0.2:80)']],
    ['where the section itself says it', 'listen old 10.21.22.2:8080\n', ['old (10.21.22.2:8080)']],
    ['without sections that listen nowhere', 'listen a\npeers b\nlisten c\n bind :1\n', ['c (:1)']],
    ['none', '', []],
  ])('%s', (_, lines, expected) => {
    expect(parseListeners(lines)).toEqual(expected);
  });
});

describe('reading them', () => {
  const read = async (grep: Partial<Outcome>, cibadmin: Partial<Outcome>) => {
    const { node } = await fakeConnection(golden, {
      answer: (_, { argv: [program] }) => (program === 'grep' ? grep : cibadmin),
    });
    return dependents(node);
  };
  const none = { stdout: '<constraints/>\n' };

  test('HAProxy without any listener', async () => {
    await expect(read({ exitCode: 1, stdout: 'listen x\n bind :1\n' }, none)).resolves.toEqual({
      listeners: [],
      constraints: [],
    });
  });

  test('HAProxy with one, and a VIP that goes with it', async () => {
    const constraints = `<constraints>${colocation('vip', 'clone_p_haproxy')}</constraints>`;

    await expect(read({ stdout: 'listen x\n bind :1\n' }, { stdout: constraints })).resolves.toEqual({
      listeners: ['x (:1)'],
      constraints: [{ resource: 'vip', on: 'clone_p_haproxy' }],
    });
  });

  test.each([
    [
      'a directory that is not there',
      { exitCode: 2, stderr: 'grep: /etc/haproxy/conf.d: No such file' },
      none,
      'CommandFailed',
    ],
    ['pacemaker that does not answer', {}, { exitCode: 102 }, 'PacemakerUnavailable'],
    ['pacemaker that says nothing', {}, {}, 'PacemakerUnavailable'],
  ])('%s is a failure', async (_, grep, cibadmin, name) => {
    await expect(read(grep, cibadmin)).rejects.toMatchObject({
      name,
      message: expect.stringContaining('node-1 of site golden') as string,
    });
  });
});
