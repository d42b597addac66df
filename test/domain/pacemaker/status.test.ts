import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseClusterStatus } from '../../../domain/pacemaker/status';
import { crmMon, type Instance, instanceElement, type Status } from './crm-mon';

const everywhere: Instance[] = [{ node: 'node-1' }, { node: 'node-2' }, { node: 'node-3' }];
const stopped: Instance[] = [{}, {}, {}];
const read = (status: Status, resource = 'p_haproxy') =>
  parseClusterStatus(crmMon(status), resource, 'controller node-1');

test('a healthy clone', () => {
  const status = read({ instances: everywhere });

  expect(status).toEqual({
    quorate: true,
    maintenance: false,
    online: ['node-1', 'node-2', 'node-3'],
    ids: ['p_haproxy', 'clone_p_haproxy'],
    instances: ['node-1', 'node-2', 'node-3'].map((node) => ({
      role: 'Started',
      active: true,
      managed: true,
      blocked: false,
      failed: false,
      nodes: [node],
    })),
    disabled: false,
  });
});

test('found by the name of the clone too', () => {
  expect(read({ instances: everywhere }, 'clone_p_haproxy')).toEqual(read({ instances: everywhere }));
});

/** What pacemaker 2.1.5's own crm_mon printed for a cluster of three controllers. */
describe('as crm_mon prints it:', () => {
  const printed = (name: string) =>
    readFileSync(join(__dirname, '../../local/simulated-site/truth', `crm_mon-${name}.xml`), 'utf8');
  const all = (one: string) => [one, one, one];

  test.each([
    ['healthy', [], all('Started')],
    ['disabled', ['disabled'], all('Stopped')],
    ['disabledclone', ['disabled'], all('Stopped')],
    ['noquorum', ['no quorum'], all('Stopped')],
    ['maint', ['maintenance'], all('Started unmanaged')],
    ['unmanaged', [], all('Started unmanaged')],
    ['stopfail', ['disabled'], ['Started unmanaged blocked failed', 'Stopped', 'Stopped']],
    ['startfail', [], ['Started', 'Started', 'Stopped']],
  ])('%s is %j with %j', (name, flags, expected) => {
    const { quorate, maintenance, disabled, instances } = parseClusterStatus(printed(name), 'p_haproxy', 'node-1');

    const ofCluster = { 'no quorum': !quorate, maintenance, disabled };
    expect(namesOf(ofCluster)).toEqual(flags);
    expect(
      instances.map(({ role, active, managed, blocked, failed }) => {
        expect(active).toBe(role === 'Started');
        return [role, ...namesOf({ unmanaged: !managed, blocked, failed })].join(' ');
      }),
    ).toEqual(expected);
  });

  function namesOf(flags: Readonly<Record<string, boolean>>): string[] {
    return Object.entries(flags).flatMap(([name, holds]) => (holds ? [name] : []));
  }
});

describe('disabled', () => {
  test.each<[string, Status]>([
    ['by the primitive', { instances: stopped.map(() => ({ targetRole: 'Stopped' })) }],
    ['by the clone', { instances: stopped, clone: ' target_role="Stopped"' }],
    // Pacemaker takes roles in any case: its own regression tests have this one.
    ['in lower case', { instances: stopped.map(() => ({ targetRole: 'stopped' })), clone: ' target_role="stopped"' }],
  ])('%s', (_, status) => {
    const { disabled, instances } = read(status);

    expect(disabled).toBe(true);
    expect(instances.map(({ active, role }) => ({ active, role }))).toEqual(
      stopped.map(() => ({ active: false, role: 'Stopped' })),
    );
  });

  test('not where its target role is to run', () => {
    expect(read({ instances: [{ node: 'node-1', targetRole: 'Started' }] }).disabled).toBe(false);
  });

  test('not because something else is', () => {
    const xml = crmMon({ instances: everywhere }).replace(
      'role="Started" active',
      'role="Started" target_role="Stopped" active',
    );

    expect(xml).toContain(
      'resource id="vip__management" resource_agent="ocf:heartbeat:IPaddr2" role="Started" target_role',
    );
    expect(parseClusterStatus(xml, 'p_haproxy', 'x').disabled).toBe(false);
  });
});

test('a stop that failed: FAILED (disabled, blocked)', () => {
  const { instances, disabled } = read({
    instances: [
      { node: 'node-2', targetRole: 'Stopped', blocked: true, failed: true, managed: false },
      { targetRole: 'Stopped' },
      { targetRole: 'Stopped' },
    ],
  });

  expect(disabled).toBe(true);
  expect(instances.map(({ blocked, failed }) => blocked && failed)).toEqual([true, false, false]);
  expect(instances[0]?.nodes).toEqual(['node-2']);
});

test('an instance that pacemaker is starting, and one that it is stopping, are told from one that runs', () => {
  const { instances } = read({
    instances: [{ node: 'node-1' }, { node: 'node-2', role: 'Starting' }, { node: 'node-3', role: 'Stopping' }],
  });

  expect(instances.map(({ role }) => role)).toEqual(['Started', 'Starting', 'Stopping']);
});

describe('unmanaged', () => {
  test('by the primitive', () => {
    const { instances } = read({ instances: everywhere.map((one) => ({ ...one, managed: false })) });

    expect(instances.map(({ managed }) => managed)).toEqual([false, false, false]);
  });

  test('by the clone', () => {
    const xml = crmMon({ instances: everywhere }).replace(
      'unique="false" managed="true"',
      'unique="false" managed="false"',
    );

    const { instances } = parseClusterStatus(xml, 'p_haproxy', 'x');

    expect(instances.map(({ managed }) => managed)).toEqual([false, false, false]);
  });

  test('in maintenance mode', () => {
    const { maintenance, instances } = read({
      maintenance: true,
      instances: everywhere.map((one) => ({ ...one, managed: false })),
    });

    expect(maintenance).toBe(true);
    expect(instances.map(({ managed }) => managed)).toEqual([false, false, false]);
  });
});

describe('quorum', () => {
  test('lost', () => {
    const status = read({ instances: [{ node: 'node-1' }, { node: 'node-2' }, {}], quorum: false });

    expect(status.quorate).toBe(false);
    expect(status.online).toEqual(['node-1', 'node-2']);
  });

  test('not known before a coordinator is elected counts as lost', () => {
    expect(read({ instances: stopped, dc: false }).quorate).toBe(false);
  });
});

describe('forms of the resource', () => {
  test('an unknown one has no instances', () => {
    const status = read({ instances: everywhere }, 'haproxy');

    expect(status.instances).toEqual([]);
    expect(status.disabled).toBe(false);
    expect(status.quorate).toBe(true);
  });

  test('a unique clone has numbered instances', () => {
    const instances = everywhere.map((one, index) => ({ ...one, id: `p_haproxy:${index}` }));

    const status = read({ instances, unique: true });

    expect(status.instances.flatMap(({ nodes }) => nodes)).toEqual(['node-1', 'node-2', 'node-3']);
    expect(status.ids).toEqual(['p_haproxy', 'clone_p_haproxy']);
  });

  test('one instance alone', () => {
    expect(read({ instances: [{ node: 'node-1' }] }).instances).toHaveLength(1);
  });

  test('a primitive that is no clone', () => {
    const status = read({ instances: everywhere }, 'vip__management');

    expect(status.instances).toEqual([
      { role: 'Started', active: true, managed: true, blocked: false, failed: false, nodes: ['node-1'] },
    ]);
  });

  test('a name that another resource begins or ends with is another one', () => {
    const others = [
      { node: 'node-1', id: 'p_haproxy_stats' },
      { node: 'node-2', id: 'old_p_haproxy' },
    ].map(instanceElement);
    const xml = crmMon({ instances: everywhere }).replace('<resources>', `<resources>${others.join('\n')}`);

    const { instances } = parseClusterStatus(xml, 'p_haproxy', 'x');

    expect(instances).toHaveLength(3);
  });

  test('an older pacemaker 2 has crm_mon as the root', () => {
    const xml = crmMon({ instances: everywhere })
      .replace(/<pacemaker-result [^>]*>/, '<crm_mon version="2.0.0">')
      .replace('</pacemaker-result>', '</crm_mon>');

    expect(parseClusterStatus(xml, 'p_haproxy', 'x')).toEqual(read({ instances: everywhere }));
  });

  test('names of nodes stay text', () => {
    expect(read({ instances: [{ node: '007' }] }).instances[0]?.nodes).toEqual(['007']);
  });
});

test.each([
  ['nothing', ''],
  ['an error of the shell', 'sh: 1: crm_mon: not found\n'],
  ['half of the output', crmMon({ instances: everywhere }).slice(0, 200)],
  ['another XML', '<html><body>503</body></html>'],
  ['an empty result', '<pacemaker-result api-version="2.25"/>'],
  [
    'that it is not connected',
    '<pacemaker-result api-version="2.25" request="crm_mon"><status code="102" message="Not connected"/></pacemaker-result>',
  ],
])('%s is no status, and the error says whose', (_, text) => {
  const parse = () => parseClusterStatus(text, 'p_haproxy', 'controller node-2 of site golden');

  expect(parse).toThrow(expect.objectContaining({ name: 'PacemakerUnavailable' }) as Error);
  expect(parse).toThrow('controller node-2 of site golden');
});
