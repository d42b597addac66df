import { presumedPlatform } from '../../../domain/commands/platform';
import { checkPlatforms } from '../../../domain/findings/platform';
import { checkSudo } from '../../../domain/findings/sudo';
import { connectSite } from '../../../domain/commands/site-connection';
import type { Site } from '../../../domain/site/document';
import type { Command } from '../../../domain/ssh/command';
import { fakeConnection, type Reply } from '../fakes';
import { processes } from '../processes';
import { simulate } from '../simulated';
import { site } from '../sites';

const golden = site('golden');
const HAPROXY = '/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg';

/** A controller on which all can be worked with. */
const WELL = {
  installed: [
    '/usr/sbin/pcs',
    '/usr/sbin/service',
    '/usr/bin/python3',
    '/etc/init.d/magnum-api',
    '/etc/init.d/magnum-conductor',
  ],
  pacemaker: 'Pacemaker 2.1.5\n' as Reply,
  haproxy: 'HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n' as Reply,
  script: '#!/usr/bin/python3\n' as Reply,
  ps: processes([
    `500 ${HAPROXY} -f /etc/haproxy/conf.d`,
    '600 python3 /usr/bin/magnum-api',
    '600 python3 /usr/bin/magnum-conductor',
  ]),
  programs: '/proc/100 /usr/sbin/haproxy\n',
  statements: { exitCode: 1 } as Reply,
  resource: '<primitive id="p_haproxy" class="lsb" type="haproxy"/>' as Reply,
};
const MISSING: Reply = { exitCode: 127 };

/** What is found where this is so on node-2, and all is well on the others. */
async function found(change: Partial<typeof WELL>, document: Site = golden) {
  const answer = (controller: string, { argv }: Command): Reply => {
    const its = controller === 'node-2' ? { ...WELL, ...change } : WELL;
    const words = argv.join(' ');
    if (words.startsWith('find /proc')) return its.programs;
    if (argv[0] === 'find') return { stdout: its.installed.map((path) => `${path}\n`).join(''), exitCode: 1 };
    if (words.endsWith('crm_mon --version')) return its.pacemaker;
    if (words.endsWith('haproxy -v')) return its.haproxy;
    return { ps: its.ps, head: its.script, grep: its.statements, cibadmin: its.resource }[argv[0] ?? ''];
  };
  const { connection, ran } = await fakeConnection(document, { answer });
  const { platforms, findings } = await checkPlatforms(connection.nodes);
  return {
    platforms,
    ran,
    platform: platforms.find(({ controllers }) => controllers.includes('node-2'))?.platform,
    summary: findings.map(({ name, severity, evidence }) => `${severity} ${name}: ${evidence}`),
    remedies: findings.map(({ remedy }) => remedy),
  };
}

const without = (name: string) => WELL.installed.filter((path) => !path.endsWith(`/${name}`));

it('nothing where all can be worked with; every controller has the same platform', async () => {
  const { summary, platforms } = await found({});

  expect(summary).toEqual([]);
  expect(platforms).toEqual([
    {
      controllers: ['node-1', 'node-2', 'node-3'],
      platform: { ...presumedPlatform(golden), haproxy: '2.6.12-1', python: '/usr/bin/python3' },
    },
  ]);
});

it('HAProxy’s command line says where its PID is before haproxy.cfg does, as on Fuel', async () => {
  const { platform } = await found({
    ps: processes([`500 ${HAPROXY} -f /etc/haproxy/conf.d -p /var/run/resource-agents/ns_haproxy/ns_haproxy.pid`]),
    statements: '  pidfile  /var/run/haproxy.pid\n',
  });

  expect(platform?.pidFile).toBe('/var/run/resource-agents/ns_haproxy/ns_haproxy.pid');
});

it('everything is asked for at once', async () => {
  const { ran } = await found({});

  expect(ran.filter((one) => one.startsWith('node-2'))).toHaveLength(8);
});

describe('what cannot be worked with is told with the version it takes', () => {
  it.each<[string, Partial<typeof WELL>, string, RegExp]>([
    [
      'pacemaker is missing',
      { pacemaker: MISSING },
      'PacemakerNotInstalled: crm_mon --version names no version on node-2',
      /1\.1\.12/,
    ],
    [
      'it is too old',
      { pacemaker: 'Pacemaker 1.1.10\n' },
      'PacemakerTooOld: Pacemaker is 1.1.10 on node-2',
      /1\.1\.12 or later/,
    ],
    [
      'pcs and crm are missing',
      { installed: without('pcs') },
      'ClusterShellMissing: Neither pcs nor crm is installed on node-2',
      /pcs 0\.9\.149 .* crmsh 1\.2\.5/,
    ],
    [
      'HAProxy is missing',
      { haproxy: MISSING },
      'HAProxyNotInstalled: haproxy -v names no version on node-2',
      /1\.5 or later/,
    ],
    [
      'HAProxy is too old',
      { haproxy: 'HA-Proxy version 1.4.24 2013/06/17\n' },
      'HAProxyTooOld: HAProxy is 1.4.24 on node-2',
      /1\.5 or later/,
    ],
    [
      'HAProxy cannot read a directory',
      { haproxy: 'HA-Proxy version 1.6.3 2015/12/25\n' },
      'HAProxyTooOld: HAProxy is 1.6.3, which cannot read a directory of fragments on node-2',
      /1\.7 or later/,
    ],
    [
      'HAProxy does not read the directory, as of stock Debian and Ubuntu',
      { ps: processes([`500 ${HAPROXY}`]) },
      'FragmentNotRead: HAProxy was started with /etc/haproxy/haproxy.cfg, and so does not read /etc/haproxy/conf.d on node-2',
      /-f \/etc\/haproxy\/conf\.d.*EXTRAOPTS/,
    ],
    [
      'ps shows nothing of others',
      { ps: '  900 1 1000 1000 5 Ss -bash\n' },
      'ProcessesHidden: The SSH user root does not see the processes of other users on node-2',
      /hidepid/,
    ],
    [
      'service and systemctl are missing',
      { installed: without('service') },
      'ServiceCommandMissing: Neither service nor systemctl is installed on node-2',
      /initscripts/,
    ],
    [
      'a service is missing',
      { installed: without('magnum-conductor') },
      "MagnumServiceUnknown: There is no service magnum-conductor; of Magnum's there are: magnum-api on node-2",
      /magnum\.conductorService/,
    ],
    [
      'Python is missing',
      { installed: without('python3'), script: { exitCode: 1 } },
      'PythonMissing: There is no Python on node-2',
      /Magnum/,
    ],
  ])('%s', async (_, change, expected, remedy) => {
    const { summary, remedies } = await found(change);

    expect(summary).toEqual([`error ${expected}`]);
    expect(remedies[0]).toMatch(remedy);
  });
});

describe('HAProxy that is to be reloaded', () => {
  const reloading = site('golden', ({ haproxy }) => (haproxy.update = 'reload'));
  const conffile =
    '<instance_attributes id="i"><nvpair id="n" name="conffile" value="/etc/x.cfg"/></instance_attributes>';

  it.each<[string, Reply, string[]]>([
    ['by an agent that can do that', WELL.resource, []],
    ['where pacemaker does not run, which is told by itself', { exitCode: 102 }, []],
    [
      'by an agent of which nobody knows how',
      '<primitive id="p_haproxy" class="ocf" provider="heartbeat" type="haproxy"/>',
      [
        'error HAProxyNotReloadable: p_haproxy has the agent ocf:heartbeat:haproxy, of which no reload is known, on node-2',
      ],
    ],
    [
      'by an agent that would not know its file',
      `<primitive id="p_haproxy" class="ocf" provider="fuel" type="ns_haproxy">${conffile}</primitive>`,
      [
        'error HAProxyNotReloadable: p_haproxy has conffile of its own, which a reload of ocf:fuel:ns_haproxy would not know, on node-2',
      ],
    ],
  ])('%s', async (_, resource, expected) => {
    const { summary } = await found({ resource }, reloading);
    const cycled = await found({ resource });

    expect(summary).toEqual(expected);
    expect(cycled.summary).toEqual([]);
  });
});

it('Magnum in containers is told as what it is', async () => {
  const shim = '  200 1 0 0 900 Sl /usr/bin/containerd-shim-runc-v2 -namespace moby\n';
  const contained = '  201 200 110 110 900 Ssl python3 /usr/bin/magnum-conductor\n';

  const { summary } = await found({
    ps: processes([`500 ${HAPROXY} -f /etc/haproxy/conf.d`]) + shim + contained,
    installed: without('magnum-conductor'),
  });

  expect(summary).toEqual(["error MagnumInContainer: Magnum's processes run in containers on node-2"]);
});

describe('other generations', () => {
  it("Fuel's: one file that includes the directory, a network namespace, python 2", async () => {
    const fuel = site('golden', ({ haproxy }) => (haproxy.include = 'statement'));

    const { summary, platform } = await found(
      {
        pacemaker: 'Pacemaker 1.1.12\nWritten by Andrew Beekhof\n',
        haproxy: 'HA-Proxy version 1.5.3 2014/07/25\n',
        script: '#!/usr/bin/python2\n',
        statements: 'include conf.d/*.cfg\n',
        ps: processes([`500 ${HAPROXY} -p /var/run/haproxy.pid`]),
        resource:
          '<primitive class="ocf" id="p_haproxy" provider="fuel" type="ns_haproxy"><instance_attributes id="i">' +
          '<nvpair id="n" name="ns" value="haproxy"/></instance_attributes></primitive>',
      },
      fuel,
    );

    expect(summary).toEqual([]);
    expect(platform).toEqual({
      pacemaker: '1.1.12',
      shell: 'pcs',
      haproxy: '1.5.3',
      include: 'statement',
      pidFile: '/var/run/haproxy.pid',
      namespace: 'haproxy',
      apiService: 'magnum-api',
      conductorService: 'magnum-conductor',
      services: 'service',
      python: '/usr/bin/python2',
    });
  });

  it('of RPM packages the services have other names; crmsh and systemctl do as well', async () => {
    const { summary, platform } = await found({
      installed: [
        '/usr/sbin/crm',
        '/usr/bin/systemctl',
        '/usr/lib/systemd/system/openstack-magnum-api.service',
        '/usr/lib/systemd/system/openstack-magnum-conductor.service',
      ],
      script: '#!/usr/bin/python3 -s\n',
    });

    expect(summary).toEqual([]);
    expect(platform).toMatchObject({
      shell: 'crmsh',
      services: 'systemctl',
      apiService: 'openstack-magnum-api',
      conductorService: 'openstack-magnum-conductor',
    });
  });
});

it('processes that are only named haproxy are told, and ignored', async () => {
  const others = ['1', '2'].map((one) => `20 haproxy -f /var/lib/neutron/ns-metadata-proxy/${one}.conf`);

  const { summary } = await found({
    ps: processes([`500 ${HAPROXY} -f /etc/haproxy/conf.d`, ...others, '9 haproxy -f /srv/test.cfg']),
    programs: [100, 101, 102, 103].map((pid) => `/proc/${pid} /usr/sbin/haproxy\n`).join(''),
  });

  expect(summary).toEqual([
    "warning OtherHAProxy: Processes named haproxy that are not those of p_haproxy run on node-2 (2 Neutron's metadata proxies, 1 unknown)",
  ]);
});

it('on the simulated site the first look finds what is presumed', async () => {
  const { world, clock, end } = simulate(golden);
  const connection = await clock.drive(connectSite(world, golden, {}));

  const { platforms, findings } = await clock.drive(checkPlatforms(connection.nodes));

  expect(findings).toEqual([]);
  expect(platforms).toMatchObject([{ platform: { pacemaker: '2.1.5', shell: 'pcs', include: 'directory' } }]);
  connection.close();
  await end();
});

describe('sudo', () => {
  const deploy = site('golden', ({ ssh }) => Object.assign(ssh, { user: 'deploy', sudo: true }));

  it.each<[string, (words: string) => boolean, string[]]>([
    ['allows all', () => true, []],
    [
      'does not allow what enables HAProxy',
      (words) => !words.startsWith('pcs resource enable'),
      ['error SudoIncomplete: sudo refuses 1 commands to user deploy on node-2: pcs resource enable p_haproxy'],
    ],
  ])('that %s is known before anything is touched', async (_, allowed, expected) => {
    const { site: simulated, world, clock, end } = simulate(deploy);
    const controller = simulated.controllers.get('node-2');
    if (controller) controller.sudoers = (_user, argv) => allowed(argv.join(' '));
    const connection = await clock.drive(connectSite(world, deploy, {}));

    const findings = await clock.drive(checkSudo(connection.nodes));

    expect(findings.map(({ name, severity, evidence }) => `${severity} ${name}: ${evidence}`)).toEqual(expected);
    expect(simulated.record.commands.every(({ changed }) => !changed)).toBe(true);
    connection.close();
    await end();
  });

  it('is not asked where the SSH user is root', async () => {
    const { connection, ran } = await fakeConnection(golden);

    expect(await checkSudo(connection.nodes)).toEqual([]);
    expect(ran).toEqual([]);
  });
});
