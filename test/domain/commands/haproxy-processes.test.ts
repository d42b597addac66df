import { type HaproxyEvidence, haproxyProcesses } from '../../../domain/commands/haproxy-processes';
import { parseProcesses } from '../../../domain/commands/process-list';

const INIT = '    1     0     0     0   86400 Ss   /sbin/init\n';
const CFG = '/etc/haproxy/haproxy.cfg';
const ARGS = `-p /run/haproxy.pid -f ${CFG} -f /etc/haproxy/conf.d`;

/** @param lines as ps prints them: PID, parent, real user, effective user, age, state, command line */
function told(lines: readonly string[], evidence: Partial<HaproxyEvidence> = {}) {
  const list = parseProcesses(INIT + lines.join('\n'), 'controller node-1');
  const { serving, own, leftovers, foreign, age, files, mode } = haproxyProcesses(list, {
    configFile: CFG,
    ...evidence,
  });
  const pids = (processes: readonly { pid: number }[]) => processes.map(({ pid }) => pid).sort((a, b) => a - b);
  return { serving: pids(serving), own: pids(own), leftovers: pids(leftovers), foreign, age, files, mode };
}

const NONE = { serving: [], own: [], leftovers: [], foreign: [], age: undefined, files: [], mode: undefined };

/**
 * The process tables of real ones, HAProxy 2.6.12 (Debian 12) and 1.6.0 with its wrapper, each with a connection that holds
 * the old processes; only paths and ages were changed.
 */
describe('as HAProxy runs', () => {
  const daemon = `9584 1 65534 65534 3004 Ssl /usr/sbin/haproxy -D ${ARGS}`;
  const reloaded = `9733 1 65534 65534 303 Ssl /usr/sbin/haproxy -D ${ARGS} -sf 9584`;
  const again = `9945 1 65534 65534 31 Ssl /usr/sbin/haproxy -D ${ARGS} -sf 9733`;

  test('as a daemon', () => {
    expect(told([daemon])).toEqual({
      ...NONE,
      serving: [9584],
      own: [9584],
      age: 3004,
      files: [CFG, '/etc/haproxy/conf.d'],
      mode: 'daemon',
    });
  });

  test.each<[string, Partial<HaproxyEvidence>]>([
    ['by what replaced what', {}],
    ['by its PID file', { pidFile: '9945\n' }],
    ['by who listens', { listening: new Set([9945, 700]) }],
  ])('reloaded twice: the last one serves, %s', (_, evidence) => {
    expect(told([daemon, reloaded, again], evidence)).toMatchObject({
      serving: [9945],
      own: [9945],
      leftovers: [9584, 9733],
      age: 31,
    });
  });

  test('of two that look alike the one serves that listens', () => {
    const twins = [8, 9].map((pid) => `${pid} 1 65534 65534 300 Ssl /usr/sbin/haproxy -D ${ARGS}`);

    expect(told(twins, { listening: new Set([8, 700]) })).toMatchObject({ serving: [8], leftovers: [9] });
    // ss said of no socket whose it is.
    expect(told(twins, { listening: new Set() })).toMatchObject({ serving: [8, 9], leftovers: [] });
  });

  test.each<[string, Partial<HaproxyEvidence>]>([
    ['because they were known before', { leftovers: new Set([9584, 9733]) }],
  ])('stopped, with leftovers of a reload: none serves, %s', (_, evidence) => {
    expect(told([daemon, reloaded], evidence)).toMatchObject({
      serving: [],
      own: [],
      leftovers: [9584, 9733],
      age: undefined,
    });
  });

  test.each<[string, Partial<HaproxyEvidence>, number[]]>([
    ['has died, if its PID file names nothing that lives and none listens', { allNamed: true }, []],
    ['may serve, if ss does not say whose each socket is', { allNamed: false }, [9584]],
    ['serves, if it listens', { allNamed: true, listening: new Set([9584]) }, [9584]],
    ['serves, if its PID file names it', { allNamed: true, pidFile: '9584' }, [9584]],
  ])('HAProxy %s', (_, evidence, serving) => {
    const found = told([daemon], { pidFile: '9733', listening: new Set([700]), ...evidence });

    expect(found.serving).toEqual(serving);
  });

  test('in several processes of one start, none is left over', () => {
    const [first, second] = [41, 42].map((pid) => `${pid} 1 110 110 ${pid} Ss /usr/sbin/haproxy -D ${ARGS}`);

    expect(told([first ?? '', second ?? ''])).toMatchObject({ serving: [41, 42], leftovers: [], age: 41 });
  });

  const master = `10139 1 0 0 3003 Ss /usr/sbin/haproxy -Ws ${ARGS}`;
  const oldWorker = `10149 10139 65534 65534 3003 Sl /usr/sbin/haproxy -Ws ${ARGS}`;
  const newWorker = `10364 10139 65534 65534 31 Sl /usr/sbin/haproxy -sf 10149 -x sockpair@3 -Ws ${ARGS}`;

  test('as master and worker: the worker serves, both must end', () => {
    expect(told([master, oldWorker])).toMatchObject({
      serving: [10149],
      own: [10139, 10149],
      age: 3003,
      mode: 'master-worker',
    });
  });

  test.each<[string, Partial<HaproxyEvidence>]>([
    ['by what replaced what', {}],
    ['with the PID of the master in the PID file', { pidFile: '10139' }],
    ['by who listens', { listening: new Set([10364]) }],
  ])('as master and worker, reloaded: the new worker serves, %s', (_, evidence) => {
    expect(told([master, oldWorker, newWorker], evidence)).toMatchObject({
      serving: [10364],
      own: [10139, 10364],
      leftovers: [10149],
      age: 31,
    });
  });

  test('as a master that has not yet a worker: nobody serves, but it must end', () => {
    expect(told([master])).toMatchObject({ serving: [], own: [10139], mode: undefined });
  });

  const wrapper = `23999 1 0 0 3002 Ss /usr/sbin/haproxy-systemd-wrapper ${ARGS}`;
  const wrapped = [
    wrapper,
    `24001 23999 65534 65534 3002 S /usr/sbin/haproxy ${ARGS} -Ds`,
    `24003 24001 65534 65534 3002 Ss /usr/sbin/haproxy ${ARGS} -Ds`,
  ];

  test('under the wrapper for systemd of 1.5 and 1.6', () => {
    expect(told(wrapped)).toMatchObject({ serving: [24003], own: [23999, 24001, 24003], mode: 'systemd-wrapper' });
  });

  test.each<[string, Partial<HaproxyEvidence>]>([
    ['by what replaced what', {}],
    ['by its PID file', { pidFile: '24398' }],
    ['by who listens', { listening: new Set([24398]) }],
  ])('under the wrapper, reloaded: the old ones are left, %s', (_, evidence) => {
    const lines = [
      ...wrapped,
      `24397 23999 65534 65534 31 S /usr/sbin/haproxy ${ARGS} -Ds -sf 24003`,
      `24398 24397 65534 65534 31 Ss /usr/sbin/haproxy ${ARGS} -Ds -sf 24003`,
    ];

    expect(told(lines, evidence)).toMatchObject({
      serving: [24398],
      own: [23999, 24397, 24398],
      leftovers: [24001, 24003],
    });
  });

  test('in a network namespace, as Fuel starts it', () => {
    const fuel = '3100 1 0 0 900 Ss /usr/sbin/haproxy -D -p /var/run/haproxy.pid -f /etc/haproxy/haproxy.cfg';
    const starting = '3099 1 0 0 900 S ip netns exec haproxy /usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg';

    expect(told([starting, fuel])).toMatchObject({ serving: [3100], files: [CFG] });
  });

  test('with a PID in -sf that is another process by now', () => {
    const lines = [
      `500 1 0 0 9000 Ss /usr/sbin/haproxy -D ${ARGS} -sf 501`,
      `501 1 0 0 10 Ss /usr/sbin/haproxy -D ${ARGS}`,
    ];

    expect(told(lines)).toMatchObject({ serving: [501], leftovers: [500] });
  });
});

test('the PID file that it was told to write, as Fuel’s agent tells it', () => {
  const line = `7 1 0 0 5 Ss /usr/sbin/haproxy -f ${CFG} -p /var/run/resource-agents/ns_haproxy/ns_haproxy.pid -sf 6`;
  const list = parseProcesses(INIT + line, 'controller node-1');

  expect(haproxyProcesses(list, { configFile: CFG }).pidFile).toBe(
    '/var/run/resource-agents/ns_haproxy/ns_haproxy.pid',
  );
});

describe('files it was started with', () => {
  test.each<[string, string, string[]]>([
    ['a file', `haproxy -f ${CFG}`, [CFG]],
    ['a directory', 'haproxy -f /etc/haproxy', ['/etc/haproxy']],
    ['a path that is not plain', 'haproxy -f /etc/haproxy/../haproxy//haproxy.cfg', [CFG]],
    ['names in a directory', 'haproxy -C /etc/haproxy -f haproxy.cfg -f conf.d', [CFG, '/etc/haproxy/conf.d']],
    ['files after --', `haproxy -D -- ${CFG} /etc/haproxy/conf.d/a.cfg`, [CFG, '/etc/haproxy/conf.d/a.cfg']],
    ['other options with values', `haproxy -n 2000 -L peer -p /run/h.pid -x /run/s.sock -f ${CFG} -db`, [CFG]],
  ])('%s', (_, args, files) => {
    expect(told([`7 1 0 0 5 Ss /usr/sbin/${args}`])).toMatchObject({ serving: [7], files });
  });

  test('a relative name alone says nothing, but the PID file does', () => {
    const line = '7 1 0 0 5 Ss haproxy -f haproxy.cfg';

    expect(told([line])).toMatchObject({ serving: [], foreign: [{ pid: 7, kind: 'other', files: ['haproxy.cfg'] }] });
    expect(told([line], { pidFile: '7' })).toMatchObject({ serving: [7], foreign: [] });
  });
});

describe('not the resource’s', () => {
  const own = `9584 1 110 110 3004 Ss /usr/sbin/haproxy -D ${ARGS}`;

  test.each<[string, string[], object]>([
    [
      'a metadata proxy of Neutron’s',
      ['70 1 112 112 5 Ss haproxy -f /var/lib/neutron/ns-metadata-proxy/2f3c.conf'],
      { pid: 70, kind: 'neutron-metadata-proxy', files: ['/var/lib/neutron/ns-metadata-proxy/2f3c.conf'] },
    ],
    [
      'a load balancer of Neutron’s',
      [
        '70 1 65534 65534 5 Ss haproxy -f /var/lib/neutron/lbaas/v2/1f/haproxy.conf -p /var/lib/neutron/lbaas/v2/1f/haproxy.pid -sf 66',
      ],
      { pid: 70, kind: 'neutron-lbaas' },
    ],
    [
      'one of Octavia’s',
      ['70 1 0 0 5 Ss /usr/sbin/haproxy -Ws -f /var/lib/octavia/1f/haproxy.cfg -L x'],
      { pid: 70, kind: 'octavia' },
    ],
    [
      'one in a container, with the same files',
      ['60 1 0 0 5 S /usr/bin/containerd-shim-runc-v2 -id f', `70 60 0 0 5 Ss haproxy -W -f ${CFG}`],
      { pid: 70, kind: 'container' },
    ],
    [
      'an ordinary user’s, with the same files',
      [`70 1 1000 1000 5 S haproxy -f ${CFG}`],
      { pid: 70, kind: 'ordinary-user' },
    ],
    [
      'an ordinary user’s set-user-ID program under that name',
      [`70 1 1000 0 5 S haproxy -f ${CFG}`],
      { pid: 70, kind: 'ordinary-user' },
    ],
    ['one with other files', ['70 1 0 0 5 Ss haproxy -f /etc/other.cfg'], { pid: 70, kind: 'other' }],
  ])('%s', (_, lines, expected) => {
    const result = told([own, ...lines]);

    expect(result).toMatchObject({ serving: [9584], own: [9584], leftovers: [], age: 3004 });
    expect(result.foreign).toEqual([expect.objectContaining(expected)]);
  });

  test.each([
    'vim /etc/haproxy/haproxy.cfg',
    'sh -c haproxy -f /etc/haproxy/haproxy.cfg',
    'haproxy -c -f /etc/haproxy/haproxy.cfg',
    'haproxy -vv',
    '/usr/bin/haproxy_exporter --haproxy.scrape-uri=unix:/run/haproxy.sock',
    'tail -f /var/log/haproxy.log',
    'ip netns exec haproxy ping 10.0.0.1',
  ])('none at all: %s', (args) => {
    expect(told([`70 1 0 0 5 S ${args}`])).toEqual(NONE);
  });

  test('none even if its PID stands in the PID file, which may be old', () => {
    expect(told(['70 1 0 0 5 S vim x', `71 1 1000 1000 5 S haproxy -f ${CFG}`], { pidFile: '70 71' })).toMatchObject({
      serving: [],
      own: [],
    });
  });
});

describe('by the programs that really run', () => {
  const own = `9584 1 110 110 3004 Ss /usr/sbin/haproxy -D ${ARGS}`;
  /** Root's by way of sudo, which calls itself as its user likes. */
  const forged = `70 1 0 0 5 S haproxy -f ${CFG}`;

  test('another program is no haproxy, whatever it calls itself', () => {
    const programs = '/proc/9584 /usr/sbin/haproxy\n';

    expect(told([own, forged])).toMatchObject({ serving: [70] });
    expect(told([own, forged], { programs })).toMatchObject({ serving: [9584], foreign: [] });
  });

  test.each([
    ['one that was upgraded meanwhile', '/usr/sbin/haproxy (deleted)', [9584]],
    ['one of a software collection', '/opt/rh/rh-haproxy18/root/usr/sbin/haproxy', [9584]],
    ['one from source', '/usr/local/sbin/haproxy', [9584]],
    ['one with its version in its name', '/usr/sbin/haproxy22', [9584]],
    ['a user’s own', '/home/mallory/haproxy', []],
    ['a user’s own, in a directory that looks alike', '/tmp/usr/sbin/haproxy', []],
    ['an exporter', '/usr/bin/haproxy_exporter', []],
  ])('%s', (_, program, serving) => {
    expect(told([own], { programs: `/proc/9584 ${program}\n` }).serving).toEqual(serving);
  });
});

test('none', () => {
  expect(told([])).toEqual(NONE);
});

test('thousands of processes that an ordinary user calls so, each below the one before, cost little', () => {
  const forged = Array.from({ length: 30_000 }, (_, index) => {
    const pid = 100_000 + index;
    return `${pid} ${pid - 1} 1000 1000 5 S haproxy -f ${CFG} -sf 9584`;
  });
  const before = process.cpuUsage();

  const { serving, foreign } = told([`9584 1 110 110 3004 Ss /usr/sbin/haproxy -D ${ARGS}`, ...forged]);

  const { user, system } = process.cpuUsage(before);
  expect(serving).toEqual([9584]);
  expect(foreign).toHaveLength(30_000);
  expect((user + system) / 1000).toBeLessThan(2_000);
});
