import { haproxyFragment } from '../../../domain/config/haproxy';
import { magnumRule } from '../../../domain/config/iptables';
import { magnumOptions, resolve } from '../../../domain/config/options';
import { editOslo } from '../../../domain/config/oslo';
import { inspect } from '../../../domain/controller/inspect';
import type { Command } from '../../../domain/ssh/command';
import { secretNames } from '../../../domain/secrets/references';
import { fakeConnection, type Reply } from '../fakes';
import { cibText } from '../pacemaker/cibs';
import { crmMon, type Instance } from '../pacemaker/crm-mon';
import { processes } from '../processes';
import { site } from '../sites';

const golden = site('golden', (document) => {
  document.controllers = [document.controllers[0]];
});
const secrets = Object.fromEntries(secretNames(golden).magnumConf.map((name) => [name, `value-of-${name.slice(19)}`]));
const NOW = 1_900_000_000;
const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const HAPROXY = '/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d';
const RULES = '/etc/iptables/rules.v4';
const FRAGMENTS = '/etc/haproxy/conf.d/020-keystone.cfg';

/** A controller on which all is as it should be, and has been for an hour; its daemons started afterwards. */
function controller() {
  const rule = ['-A INPUT', ...magnumRule(golden).map((word) => (word.includes(' ') ? `"${word}"` : word))].join(' ');
  const [wanted] = golden.controllers.map((one) => magnumOptions(golden, one));
  const options = (wanted ?? []).map((one) => ({ ...one, value: resolve(one.value, (name) => secrets[name] ?? '') }));
  return {
    files: {
      [CONF]: editOslo('', options, CONF),
      [FRAGMENT]: haproxyFragment(golden),
      [RULES]: `*filter\n:INPUT ACCEPT [0:0]\n${rule}\nCOMMIT\n`,
    } as Record<string, string | undefined>,
    rules: `-P INPUT ACCEPT\n${rule}\n`,
    modified: { [CONF]: NOW - 3600, [FRAGMENT]: NOW - 3600 } as Record<string, number>,
    uptimes: '/proc/uptime:9000.31 4000.20\n',
    ps: ['600 /usr/bin/magnum-api', '600 /usr/bin/magnum-conductor', `500 ${HAPROXY}`],
    access: '0:121 640\n',
    pidFile: '102\n',
    pacemaker: true,
    instances: [{ node: 'node-1' }] as Instance[],
    sections: `${FRAGMENTS}:listen keystone-1\n${FRAGMENTS}:  bind 10.21.22.2:5000\n`,
    cib: cibText('healthy'),
  };
}

/** What is found on such a controller with these changes to it. */
async function inspected(change: (found: ReturnType<typeof controller>) => void = () => undefined) {
  const found = controller();
  change(found);
  const answer = (_: string, { argv }: Command): Reply => {
    const [program, path = ''] = [argv[0] ?? '', argv.at(-1)];
    const absent = { exitCode: 1, stderr: `${program}: '${path}': No such file or directory` };
    if (program === 'cat' && path === '/var/run/haproxy.pid') return found.pidFile;
    if (program === 'cat') return found.files[path] ?? absent;
    if (program === 'dd') return found.files[CONF] ?? { exitCode: 1, stderr: 'dd: No such file or directory' };
    if (program === 'stat' && argv[2] !== '%Y') return found.access;
    if (program === 'stat') return found.files[path] === undefined ? absent : String(found.modified[path]);
    const outputs: Record<string, string> = {
      date: `${NOW}\n`,
      ps: processes(found.ps),
      iptables: found.rules,
      grep: found.sections,
      cibadmin: found.cib,
    };
    if (program === 'grep' && argv.includes('/proc/uptime')) return { exitCode: 2, stdout: found.uptimes };
    if (program === 'crm_mon') return found.pacemaker ? crmMon({ instances: found.instances }) : { exitCode: 102 };
    return outputs[program] ?? { exitCode: 127 };
  };
  const { connection, ran } = await fakeConnection(golden, { answer }, { secrets });
  const { controllers, blastRadius } = await inspect(connection);
  return { state: controllers[0], blastRadius, ran };
}

test('all is as it should be', async () => {
  const { state } = await inspected();

  expect(state).toEqual({
    name: 'node-1',
    files: [RULES, CONF, FRAGMENT].map((path) => ({ path, state: 'same', diff: [] })),
    firewall: 'same',
    stale: [],
    haproxy: 'current',
    verdicts: [],
  });
});

test('it only looks', async () => {
  const { ran } = await inspected((found) => {
    found.files[FRAGMENT] = undefined;
  });

  const programs = new Set(ran.map((one) => one.split(' ')[1]));
  expect(programs).toEqual(
    new Set([
      'cat',
      'dd',
      'ls',
      'stat',
      'date',
      'ps',
      'ss',
      'iptables',
      'nft',
      'python3',
      'crm_mon',
      'grep',
      'cibadmin',
      'crm_simulate',
    ]),
  );
  expect(ran).toContain('node-1: iptables -w -S');
});

describe('files', () => {
  test('one that differs comes with its difference, without secrets', async () => {
    const { state } = await inspected(({ files }) => {
      files[CONF] = files[CONF]?.replace(/^host = 10\..*$/m, 'host = 127.0.0.1').replaceAll('value-of-', 'old-');
    });

    const conf = state?.files.find(({ path }) => path === CONF);
    expect(conf?.state).toBe('differs');
    expect(conf?.diff).toContain("[api] host: 127.0.0.1 → (the controller's address)");
    expect(JSON.stringify(state)).not.toMatch(/old-|value-of-/);
  });

  test('the fragment may be absent: it is the workflow that makes it', async () => {
    const { state } = await inspected(({ files }) => {
      files[FRAGMENT] = undefined;
    });

    expect(state?.files.find(({ path }) => path === FRAGMENT)).toMatchObject({ state: 'absent' });
  });

  test('magnum.conf must be there', async () => {
    const state = inspected(({ files }) => {
      files[CONF] = undefined;
    });

    await expect(state).rejects.toMatchObject({
      name: 'ManagedFileMissing',
      message: expect.stringContaining('Install the magnum packages') as string,
    });
  });

  test.each([
    ['the file of rules', undefined, 'else install iptables-persistent, then: netfilter-persistent save'],
    ['the file of rules, with ufw installed and off', 'ENABLED=no\n', 'else turn ufw on'],
  ])('%s must be there where the running rules are closed', async (_, ufw, remedy) => {
    const state = inspected((found) => {
      found.files[RULES] = undefined;
      found.files['/etc/ufw/ufw.conf'] = ufw;
      found.rules = '-P INPUT DROP\n';
    });

    await expect(state).rejects.toMatchObject({
      name: 'ManagedFileMissing',
      message: expect.stringContaining(remedy) as string,
    });
  });

  test('without rules that close anything, no file of rules is asked for', async () => {
    const { state } = await inspected((found) => {
      found.files[RULES] = undefined;
      found.rules = '-P INPUT ACCEPT\n';
    });

    expect(state?.files.map(({ path }) => path)).toEqual([CONF, FRAGMENT]);
    expect(state?.firewall).toBe('same');
  });
});

describe('the running firewall', () => {
  test.each<[string, (rules: string) => string]>([
    ['the rule is missing', () => '-P INPUT ACCEPT\n'],
    ['it stands behind the one that drops everything', (rules) => rules.replace('-A', '-A INPUT -j DROP\n-A')],
    ['it is there twice', (rules) => `${rules}${rules}`],
  ])('differs where %s', async (_, change) => {
    const { state } = await inspected((found) => {
      found.rules = change(found.rules);
    });

    expect(state?.firewall).toBe('differs');
    expect(state?.files.every((file) => file.state === 'same')).toBe(true);
  });
});

test.each([
  ['open', '-A ufw-user-input -s 10.21.22.0/24 -p tcp -m tcp --dport 9511 -j ACCEPT\n'],
  ['closed', ''],
])('rules of ufw are not the workflow’s to change, whether they are %s or not', async (_, allowed) => {
  const { state } = await inspected((found) => {
    found.rules = `-P INPUT DROP\n-N ufw-user-input\n-A INPUT -j ufw-user-input\n${allowed}`;
  });

  expect(state?.files.map(({ path }) => path)).toEqual([CONF, FRAGMENT]);
  expect(state?.firewall).toBe('same');
});

describe('services', () => {
  test.each<[string, string[], string[]]>([
    ['one began before its configuration', ['3700 magnum-api', '600 magnum-conductor'], ['magnum-api']],
    // A worker that was forked anew has the configuration that its parent read.
    ['only a worker began after it', ['3700 magnum-api', '60 magnum-api', '600 magnum-conductor'], ['magnum-api']],
    ['one does not run', ['600 magnum-api'], ['magnum-conductor']],
    ['none runs', [], ['magnum-api', 'magnum-conductor']],
  ])('are stale where %s', async (_, ps, stale) => {
    const { state } = await inspected((found) => {
      found.ps = [...ps, `500 ${HAPROXY}`];
    });

    expect(state?.stale).toEqual(stale);
  });
});

describe('a clock that was set after the workflow had written the files', () => {
  const HOUR = 3600;

  test.each([
    ['back: what started before has not read them', NOW + HOUR, 300, ['magnum-api', 'magnum-conductor'], 'stale'],
    ['forward: likewise', NOW - 2 * HOUR, 300, ['magnum-api', 'magnum-conductor'], 'stale'],
    ['back: what started after has', NOW + HOUR, 900, [], 'current'],
    ['forward: likewise, too', NOW - 2 * HOUR, 900, [], 'current'],
  ])('%s', async (_, modified, secondsAgo, stale, haproxy) => {
    const { state } = await inspected((found) => {
      found.modified = { [CONF]: modified, [FRAGMENT]: modified };
      const then = `${9000.31 - secondsAgo} 4000.20`;
      found.uptimes += `/run/magnum-ha-magnum.conf:${then}\n/run/magnum-ha-fragment:${then}\n`;
    });

    expect(state?.stale).toEqual(stale);
    expect(state?.haproxy).toBe(haproxy);
  });

  test('back, without a word of when the workflow wrote them: nothing is restarted for it', async () => {
    const { state } = await inspected((found) => {
      found.modified = { [CONF]: NOW + HOUR, [FRAGMENT]: NOW + HOUR };
    });

    expect(state).toMatchObject({ stale: [], haproxy: 'current', verdicts: [] });
  });
});

describe('HAProxy', () => {
  test.each<[string, string[], string]>([
    ['it began before its fragment', [`3700 ${HAPROXY}`], 'stale'],
    ['an old process lives until its last connection ends', [`3700 ${HAPROXY}`, `60 ${HAPROXY} -sf 102`], 'current'],
    ['it does not run', [], 'down'],
    [
      'it began before its fragment, and a younger one is not the resource’s',
      [`3700 ${HAPROXY}`, '60 haproxy -f /var/lib/neutron/ns-metadata-proxy/1.conf'],
      'stale',
    ],
  ])('where %s', async (_, ps, expected) => {
    const { state } = await inspected((found) => {
      found.ps = ['600 magnum-api', '600 magnum-conductor', ...ps];
      // What a reload has made, or the only one.
      found.pidFile = ps.some((one) => one.includes(' -sf ')) ? '103\n' : '102\n';
    });

    expect(state?.haproxy).toBe(expected);
  });

  test('where pacemaker keeps it stopped', async () => {
    const { state } = await inspected((found) => {
      found.instances = [{ targetRole: 'Stopped' }];
    });

    expect(state?.haproxy).toBe('disabled');
  });

  test('where pacemaker does not run, which is a finding of Preflight: the rest is told', async () => {
    const { state, blastRadius } = await inspected((found) => {
      found.pacemaker = false;
    });

    expect(state).toMatchObject({ haproxy: 'unknown', firewall: 'same', stale: [] });
    expect(blastRadius).toEqual({ listeners: [], resources: [], readBy: 'ourselves' });
  });
});

describe('what a cycle of HAProxy would take down', () => {
  test('its listeners, and what pacemaker keeps with it', async () => {
    const { blastRadius } = await inspected((found) => {
      found.files[FRAGMENT] = undefined;
    });

    expect(blastRadius).toEqual({
      listeners: ['keystone-1 (10.21.22.2:5000)'],
      resources: ['vip__management'],
      readBy: 'ourselves',
      // This pacemaker names one node only.
      hindrances: { rolling: 'Fewer than two controllers are online: it would be down everywhere' },
    });
  });

  test('is not asked if there is nothing to cycle for', async () => {
    const { ran, blastRadius } = await inspected();

    expect(blastRadius).toEqual({ listeners: [], resources: [], readBy: 'ourselves' });
    expect(ran.join()).not.toMatch(/grep -R|cibadmin|crm_simulate/);
  });
});
