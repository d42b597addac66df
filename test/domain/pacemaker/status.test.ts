import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterStatus, isStarted, parseClusterStatus } from '../../../domain/pacemaker/status';
import { statusOf } from './cibs';
import { crmMon, type Instance, instanceElement, type Status } from './crm-mon';

const everywhere: Instance[] = [{ node: 'node-1' }, { node: 'node-2' }, { node: 'node-3' }];
const stopped: Instance[] = [{}, {}, {}];
const read = (status: Status, resource = 'p_haproxy') =>
  parseClusterStatus(crmMon(status), resource, 'controller node-1');

/** The instances as one text each: "Started on node-1", and what else is said of them. */
function told({ instances }: ClusterStatus): string[] {
  return instances
    .map(({ role, nodes, managed, blocked, failed, active }) =>
      [
        role,
        ...nodes.map((node) => `on ${node}`),
        ...(managed ? [] : ['unmanaged']),
        ...(blocked === true ? ['blocked'] : []),
        ...(failed ? ['failed'] : []),
        ...(active === nodes.length > 0 ? [] : ['contradictory']),
      ].join(' '),
    )
    .sort();
}

/** crm_mon/README.md says which pacemaker printed these, and of which cluster. */
describe('as crm_mon printed it:', () => {
  const files = readdirSync(join(__dirname, 'crm_mon')).filter((name) => name.endsWith('.xml'));
  const on = (...nodes: number[]) => nodes.map((node) => `Started on node-${node}`);
  const all = on(1, 2, 3);
  const none = ['Stopped', 'Stopped', 'Stopped'];
  const unmanaged = all.map((one) => `${one} unmanaged`);

  /** By case: the instances, and what else is not as in a healthy cluster. */
  const CASES: Readonly<Record<string, [instances: string[], others?: Partial<ClusterStatus>]>> = {
    healthy: [all],
    disabled: [none, { disabled: true }],
    'disabled-clone': [none, { disabled: true }],
    unmanaged: [unmanaged],
    'defaults-unmanaged': [unmanaged],
    'resource-maintenance': [unmanaged],
    'node-maintenance': [['Started on node-1', 'Started on node-2 unmanaged', 'Started on node-3']],
    maintenance: [unmanaged, { maintenance: true }],
    blocked: [['Started on node-1', 'Started on node-2 unmanaged blocked failed', 'Started on node-3']],
    'stop-failed': [['Started on node-2 unmanaged blocked failed', 'Stopped', 'Stopped'], { disabled: true }],
    'start-failed': [[...on(1, 2), 'Stopped']],
    'no-quorum': [none, { quorate: false, online: ['node-1'] }],
    'node-lost': [[...on(1, 2), 'Stopped'], { online: ['node-1', 'node-2'] }],
    standby: [[...on(1, 3), 'Stopped']],
    ban: [[...on(1, 2), 'Stopped']],
    'stop-all': [none],
    'cloned-group': [all, { ids: ['p_haproxy', 'g_lb', 'clone_g_lb'] }],
    'cloned-group-disabled': [none, { ids: ['p_haproxy', 'g_lb', 'clone_g_lb'], disabled: true }],
    unique: [all],
    group: [on(1), { ids: ['p_haproxy', 'g_lb'] }],
  };

  test.each(files)('%s', (file) => {
    const [, version = '', name = ''] = /^([\d.]+)-(.*)\.xml$/.exec(file) ?? [];
    const [instances, others] = CASES[name] ?? [];

    const status = statusOf(version, name);

    const silent = ['1.1.12', '1.1.14'].includes(version);
    expect(told(status)).toEqual(silent ? instances?.map((one) => one.replace(' blocked', '')) : instances);
    expect(status).toMatchObject({
      quorate: true,
      online: ['node-1', 'node-2', 'node-3'],
      ids: ['p_haproxy', 'clone_p_haproxy'],
      maintenance: false,
      disabled: false,
      ...others,
      // Before 1.1.16 crm_mon does not print it, and that is what we say.
      ...(silent ? { maintenance: undefined, disabled: undefined } : {}),
      version: expect.stringContaining(version) as string,
    });
    expect(status.instances.every(({ blocked }) => (blocked === undefined) === silent)).toBe(true);
  });

  test('every release of the list is there, with the nine main cases', () => {
    const versions = ['1.1.12', '1.1.14', '1.1.18', '1.1.23', '2.0.1', '2.0.3', '2.0.5', '2.1.2', '2.1.5', '3.0.2'];
    const main = ['healthy', 'disabled', 'unmanaged', 'blocked', 'no-quorum', 'start-failed', 'node-lost', 'standby'];

    const missing = versions
      .flatMap((version) => [...main, 'maintenance'].map((name) => `${version}-${name}.xml`))
      .filter((file) => !files.includes(file));

    expect(missing).toEqual([]);
  });

  test('nodes with what keeps HAProxy off them', () => {
    const plain = { online: true, standby: false, standbyOnFail: false, maintenance: false, pending: false };

    expect(statusOf('1.1.12', 'standby').nodes[1]).toEqual({ ...plain, name: 'node-2', standby: true, unclean: false });
    expect(statusOf('2.1.5', 'standby').nodes[1]).toEqual({ ...plain, name: 'node-2', standby: true, unclean: false });
    expect(statusOf('3.0.2', 'node-maintenance').nodes[1]).toMatchObject({ maintenance: true });
  });

  test('what runs, in clones, groups and beside them', () => {
    const { running } = statusOf('1.1.12', 'cloned-group');

    expect([...running].sort()).toEqual(['p_exporter', 'p_haproxy', 'vip__management']);
  });
});

test.each([
  ['healthy', all('Started'), { disabled: false }],
  ['disabled', all('Stopped'), { disabled: true }],
  ['disabledclone', all('Stopped'), { disabled: true }],
  ['noquorum', all('Stopped'), { quorate: false }],
  ['maint', all('Started'), { maintenance: true }],
  ['unmanaged', all('Started'), { maintenance: false }],
  ['stopfail', ['Started', 'Stopped', 'Stopped'], { disabled: true }],
  ['startfail', ['Started', 'Started', 'Stopped'], { disabled: false }],
])('as the lab has it: %s', (name, roles, others) => {
  const xml = readFileSync(join(__dirname, '../../local/simulated-site/truth', `crm_mon-${name}.xml`), 'utf8');

  const status = parseClusterStatus(xml, 'p_haproxy', 'node-1');

  expect(status.instances.map(({ role }) => role)).toEqual(roles);
  expect(status).toMatchObject(others);
});

function all(role: string): string[] {
  return [role, role, role];
}

test('found by the name of the clone too', () => {
  expect(read({ instances: everywhere }, 'clone_p_haproxy')).toEqual(read({ instances: everywhere }));
});

describe('disabled', () => {
  // Pacemaker takes roles in any case: its own regression tests have this one.
  test.each(['Stopped', 'stopped'])('by the target role %s', (targetRole) => {
    expect(read({ instances: stopped.map(() => ({ targetRole })) }).disabled).toBe(true);
  });

  test('not if its target role is to run', () => {
    expect(read({ instances: [{ node: 'node-1', targetRole: 'Started' }] }).disabled).toBe(false);
  });

  test('not if the clone has a target role that the primitive overrules', () => {
    const instances = everywhere.map((one) => ({ ...one, targetRole: 'Started' }));

    expect(read({ instances, clone: ' target_role="Stopped"' }).disabled).toBe(false);
  });

  test('not because something else is', () => {
    const xml = crmMon({ instances: everywhere }).replace(
      'role="Started" active',
      'role="Started" target_role="Stopped" active',
    );

    expect(parseClusterStatus(xml, 'p_haproxy', 'x').disabled).toBe(false);
  });
});

test('an instance that pacemaker is starting, and one that it is stopping, are told from one that runs', () => {
  const { instances } = read({
    instances: [{ node: 'node-1' }, { node: 'node-2', role: 'Starting' }, { node: 'node-3', role: 'Stopping' }],
  });

  expect(instances.map(isStarted)).toEqual([true, false, false]);
});

test.each(['Master', 'Slave', 'Promoted', 'Unpromoted'])('%s is a role of one that runs', (role) => {
  const { instances } = read({
    instances: [
      { node: 'node-1', role },
      { node: 'node-2', role, failed: true },
    ],
  });

  expect(instances.map(isStarted)).toEqual([true, false]);
});

test('quorum that is not known before a coordinator is elected counts as lost', () => {
  expect(read({ instances: stopped, dc: false })).toMatchObject({ quorate: false, version: '' });
});

describe('forms of the resource', () => {
  test('an unknown one has no instances', () => {
    const status = read({ instances: everywhere }, 'haproxy');

    expect(status).toMatchObject({ instances: [], ids: [], disabled: false, quorate: true });
  });

  test('in a bundle', () => {
    const xml = crmMon({ instances: [] }).replace(
      '<resources>',
      `<resources><bundle id="lb-bundle" type="docker" image="lb" unique="false" managed="true" failed="false"><replica id="0">
        <resource id="lb-bundle-docker-0" resource_agent="ocf:heartbeat:docker" role="Started" active="true" managed="true" blocked="false" failed="false" nodes_running_on="1"/>
        ${instanceElement({ node: 'lb-bundle-0', id: 'haproxy' })}</replica></bundle>`,
    );

    const status = parseClusterStatus(xml, 'haproxy', 'x');

    expect(status).toMatchObject({ ids: ['haproxy', 'lb-bundle'], instances: [{ nodes: ['lb-bundle-0'] }] });
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

  test('names of nodes stay text', () => {
    expect(read({ instances: [{ node: '007' }] }).instances[0]?.nodes).toEqual(['007']);
  });
});

test.each([
  ['nothing', ''],
  ['an error of the shell', 'sh: 1: crm_mon: not found\n'],
  ['half of the output', crmMon({ instances: everywhere }).slice(0, 200)],
  ['the output without its end', crmMon({ instances: everywhere }).trim().slice(0, -1)],
  ['another XML', '<html><body>503</body></html>'],
  ['an empty result', '<pacemaker-result api-version="2.25"/>'],
  [
    'that it is not connected',
    '<pacemaker-result api-version="2.25" request="crm_mon"><status code="102" message="Not connected"/></pacemaker-result>',
  ],
  [
    // 2.1.5 prints this, and exits with 0.
    'that the CIB does not match its schema',
    '<pacemaker-result api-version="2.25" request="crm_mon -1 -r --output-as=xml"><status code="0" message="OK"><errors><error>Could not connect to the CIB: Update does not conform to the configured schema</error></errors></status></pacemaker-result>',
  ],
])('%s is no status, and the error says whose', (_, text) => {
  const parse = () => parseClusterStatus(text, 'p_haproxy', 'controller node-2 of site golden');

  expect(parse).toThrow(expect.objectContaining({ name: 'PacemakerUnavailable' }) as Error);
  expect(parse).toThrow('controller node-2 of site golden');
});
