import { loaderOf } from '../../domain/config/firewall/loader';
import { createHash } from 'node:crypto';
import { catalogue, everyCommand } from '../../domain/commands/catalogue';
import { inTheWay, parseListening } from '../../domain/commands/listening';
import { listenersOf, modeBefore, parseSections } from '../../domain/config/haproxy-sections';
import { detection, type DetectionOutcomes, parseDetection } from '../../domain/commands/detection';
import { haproxyProcesses } from '../../domain/commands/haproxy-processes';
import { parseProcesses } from '../../domain/commands/process-list';
import { parseWritten } from '../../domain/commands/written';
import { magnumRule } from '../../domain/config/iptables';
import { type Command, withInput } from '../../domain/ssh/command';
import { document } from '../workflow/local';
import { type ContractSite, startContractSite } from './site';

/** What a command came to; what differs from run to run is taken out. */
type Answer = readonly [exitCode: number, stdout: string, stderr: string];

const golden = document('golden');
const c = catalogue(golden);
const { magnumConf, rules } = c.files;
const ID = '0123456789abcdef';
const own = c.execution(ID);
/** The programs that were run. */
const exercised = new Set<string>();

let site: ContractSite;
beforeAll(async () => {
  site = await startContractSite();
});
afterAll(() => site.close());

const root = (...argv: string[]): Command => ({ argv, root: true, timeoutSeconds: 20 });

async function answer(command: Command): Promise<Answer> {
  exercised.add(command.argv[0] ?? '');
  const { exitCode, stdout, stderr } = await site.run('node-1', command);
  return [exitCode, stdout, timeless(stderr)];
}

/** Without PIDs and versions. */
function timeless(text: string): string {
  return text
    .replace(/\(\d+\) :/g, '(PID) :')
    .replace(/version is \S+/g, 'version is VERSION')
    .replace(/(iptables\S*) v[\d.]+ \(\w+\)/g, '$1 VERSION');
}

/** Runs a line of plain words. */
const line = (words: string): Promise<Answer> => answer(root(...words.split(' ')));
const silent: Answer = [0, '', ''];
const fails = (stderr: string, exitCode = 1): Answer => [exitCode, '', `${stderr}\n`];

describe('timeout(1), sudo and the shell', () => {
  const slow = { ...root('sleep', '5'), timeoutSeconds: 1 };

  it('a command that takes too long is killed: exit 124', async () => {
    const plain = await answer(slow);
    const withSudo = await site.runWithSudo('node-1', slow);

    expect(plain).toEqual([124, '', '']);
    expect(withSudo).toEqual({ exitCode: 124, stdout: '', stderr: '' });
  });

  it('a program that is not installed: exit 127, also through sudo', async () => {
    const stderr = "timeout: failed to run command 'no-such-program': No such file or directory\n";

    const plain = await line('no-such-program x');
    const withSudo = await site.runWithSudo('node-1', root('no-such-program', 'x'));

    expect(plain).toEqual([127, '', stderr]);
    expect(withSudo).toEqual({ exitCode: 127, stdout: '', stderr });
  });

  it('sudo passes input, output and exit code on', async () => {
    const read = await site.runWithSudo('node-1', root('cat', '/etc/hostname'));
    const failed = await site.runWithSudo('node-1', root('cat', '/etc/none'));
    const tested = await site.runWithSudo('node-1', withInput(c.validateRules, '*filter\n'));

    expect(read).toEqual({ exitCode: 0, stdout: 'node-1\n', stderr: '' });
    expect(failed).toEqual({ exitCode: 1, stdout: '', stderr: 'cat: /etc/none: No such file or directory\n' });
    expect(tested).toEqual({ exitCode: 1, stdout: '', stderr: 'iptables-restore: COMMIT expected at line 2\n' });
  });

  it('words and input arrive as they are, whatever is in them', async () => {
    const path = `/etc/magnum/it's "$HOME" \\ \`id\` *; é`;
    const content = `it's $HOME\n\t"é"\\n%s\n\nno newline at the end`;

    const written = await answer(withInput(root('dd', `of=${path}`, 'conv=fsync', 'status=none'), content));

    expect(written).toEqual(silent);
    expect(await site.readFile('node-1', path)).toBe(content);
    expect(await answer(root('cat', path))).toEqual([0, content, '']);
    expect(await answer(root('rm', '-f', path))).toEqual(silent);
  });

  it('commands side by side get each their own answer', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `/etc/none-${index}`);

    const answers = await Promise.all(names.flatMap((name) => [line(`cat ${name}`), line('cat /etc/hostname')]));

    expect(answers).toEqual(
      names.flatMap((name) => [fails(`cat: ${name}: No such file or directory`), [0, 'node-1\n', '']]),
    );
  });
});

describe('files', () => {
  it('are staged, compared, kept and put in place as the workflow does', async () => {
    const content = "[api]\nhost = 10.21.22.6 # it's\n";
    const original = (await site.readFile('node-1', magnumConf.path)) ?? '';
    const attributes = await stat(magnumConf.path);
    const { staged, before } = own.files.magnumConf;

    const steps = [];
    for (const command of [
      ...[own.forget, own.make, withInput(staged.fill, content), staged.own, staged.mode],
      ...[before.fill, before.own, before.mode, staged.touch],
    ]) {
      steps.push(await answer(command));
    }
    const late = [await answer(withInput(staged.fill, 'late')), await answer(before.fill)];
    const digests = [await answer(staged.digest), await answer(before.digest), await answer(magnumConf.digest)];
    const accesses = [await answer(staged.access), await answer(before.access), await answer(magnumConf.access)];
    const installed = await answer(staged.install);
    const read = await answer(magnumConf.read);
    const after = await stat(magnumConf.path);
    const restored = await answer(before.install);

    expect(steps).toEqual(Array(9).fill(silent));
    expect(late).toEqual([
      fails(`dd: failed to open '${staged.path}': File exists`),
      fails(`dd: failed to open '${before.path}': File exists`),
    ]);
    expect(digests).toEqual([
      [0, `${sha256(content)}  ${staged.path}\n`, ''],
      [0, `${sha256(original)}  ${before.path}\n`, ''],
      [0, `${sha256(original)}  ${magnumConf.path}\n`, ''],
    ]);
    expect(accesses).toEqual(Array(3).fill([0, expect.stringMatching(/^\d+:\d+ 6\d0\n$/), '']));
    expect(new Set(accesses.map(([, printed]) => printed)).size).toBe(1);
    expect([installed, restored]).toEqual([silent, silent]);
    expect([read, after]).toEqual([[0, content, ''], attributes]);
    expect(await site.readFile('node-1', magnumConf.path)).toBe(original);
    expect(await answer(own.forget)).toEqual(silent);
  });

  it('are copied as they were put in place, and told from what is not there', async () => {
    const original = (await site.readFile('node-1', magnumConf.path)) ?? '';
    await answer(own.make);

    const copied = [await answer(own.placed.magnumConf.fill), await answer(own.placed.magnumConf.fill)];
    const missing = [await answer(own.placed.fragment.fill), await answer(own.placed.fragment.read)];
    await answer(withInput(own.placed.execution.fill, 'arn:aws:one'));

    expect(copied).toEqual([silent, silent]);
    expect(missing).toEqual([
      fails(`dd: failed to open '${c.files.fragment.path}': No such file or directory`),
      fails(`cat: /etc/magnum-ha/${ID}/placed/fragment: No such file or directory`),
    ]);
    expect(await answer(own.placed.magnumConf.read)).toEqual([0, original, '']);
    expect(await answer(own.placed.execution.read)).toEqual([0, 'arn:aws:one', '']);
    expect(await answer(c.rulesModified)).toEqual([0, expect.stringMatching(/^\d+\n$/), '']);
    expect(await answer(own.placed.disown)).toEqual(silent);
    expect(await answer(own.placed.execution.read)).toEqual(
      fails(`cat: /etc/magnum-ha/${ID}/placed/execution: No such file or directory`),
    );
    expect(await answer(own.forget)).toEqual(silent);
  });

  it('lie where only root can write, and are told from what lies there else', async () => {
    await answer(own.make);

    expect(await answer(c.keptAccess)).toEqual([0, 'directory root:root 700\n', '']);
    expect(await answer(c.kept)).toEqual([0, `${ID}\n`, '']);
    expect((await answer(c.mountPoints))[1]).toMatch(/^(\/.*\n){4}$/);
    expect(await answer(own.forget)).toEqual(silent);
    expect(await answer(c.kept)).toEqual(silent);
  });

  it('get owner, group and mode mended, and keep their time', async () => {
    const { staged } = own.files.magnumConf;
    for (const command of [own.make, withInput(staged.fill, 'x')]) await answer(command);

    const steps = [];
    for (const command of [own.groupMagnumConf, staged.close, staged.openToGroup, staged.sameTime]) {
      steps.push(await answer(command));
    }

    expect(steps).toEqual(Array(4).fill(silent));
    expect(await stat(staged.path)).toBe('640 root magnum\n');
    expect(await line(`stat -c %Y ${staged.path}`)).toEqual(await line(`stat -c %Y ${magnumConf.path}`));
    expect(await answer(own.forget)).toEqual(silent);
  });

  it('that are not there are taken away without a word', async () => {
    expect(await answer(own.discard)).toEqual(silent);
    expect(await answer(own.forget)).toEqual(silent);
    expect(await answer(c.removeFragment)).toEqual(silent);
    expect(await line('rm -f /etc/none/x')).toEqual(silent);
    expect(await line('rm -f /etc/hostname/x')).toEqual(silent);
  });

  const HINT = (program: string) => `\nTry '${program} --help' for more information.`;
  it.each([
    ['cat /etc/none', 'cat: /etc/none: No such file or directory'],
    ['cat /etc', 'cat: /etc: Is a directory'],
    ['cat /etc/hostname/x', 'cat: /etc/hostname/x: Not a directory'],
    ['stat -c %Y /etc/none', "stat: cannot statx '/etc/none': No such file or directory"],
    ['stat -c %Y /etc/hostname/x', "stat: cannot statx '/etc/hostname/x': Not a directory"],
    ['sha256sum /etc/none', 'sha256sum: /etc/none: No such file or directory'],
    ['sha256sum /etc', 'sha256sum: /etc: Is a directory'],
    ['touch /etc/none/x', "touch: cannot touch '/etc/none/x': No such file or directory"],
    [
      'touch --reference=/etc/none /etc/hostname',
      "touch: failed to get attributes of '/etc/none': No such file or directory",
    ],
    [
      'chgrp --reference=/etc/none /etc/hostname',
      "chgrp: failed to get attributes of '/etc/none': No such file or directory",
    ],
    ['chmod o= /etc/none', "chmod: cannot access '/etc/none': No such file or directory"],
    ['dd if=/etc/none iflag=nofollow status=none', "dd: failed to open '/etc/none': No such file or directory"],
    ['dd of=/etc/none/x conv=fsync status=none', "dd: failed to open '/etc/none/x': No such file or directory"],
    ['dd of=/etc conv=fsync status=none', "dd: failed to open '/etc': Is a directory"],
    [
      'chown --reference=/etc/none /etc/hostname',
      "chown: failed to get attributes of '/etc/none': No such file or directory",
    ],
    ['chown --reference=/etc/hostname /etc/none', "chown: cannot access '/etc/none': No such file or directory"],
    [
      'chmod --reference=/etc/none /etc/hostname',
      "chmod: failed to get attributes of '/etc/none': No such file or directory",
    ],
    ['chmod --reference=/etc/hostname /etc/none', "chmod: cannot access '/etc/none': No such file or directory"],
    ['cp -a /etc/none /etc/other', "cp: cannot stat '/etc/none': No such file or directory"],
    ['cp -a /etc/hostname /etc/none/x', "cp: cannot create regular file '/etc/none/x': No such file or directory"],
    ['cp -a /etc/hostname /etc/haproxy /etc/none', "cp: target '/etc/none': No such file or directory"],
    ['cp -a /etc/haproxy/haproxy.cfg /etc/haproxy /etc/hostname', "cp: target '/etc/hostname': Not a directory"],
    ['cp -a /etc/hostname', `cp: missing destination file operand after '/etc/hostname'${HINT('cp')}`],
    ['mv -fT /etc/none /etc/other', "mv: cannot stat '/etc/none': No such file or directory"],
    ['mv -fT /etc/hostname /etc/haproxy', "mv: cannot overwrite directory '/etc/haproxy' with non-directory"],
    [
      'mv -fT /etc/haproxy /etc/hostname',
      "mv: cannot overwrite non-directory '/etc/hostname' with directory '/etc/haproxy'",
    ],
    ['mv -fT /etc/hostname /etc/none/x', "mv: cannot move '/etc/hostname' to '/etc/none/x': No such file or directory"],
    ['rm -f /etc/haproxy', "rm: cannot remove '/etc/haproxy': Is a directory"],
    ['mkdir -m 0700 /etc/haproxy', "mkdir: cannot create directory '/etc/haproxy': File exists"],
    ['mkdir -m 0700 /etc/none/x', "mkdir: cannot create directory '/etc/none/x': No such file or directory"],
    ['mkdir -m 0700 /etc/hostname/x', "mkdir: cannot create directory '/etc/hostname/x': Not a directory"],
    ['date +%s x', `date: extra operand 'x'${HINT('date')}`],
  ])('%s', async (words, stderr) => {
    expect(await line(words)).toEqual(fails(stderr));
  });

  /** Mode, owner and group. */
  async function stat(path: string): Promise<string> {
    return (await answer(root('stat', '-c', '%a %U %G', path)))[1];
  }
});

describe('haproxy -c', () => {
  const neighbour = '/etc/haproxy/conf.d/190-contract.cfg';
  const listen = 'listen contract\n bind 10.21.22.2:4242\n';
  const NOTICE =
    '[NOTICE]   (PID) : haproxy version is VERSION\n[NOTICE]   (PID) : path to executable is /usr/sbin/haproxy\n';
  const alerts = (...texts: string[]) => texts.map((text) => `[ALERT]    (PID) : ${text}\n`).join('');
  const valid: Answer = [0, 'Configuration file is valid\n', ''];
  const check = async (content: string): Promise<Answer> => {
    await site.writeFile('node-1', neighbour, content);
    return answer(c.validateHaproxy);
  };
  afterAll(() => site.removeFile('node-1', neighbour));

  it.each([
    ['a section', `${listen} server node-1 10.21.22.6:80 check\n`],
    ['nothing', ''],
    ['the same address and port as another section', 'listen contract\n bind 10.21.22.2:5000\n'],
  ])('accepts %s', async (_what, content) => {
    expect(await check(content)).toEqual(valid);
  });

  it.each([
    ['an unknown option', ' option nonsense', `parsing [${neighbour}:3] : unknown option 'nonsense'.`],
    ['an unknown keyword', ' nonsense', `parsing [${neighbour}:3] : unknown keyword 'nonsense' in 'listen' section`],
    ['no port', ' bind 10.21.22.2', `parsing [${neighbour}:3] : 'bind' : missing port specification in '10.21.22.2'`],
    ['a bad port', ' bind 10.21.22.2:99999', `parsing [${neighbour}:3] : 'bind' : invalid port '99999'`],
    ['half a server', ' server a', `[${neighbour}:3] : 'server' expects <name> and <addr>[:<port>] as arguments.`],
    [
      'a wrong parameter of a server',
      ' server a 10.21.22.6:80 nonsense',
      `[${neighbour}:3] : 'server contract/a' : unknown keyword 'nonsense'.`,
    ],
    ['a bad time', ' timeout server 10x', `parsing [${neighbour}:3] : unexpected character 'x' in 'timeout server'`],
    ['an unknown mode', ' mode nonsense', `parsing [${neighbour}:3] : unknown proxy mode 'nonsense'.`],
    [
      'an unknown algorithm',
      ' balance nonsense',
      `parsing [${neighbour}:3] : balance only supports 'roundrobin', 'static-rr', 'leastconn', 'source', 'uri', 'url_param', ` +
        "'hdr(name)' and 'rdp-cookie(name)' options.",
    ],
    [
      'the name of another section',
      'listen keystone-1',
      `Parsing [${neighbour}:3]: proxy 'keystone-1' has the same name as proxy 'keystone-1' declared at ` +
        '/etc/haproxy/conf.d/020-keystone-1.cfg:2.',
    ],
  ])('refuses %s', async (_what, words, alert) => {
    const said = [alert, `Error(s) found in configuration file : ${neighbour}`, 'Fatal errors found in configuration.'];

    expect(await check(`${listen}${words}\n`)).toEqual([
      1,
      '',
      NOTICE + alerts(...said.map((one) => `config : ${one}`)),
    ]);
  });

  it.each([
    [
      'a line outside of every section',
      'nonsense\n',
      [
        `parsing [${neighbour}:1]: unknown keyword 'nonsense' out of section.`,
        `Error(s) found in configuration file : ${neighbour}`,
        'Fatal errors found in configuration.',
      ],
    ],
    [
      'a file without its last line feed',
      'listen contract\n bind 10.21.22.2:4242',
      [
        `parsing [${neighbour}:2]: Missing LF on last line, file might have been truncated at position 22.`,
        `Error(s) found in configuration file : ${neighbour}`,
        'Fatal errors found in configuration.',
      ],
    ],
    [
      'a server twice',
      `${listen} server a 10.21.22.6:80\n server a 10.21.22.6:81\n`,
      [
        `parsing [${neighbour}:4] : proxy 'contract', another server named 'a' was already defined at line 3, please use distinct names.`,
        'Fatal errors found in configuration.',
      ],
    ],
    [
      'a backend that is not there',
      'frontend contract\n bind 10.21.22.2:4242\n default_backend nowhere\n',
      ["Proxy 'contract': unable to find required default_backend: 'nowhere'.", 'Fatal errors found in configuration.'],
    ],
  ])('refuses %s', async (_what, content, said) => {
    expect(await check(content)).toEqual([1, '', NOTICE + alerts(...said.map((one) => `config : ${one}`))]);
  });

  it('accepts with a warning what it can do without', async () => {
    const tcp = `${listen} mode tcp\n option httplog\n`;

    expect(await check(tcp)).toEqual([
      0,
      'Warnings were found.\nConfiguration file is valid\n',
      `${NOTICE}[WARNING]  (PID) : config : parsing [${neighbour}:4] : 'option httplog' not usable with proxy 'contract' ` +
        "(needs 'mode http'). Falling back to 'option tcplog'.\n",
    ]);
  });

  it('reads a staged copy of everything, in which the fragment is', async () => {
    await site.removeFile('node-1', neighbour);
    const { staged } = own.files.fragment;

    const made = [];
    for (const command of [own.forget, own.make, own.makeTree, own.copyTree, staged.clear])
      made.push(await answer(command));
    const good = [await answer(withInput(staged.fill, listen)), await answer(own.validateTree)];
    await answer(staged.clear);
    const bad = [await answer(withInput(staged.fill, 'listen x\n bogus\n')), await answer(own.validateTree)];
    const inUse = await answer(c.validateHaproxy);
    const again = await answer(own.makeTree);

    expect(made).toEqual([silent, silent, silent, silent, silent]);
    expect(good).toEqual([silent, valid]);
    expect(bad[1]?.[2]).toContain(`parsing [${staged.path}:2] : unknown keyword 'bogus' in 'listen' section`);
    expect(inUse).toEqual(valid);
    expect(again).toEqual(
      fails("mkdir: cannot create directory '/etc/magnum-ha/0123456789abcdef/staged/haproxy': File exists"),
    );
    expect(await answer(own.forget)).toEqual(silent);
    expect(await site.readFile('node-1', staged.path)).toBeUndefined();
  });

  it('names a file and a directory that are not there', async () => {
    const opens = (path: string) =>
      alerts(`config : Cannot open configuration file/directory ${path} : No such file or directory`);

    const file = await line('haproxy -c -f /etc/none.cfg -f /etc/haproxy/conf.d');
    const directory = await line('haproxy -C /etc/none -c -f haproxy.cfg');

    expect(file).toEqual([1, '', NOTICE + opens('/etc/none.cfg')]);
    expect(directory).toEqual([
      1,
      '',
      NOTICE + alerts('Could not change to directory /etc/none : No such file or directory'),
    ]);
  });
});

describe('grep of sections', () => {
  it('prints sections that may listen, where and how, each with its file', async () => {
    const [exitCode, stdout, stderr] = await answer(c.haproxySections);

    // The order of the files is that of the directory.
    const lines = stdout.trimEnd().split('\n');
    const sections = parseSections(stdout, site.document.haproxy);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(lines).toContain('/etc/haproxy/haproxy.cfg:defaults');
    expect(listenersOf(sections)).toEqual([
      'stats (10.21.22.2:10000)',
      'keystone-1 (10.21.22.2:5000)',
      'keystone-2 (10.21.22.2:35357)',
      'nova-api (10.21.22.2:8774)',
      'cinder-api (10.21.22.2:8776)',
      'glance-api (10.21.22.2:9292)',
      'neutron (10.21.22.2:9696)',
      'mysqld (10.21.22.2:3306)',
      'heat-api (10.21.22.2:8004)',
    ]);
    expect(modeBefore(sections, '/etc/haproxy/conf.d/180-magnum.cfg', site.document.haproxy)).toBe('http');
  });

  it('exit 1 where there is none, 2 where there is no file', async () => {
    expect(await line('grep -RHE --include=*.cfg none /etc/haproxy/haproxy.cfg /etc/haproxy/conf.d')).toEqual([
      1,
      '',
      '',
    ]);
    expect(await line('grep -RHE --include=*.cfg none /etc/none.cfg /etc/none')).toEqual(
      fails('grep: /etc/none.cfg: No such file or directory\ngrep: /etc/none: No such file or directory', 2),
    );
  });
});

it('chroot runs a program as the user of Magnum, with nothing of root left', async () => {
  const as = 'chroot --userspec=magnum:magnum --groups=magnum /';

  expect(await line(`${as} date +%s`)).toEqual([0, expect.stringMatching(/^\d+\n$/), '']);
  expect(await line(`${as} touch /etc/none`)).toEqual(fails("touch: cannot touch '/etc/none': Permission denied"));
  expect(await line(`${as} /usr/bin/none`)).toEqual(
    fails("chroot: failed to run command '/usr/bin/none': No such file or directory", 127),
  );
});

it('grep prints how long a controller has been up, and had been when a file was written', async () => {
  const before = await answer(c.uptimes);

  const marked = await answer(c.markWritten.magnumConf);
  const [exitCode, stdout, stderr] = await answer(c.uptimes);

  const missing = ['/run/magnum-ha-magnum.conf', '/run/magnum-ha-fragment'].map(
    (path) => `grep: ${path}: No such file or directory`,
  );
  expect(before).toEqual([2, expect.stringMatching(/^\/proc\/uptime:\d+\.\d+ \d+\.\d+\n$/), `${missing.join('\n')}\n`]);
  expect(marked).toEqual(silent);
  expect([exitCode, stderr]).toEqual([2, `${missing[1]}\n`]);
  expect(stdout.replace(/\d+\.\d+/g, 'N')).toBe('/proc/uptime:N N\n/run/magnum-ha-magnum.conf:N N\n');
  expect(parseWritten(stdout).magnumConf).toBeLessThan(60);
});

it('grep finds what loads the firewall’s rules at boot', async () => {
  const [exitCode, stdout, stderr] = await answer(c.rulesLoaders);

  expect(loaderOf(stdout.split('\n'), site.document.persistentRules)).toBeDefined();
  // Not every place is there.
  expect([exitCode, stderr]).toEqual([2, '']);
});

describe('ps of the tree of processes', () => {
  it('tells with which files HAProxy was started', async () => {
    const [exitCode, stdout, stderr] = await answer(c.processes);

    const { configFile, fragmentDirectory } = site.document.haproxy;
    const found = haproxyProcesses(parseProcesses(stdout, 'node-1'), { configFile });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(found.serving).toHaveLength(1);
    expect(found.files).toEqual([configFile, fragmentDirectory]);
  });
});

describe('ss of what listens', () => {
  it('prints HAProxy at the VIP, and the program that listens elsewhere', async () => {
    const [exitCode, stdout, stderr] = await answer(c.sockets);

    const listening = parseListening(stdout);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(listening).toContainEqual(
      expect.objectContaining({ address: '10.21.22.2', port: 5000, program: 'haproxy' }),
    );
    expect(listening).toContainEqual(expect.objectContaining({ address: '*', port: 22, program: 'sshd' }));
    expect(inTheWay(listening, '10.21.22.2', 9511)).toBeUndefined();
  });
});

describe('iptables', () => {
  const HINT = "\nTry `iptables -h' or 'iptables --help' for more information.";
  const added = '-A INPUT -s 10.21.22.0/24 -p tcp -m multiport --dports 9511 -m comment --comment ';
  const ofInput = (printed: string) => printed.split('\n').filter((line) => /^-[PA] INPUT /.test(line));
  const input = async () => ofInput((await answer(c.rules))[1]);

  it('there is no program nft', async () => {
    const [exitCode, stdout] = await answer(c.nftRules);

    expect([exitCode, stdout]).toEqual([127, '']);
  });

  it('prints policy and rules as its rules file has them', async () => {
    const [exitCode, stdout, stderr] = await answer(c.rules);
    const file = (await site.readFile('node-1', rules.path))?.split('\n') ?? [];

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(ofInput(stdout)).toEqual(['-P INPUT DROP', ...file.filter((one) => one.startsWith('-A INPUT'))]);
  });

  it('inserts and deletes by number', async () => {
    const before = await input();

    const inserted = await answer(c.insertRule(3));
    const between = await input();
    const deleted = await answer(c.deleteRule(3));

    expect([inserted, deleted]).toEqual([silent, silent]);
    expect(between).toEqual(before.toSpliced(3, 0, expect.stringContaining(added) as unknown as string));
    expect(await input()).toEqual(before);
  });

  it('inserts behind the last rule, and no further; deletes the last, and no further', async () => {
    const count = (await input()).length - 1;

    const tooFar = await answer(c.insertRule(count + 2));
    const last = await answer(c.insertRule(count + 1));
    const none = await answer(c.deleteRule(count + 2));
    const ours = await answer(c.deleteRule(count + 1));

    expect([tooFar, none]).toEqual([
      fails('iptables: Index of insertion too big.'),
      fails('iptables: Index of deletion too big.'),
    ]);
    expect([last, ours]).toEqual([silent, silent]);
    expect(await input()).toHaveLength(count + 1);
  });

  it.each([
    ['-I INPUT 0 -j ACCEPT', "Invalid rule number `0'"],
    ['-I INPUT x -j ACCEPT', "Invalid rule number `x'"],
    ['-D INPUT 0', "Invalid rule number `0'"],
    ['-I INPUT 1 -p tcp --dprot 80 -j ACCEPT', 'unknown option "--dprot"'],
    ['-I INPUT 1 -s 10.21.22.777 -j ACCEPT', "host/network `10.21.22.777' not found"],
    ['-I INPUT 1 -m nonsense -j ACCEPT', "Couldn't load match `nonsense':No such file or directory\n"],
    ['-I INPUT 1 -j NONSENSE', "Chain 'NONSENSE' does not exist"],
  ])('refuses %s', async (words, message) => {
    expect(await line(`iptables -w ${words}`)).toEqual(fails(`iptables VERSION: ${message}${HINT}`, 2));
  });

  it('lets a connection through by a rule ahead of one that drops it, not by one behind it', async () => {
    const reach = () => site.reaches('node-2', '10.21.22.6', 5000);
    const accept = magnumRule({ ...golden, magnum: { ...golden.magnum, apiPort: 5000 } });
    const before = await reach();

    await line('iptables -w -I INPUT 1 -p tcp -m multiport --dports 5000 -j DROP');
    await answer(root('iptables', '-w', '-I', 'INPUT', '2', ...accept));
    const behind = await reach();
    await answer(root('iptables', '-w', '-I', 'INPUT', '1', ...accept));
    const ahead = await reach();

    expect([before, behind, ahead]).toEqual([true, false, true]);
    for (let number = 0; number < 3; number++) expect(await answer(c.deleteRule(1))).toEqual(silent);
  });

  const RESTORE_HINT = (number: number) =>
    `\nError occurred at line: ${number}\nTry \`iptables-restore -h' or 'iptables-restore --help' for more information.`;
  it.each([
    ['', silent],
    ['*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m multiport --dports 1 -j ACCEPT\nCOMMIT\n', silent],
    ['*filter\n-A INPUT -j ACCEPT\n', fails('iptables-restore: COMMIT expected at line 3')],
    ['-A INPUT -j ACCEPT\n', fails('iptables-restore: line 1 failed')],
    ['*filter\ngarbage\nCOMMIT\n', fails(`Bad argument \`garbage'${RESTORE_HINT(2)}`, 2)],
    [
      '*filter\n-A INPUT -p tcp --dprots 3 -j ACCEPT\nCOMMIT\n',
      fails(`iptables-restore VERSION: unknown option "--dprots"${RESTORE_HINT(2)}`, 2),
    ],
    [
      '*filter\n-A INPUT -s 10.21.22.777 -j ACCEPT\nCOMMIT\n',
      fails(`iptables-restore VERSION: host/network \`10.21.22.777' not found${RESTORE_HINT(2)}`, 2),
    ],
    [
      '*filter\n-A INPUT -p tcp -m multiport --dports 99999 -j ACCEPT\nCOMMIT\n',
      fails(`iptables-restore VERSION: invalid port/service \`99999' specified${RESTORE_HINT(2)}`, 2),
    ],
    [
      '*nonsense\nCOMMIT\n',
      fails(`iptables-restore VERSION: iptables-restore: line 1 table name 'nonsense' invalid${RESTORE_HINT(1)}`, 2),
    ],
    // It looks for no chain: that would be a change already.
    ['*filter\n-A INPUT -j NONSENSE\n-A NOWHERE -j ACCEPT\nCOMMIT\n', silent],
  ] satisfies [string, Answer][])('iptables-restore --test of %j', async (content, expected) => {
    const before = await input();

    const tested = await answer(withInput(c.validateRules, content));

    expect(tested).toEqual(expected);
    expect(await input()).toEqual(before);
  });

  it("a controller's own rules file passes", async () => {
    const content = (await site.readFile('node-1', rules.path)) ?? '';

    expect(await answer(withInput(c.validateRules, content))).toEqual(silent);
  });
});

describe('magnum-conductor --version', () => {
  const { staged } = own.files.magnumConf;
  const check = async (content: string) => {
    await answer(own.make);
    await site.writeFile('node-1', staged.path, content);
    const { exitCode, stdout, stderr } = await site.run('node-1', own.validateMagnumConf);
    exercised.add('magnum-conductor');
    return { exitCode, stdout, lastLine: stderr.trimEnd().split('\n').at(-1) };
  };
  afterAll(() => answer(own.forget));

  it.each(['[api]\nhost = 10.21.22.6\n', '# comment\n; comment\n[a]\nb = "c\n  d\n\n[e]\nf: g\n', ''])(
    'accepts %j',
    async (content) => {
      expect(await check(content)).toEqual({
        exitCode: 0,
        stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as unknown,
        lastLine: '',
      });
    },
  );

  it.each([
    ['[api]\nhost\n', 2, "No ':' or '=' found in assignment: 'host'"],
    ['[api]\n  host\n', 2, "Unexpected continuation line: '  host'"],
    ['[api\nhost = x\n', 1, "Invalid section (must end with ]): '[api'"],
    ['[api]\n= x\n', 2, "Key cannot be empty: '= x'"],
  ])('refuses %j', async (content, number, message) => {
    const { path } = staged;

    expect(await check(content)).toEqual({
      exitCode: 1,
      stdout: '',
      lastLine: `oslo_config.cfg.ConfigFileParseError: Failed to parse ${path}: at ${path}:${number}, ${message}`,
    });
  });

  it('does not notice that the file is missing', async () => {
    await site.removeFile('node-1', staged.path);

    expect(await answer(own.validateMagnumConf)).toMatchObject([0, expect.stringMatching(/^\d/), '']);
  });
});

describe('what preflight asks', () => {
  it('the detection commands tell what runs there, and how', async () => {
    const asked = Object.entries<Command>(detection(golden));
    const outcomes = await Promise.all(
      asked.map(async ([name, command]) => {
        const [exitCode, stdout, stderr] = await answer(command);
        return [name, { exitCode, stdout, stderr }] as const;
      }),
    );

    const found = parseDetection(Object.fromEntries(outcomes) as DetectionOutcomes);
    const haproxy = haproxyProcesses(parseProcesses(found.ps, 'controller node-1'), {
      configFile: golden.haproxy.configFile,
      programs: found.haproxyPrograms ?? '',
    });

    expect([...found.programs]).toEqual(expect.arrayContaining(['pcs', 'service', 'python3']));
    expect(found.programs).not.toContain('crm');
    expect([...found.services]).toEqual(expect.arrayContaining(['magnum-api', 'magnum-conductor']));
    expect(found).toMatchObject({
      pacemaker: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
      haproxy: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      python: '/usr/bin/python3',
      includes: [],
      pidFile: '/var/run/haproxy.pid',
      namespace: undefined,
    });
    expect(haproxy).toMatchObject({ files: ['/etc/haproxy/haproxy.cfg', '/etc/haproxy/conf.d'], foreign: [] });
    expect(haproxy.serving).toHaveLength(1);
  });

  it('magnum-conductor tells the version of the release, whatever is in its configuration', async () => {
    expect(await answer(c.magnumVersion)).toEqual([0, '5.0.1\n', '']);
  });

  it('python3 fails where it does not find a module', async () => {
    expect(await answer(root('python3', '-c', 'import no_such_module'))).toEqual([
      1,
      '',
      'Traceback (most recent call last):\n' +
        '  File "<string>", line 1, in <module>\n' +
        "ModuleNotFoundError: No module named 'no_such_module'\n",
    ]);
  });
});

describe('services and processes', () => {
  it('ps prints PID, parent, users, age in seconds, state and command line of every process', async () => {
    const [exitCode, stdout, stderr] = await answer(c.processes);
    const lines = stdout.trimEnd().split('\n');

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(lines.filter((one) => !/^( *\d+){5} [A-Z]\S* +\S/.test(one))).toEqual([]);
    expect(lines.filter((one) => /^ *1 +0 +0 +0 +\d+ /.test(one))).toHaveLength(1);
    expect(lines.filter((one) => / \/usr\/sbin\/haproxy .*-f \/etc\/haproxy\/haproxy\.cfg/.test(one))).not.toEqual([]);
    expect(lines.filter((one) => one.includes('/magnum-conductor '))).not.toEqual([]);
    expect(lines.filter((one) => / ps --cols 4096 -eo pid=,ppid=/.test(one))).not.toEqual([]);
  });

  it('date prints the seconds since 1970', async () => {
    const [exitCode, stdout, stderr] = await answer(c.date);

    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d+\n$/);
    expect(Math.abs(Number(stdout) - site.now() / 1000)).toBeLessThan(5);
  });

  it('a restart replaces the processes of the service', async () => {
    const before = await site.daemons('node-1');

    const restarted = [await answer(c.restartApi), await answer(c.restartConductor)];

    const after = await site.daemons('node-1');
    const kept = after.filter((one) => before.includes(one));
    expect(restarted.map(([exitCode, , stderr]) => [exitCode, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect(kept.every((one) => one.includes('haproxy'))).toBe(true);
    expect(kept).not.toEqual([]);
    for (const service of ['magnum-api', 'magnum-conductor']) {
      expect(after.filter((one) => one.includes(`/${service} `))).not.toEqual([]);
    }
  });

  it('a service that nobody installed: exit 1', async () => {
    expect(await line('service no-such-service restart')).toEqual(fails('no-such-service: unrecognized service'));
  });
});

it('every program of the catalogue was run, but those of pacemaker', () => {
  const programs = new Set(everyCommand(golden).map(({ argv: [program = ''] }) => program));
  const pacemaker = ['crm_mon', 'pcs', 'crm_simulate', 'crm_resource'];

  expect([...programs].filter((one) => !exercised.has(one)).sort()).toEqual(pacemaker.sort());
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
