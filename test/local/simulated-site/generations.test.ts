import { detection, type DetectionOutcomes, parseDetection } from '../../../domain/commands/detection';
import { haproxyProcesses } from '../../../domain/commands/haproxy-processes';
import { magnumProcesses } from '../../../domain/commands/magnum-processes';
import { parseProcesses } from '../../../domain/commands/process-list';
import { parseListening } from '../../../domain/commands/listening';
import type { Command } from '../../../domain/ssh/command';
import { GENERATIONS, type GenerationName } from '../../../local/simulated-site';
import { lab, labForEach, restartLab } from './client';

labForEach();

const NAMES = Object.keys(GENERATIONS) as GenerationName[];

/** What the product's commands find out on the first controller. */
async function detected() {
  const asked = Object.entries<Command>(detection(lab.site.document));
  const outcomes: [string, { exitCode: number; stdout: string; stderr: string }][] = [];
  for (const [name, command] of asked) {
    const { exit, ...texts } = await lab.run('node-1', command);
    outcomes.push([name, { exitCode: exit ?? -1, ...texts }]);
  }
  const found = parseDetection(Object.fromEntries(outcomes) as DetectionOutcomes);
  return { ...found, list: parseProcesses(found.ps, 'node-1') };
}

const first = () => {
  const controller = lab.site.controllers.get('node-1');
  if (!controller) throw new Error('node-1 is missing');
  return controller;
};

/** As the product is told them: programs that are there, versions, Magnum's Python, HAProxy's namespace. */
const FACTS: Readonly<Record<GenerationName, readonly [programs: string, string, string, string, string | undefined]>> =
  {
    'fuel-9': ['pcs crm service python python2', '1.1.12', '1.5.3', '/usr/bin/python', 'haproxy'],
    'fuel-10': ['pcs crm service systemctl python python2 python3', '1.1.14', '1.6.3', '/usr/bin/python', 'haproxy'],
    'centos-7': ['pcs service systemctl python python2', '1.1.23', '1.5.18', '/usr/bin/python2', undefined],
    'rocky-9': ['pcs systemctl python3', '2.1.7', '2.4.22-f8e3218', '/usr/bin/python3', undefined],
    'ubuntu-24': ['crm service systemctl python3', '2.1.6', '2.8.5-1ubuntu3.3', '/usr/bin/python3', undefined],
    'debian-11': ['pcs service systemctl python3', '2.0.5', '2.2.9-2', '/usr/bin/python3', undefined],
    'debian-12': ['pcs service systemctl python3', '2.1.5', '2.6.12-1', '/usr/bin/python3', undefined],
    'debian-13': ['pcs service systemctl python3', '3.0.0', '3.0.11-1', '/usr/bin/python3', undefined],
  };

describe.each(NAMES)('%s', (generation) => {
  const { services, haproxy, magnum } = GENERATIONS[generation];
  const [programs, pacemakerVersion, haproxyVersion, python, namespace] = FACTS[generation];

  beforeEach(() => restartLab({ generation }));

  it('answers what the product asks of it first', async () => {
    const found = await detected();

    expect(found).toMatchObject({ pacemaker: pacemakerVersion, haproxy: haproxyVersion, python, namespace });
    expect([...found.programs].filter((one) => !one.startsWith('magnum-')).sort()).toEqual(programs.split(' ').sort());
    expect([...found.services]).toEqual(expect.arrayContaining([services.api, services.conductor]));
  });

  it('shows its processes: of HAProxy those that serve, of Magnum how it runs', async () => {
    const { list, haproxyPrograms = '' } = await detected();
    const pidFile = first().files.files.get(haproxy.pidFile)?.content ?? '';
    const evidence = { configFile: '/etc/haproxy/haproxy.cfg', programs: haproxyPrograms, pidFile };

    const found = haproxyProcesses(list, evidence);

    const proxies = GENERATIONS[generation].metadataProxies ? ['neutron-metadata-proxy', 'neutron-metadata-proxy'] : [];
    expect(found.foreign.map(({ kind }) => kind)).toEqual(proxies);
    expect(found).toMatchObject({ mode: haproxy.processes, pidFile: haproxy.pidFile });
    expect([found.serving.length, found.leftovers.length]).toEqual([1, haproxy.reloaded ? 1 : 0]);
    expect(magnumProcesses(list, 'magnum-api').form).toBe(magnum.api);
    expect(magnumProcesses(list, 'magnum-conductor').own).toHaveLength(3);
  });

  it('restarts a service by what it has for that, and gives it other PIDs', async () => {
    const before = (await detected()).list;
    const line = programs.includes('service') ? `service ${services.api} restart` : `systemctl restart ${services.api}`;

    const { exit } = await lab.exec('node-1', line);

    const [old, young] = [before, (await detected()).list].map((list) => magnumProcesses(list, 'magnum-api').own);
    expect(exit).toBe(0);
    expect(young?.map(({ pid }) => pid)).not.toEqual(old?.map(({ pid }) => pid));
    expect(young).toHaveLength(old?.length ?? 0);
  });

  it('has no program that it would not have', async () => {
    for (const name of ['pcs', 'crm', 'service', 'systemctl', 'python', 'python2', 'python3']) {
      const { exit } = await lab.exec('node-1', name);
      expect([name, exit === 127]).toEqual([name, !programs.split(' ').includes(name)]);
    }
  });

  it('disables and enables HAProxy with its shell of the cluster', async () => {
    const [disable, enable] = programs.includes('pcs')
      ? ['pcs resource disable p_haproxy', 'pcs resource enable p_haproxy']
      : ['crm resource stop p_haproxy', 'crm resource start p_haproxy'];

    const disabled = await lab.exec('node-1', disable);
    await lab.until(() => lab.site.pacemaker.nodes.every(({ state }) => state === 'stopped'));
    const enabled = await lab.exec('node-2', enable);
    await lab.until(() => lab.site.pacemaker.nodes.every(({ state }) => state === 'started'));

    expect([disabled, enabled]).toEqual(Array(2).fill({ exit: 0, stdout: '', stderr: '' }));
  });

  it('a resource that is unknown', async () => {
    const line = programs.includes('pcs') ? 'pcs resource disable nonesuch' : 'crm resource stop nonesuch';

    const { exit, stderr } = await lab.exec('node-1', line);

    expect(exit).toBe(1);
    expect(stderr).toContain('nonesuch');
  });
});

describe('who listens where', () => {
  /** By port the addresses on which somebody listens. */
  const listening = async (within = '') => {
    const { stdout } = await lab.exec('node-1', `${within}ss -ltnp`);
    return (port: number) => parseListening(stdout).flatMap((one) => (one.port === port ? [one.address] : []));
  };
  const OTHERS = { '/etc/default/magnum-api': '' };

  it('uWSGI as the package has it takes the port on every address: HAProxy that is to have it on the VIP does not start', async () => {
    await restartLab({ generation: 'debian-13' });
    const controller = first();
    for (const [path, content] of Object.entries(OTHERS)) controller.files.write(path, content);
    controller.files.seed('/etc/haproxy/conf.d/180-magnum.cfg', 'listen magnum-api\n bind 10.21.22.2:9511\n');
    await lab.exec('node-1', 'service magnum-api restart');
    await lab.pass(2000);

    const before = await listening();
    controller.stop();
    const started = controller.start();

    expect(before(9511)).toEqual(['*']);
    expect(started).toBe(false);
  });

  it('bound to its own address it leaves the VIP to HAProxy', async () => {
    await restartLab({ generation: 'debian-13' });
    const controller = first();
    controller.files.seed('/etc/haproxy/conf.d/180-magnum.cfg', 'listen magnum-api\n bind 10.21.22.2:9511\n');

    controller.stop();
    const started = controller.start();

    expect(started).toBe(true);
    expect((await listening())(9511)).toEqual(['10.21.22.6', '10.21.22.2']);
  });

  it('in a network namespace HAProxy has the port for itself, and the controller does not see it', async () => {
    await restartLab({ generation: 'fuel-9' });
    const controller = first();
    controller.files.seed('/etc/magnum/magnum.conf', '[api]\nhost = 0.0.0.0\n', 0o640, 'root', 'magnum');
    controller.files.seed('/etc/haproxy/conf.d/180-magnum.cfg', 'listen magnum-api\n bind 10.21.22.2:9511\n');
    await lab.exec('node-1', 'service magnum-api restart');
    await lab.pass(2000);

    controller.stop();
    const started = controller.start();

    const [outside, inside] = [await listening(), await listening('ip netns exec haproxy ')];
    expect(started).toBe(true);
    expect([outside(9511), inside(9511)]).toEqual([['*'], ['10.21.22.2']]);
    expect([outside(5000), inside(5000)]).toEqual([['10.21.22.6'], ['10.21.22.2']]);
  });

  it('two sections that bind the same address share its connections', async () => {
    await restartLab({ generation: 'fuel-10' });
    for (const { files } of lab.site.controllers.values()) {
      files.seed('/etc/haproxy/conf.d/190-other.cfg', 'listen other\n bind 10.21.22.2:5000\n mode http\n');
    }
    first().stop();
    first().start();

    const statuses: number[] = [];
    for (let at = 0; at < 6; at++) statuses.push((await lab.get('10.21.22.2', 5000)).status);

    expect(statuses.filter((status) => status === 503)).toHaveLength(3);
  });
});

describe('a reload', () => {
  it.each(['fuel-9', 'debian-12'] as const)(
    'leaves the old process of HAProxy where it is while it has sessions, on %s',
    async (generation) => {
      await restartLab({ generation });
      const before = await detected();
      const evidence = { configFile: '/etc/haproxy/haproxy.cfg' };
      const [old] = haproxyProcesses(before.list, evidence).serving;
      await lab.pass(3000);

      const reloaded = first().reload({ underSessions: true });

      const { list } = await detected();
      const pidFile = first().files.files.get(GENERATIONS[generation].haproxy.pidFile)?.content ?? '';
      const { serving, leftovers, age } = haproxyProcesses(list, { ...evidence, pidFile });
      expect(reloaded).toBe(true);
      const others = GENERATIONS[generation].haproxy.reloaded ? 1 : 0;
      expect(leftovers).toHaveLength(1 + others);
      expect(leftovers.map(({ pid }) => pid)).toContain(old?.pid);
      expect(serving.map(({ pid }) => pid)).not.toContain(old?.pid);
      expect(age).toBe(0);
      expect((await lab.get('10.21.22.2', 5000)).status).toBe(300);
    },
  );
});

it.each(['debian-12', 'rocky-9', 'centos-7'] as const)(
  'a reload without sessions leaves one HAProxy, below the same master, on %s',
  async (generation) => {
    await restartLab({ generation });
    const haproxies = () => first().processes.filter(({ args }) => args.includes('/etc/haproxy/haproxy.cfg'));
    const before = haproxies();

    first().reload();

    const [after, kind] = [haproxies(), GENERATIONS[generation].haproxy.processes];
    expect(after).toHaveLength(before.length);
    expect(after.at(-1)?.pid).not.toBe(before.at(-1)?.pid);
    expect(after[0]?.pid === before[0]?.pid).toBe(kind !== 'daemon');
    expect(after.slice(1).every(({ parent }, at) => parent === after[at]?.pid)).toBe(true);
  },
);

it('hidepid shows an ordinary user no process but its own, and root all', async () => {
  await restartLab({ document: { ...lab.site.document, ssh: { ...lab.site.document.ssh, user: 'operator' } } });
  first().hidesProcesses = true;

  const own = await lab.exec('node-1', 'ps -eo pid=,user=,args=');
  const all = await lab.exec('node-1', 'sudo -n ps -eo pid=,user=,args=');

  expect(own.stdout).toMatch(/^\s*\d+ operator ps -eo pid=,user=,args=\n$/);
  expect(all.stdout).toContain('/sbin/init');
});

it('a rule counts the packets that it has taken, each connection one', async () => {
  await lab.exec('node-1', 'iptables -w -I INPUT 1 -s 10.21.22.0/24 -p tcp -m multiport --dports 5000 -j ACCEPT');
  await lab.get('10.21.22.6', 5000);
  await lab.get('10.21.22.6', 5000);

  const counted = await lab.exec('node-1', 'iptables -w -v -S INPUT');
  const plain = await lab.exec('node-1', 'iptables -w -S INPUT');

  expect(counted.stdout.split('\n')[1]).toMatch(/ --dports 5000 -c 2 120 -j ACCEPT$/);
  expect(plain.stdout.split('\n')[1]).toMatch(/ --dports 5000 -j ACCEPT$/);
});

describe('HAProxy of', () => {
  const check = async (generation: GenerationName, fragment: string, more = '') => {
    await restartLab({ generation });
    first().files.seed('/etc/haproxy/conf.d/180-magnum.cfg', fragment);
    return lab.exec('node-1', `haproxy -C /etc/haproxy -c -f haproxy.cfg${more}`);
  };
  const BUFFERED = 'listen magnum-api\n bind 10.21.22.2:9511\n option http-buffer-request\n';

  it('1.5 does not know http-buffer-request, and says so with day and time', async () => {
    const { exit, stderr } = await check('fuel-9', BUFFERED);

    expect(exit).toBe(1);
    expect(stderr).toMatch(
      /^\[ALERT\] \d{3}\/\d{6} \(\d+\) : parsing \[.*180-magnum\.cfg:3\] : unknown option 'http-buffer-request'\.\n/,
    );
  });

  it('1.6 knows it, and reads the fragments by the statement of Fuel', async () => {
    expect(await check('fuel-10', BUFFERED)).toEqual({ exit: 0, stdout: 'Configuration file is valid\n', stderr: '' });
  });

  it('1.5 opens a directory and reads nothing in it, without a word', async () => {
    const { exit, stdout } = await check('centos-7', 'nonsense\n', ' -f /etc/haproxy/conf.d');

    expect([exit, stdout]).toEqual([
      2,
      'Configuration file has no error but will not start (no listener) => exit(2).\n',
    ]);
  });

  it.each([
    ['debian-11', 0, /Missing LF on last line.*hard error in HAProxy 2\.3/],
    ['debian-12', 1, /Missing LF on last line/],
    ['debian-13', 1, /Missing LF on last line/],
  ] as const)('%s about a last line without its end: exit %i', async (generation, exit, says) => {
    const result = await check(generation, 'listen a\n bind 10.21.22.2:81', ' -f /etc/haproxy/conf.d');

    expect(result.exit).toBe(exit);
    expect(result.stderr).toMatch(says);
  });

  it('3.0 says nothing of a valid configuration', async () => {
    expect(await check('debian-13', BUFFERED, ' -f /etc/haproxy/conf.d')).toEqual({ exit: 0, stdout: '', stderr: '' });
  });
});
