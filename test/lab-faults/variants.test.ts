import { catalogue } from '../../domain/commands/catalogue';
import { sudoers } from '../../domain/commands/sudoers';
import { magnumRule } from '../../domain/config/iptables';
import type { Site } from '../../domain/site/document';
import type { Command } from '../../domain/ssh/command';
import { connectSite, type SiteConnection } from '../../domain/commands/site-connection';
import { mapAll } from '../../domain/non-empty';
import { authority } from '../../local/simulated-site/certificates';
import { worldWith } from '../world';
import { document, outageOf, reportOf } from '../workflow/local';
import { type FaultyLab, startFaultyLab } from './lab';

// Everything otherwise than on the golden site: five controllers, HAProxy in a network namespace of its own, another name
// of its resource, a public VIP with TLS, and an ordinary user whom sudo lets run the commands of the catalogue.

const SUDOERS = '/etc/sudoers.d/magnum-ha';
const CERTIFICATE = '/etc/haproxy/magnum.pem';

/** Prints a line for each server of a section that HAProxy balances: its name and state. */
const SERVERS = `
import csv, io, socket
stats = socket.socket(socket.AF_UNIX)
stats.connect('/var/lib/haproxy/stats')
stats.sendall(b'show stat\\n')
text = stats.makefile().read().lstrip('# ')
for row in csv.DictReader(io.StringIO(text)):
    if row['pxname'] == 'magnum-api' and row['svname'] not in ('FRONTEND', 'BACKEND'):
        print(row['svname'], row['status'])
`;

let site: FaultyLab;
let connection: SiteConnection;

beforeAll(async () => {
  site = await startFaultyLab({ document: variant(), haproxyNamespace: true });
  const { document: own, privateKey } = site.lab;
  const { cert, key } = authority('Operators').issue({ names: ['magnum.cloud.example'] });
  for (const name of site.controllers) {
    await site.lab.exec(name, ['tee', SUDOERS], sudoers(own));
    await site.bash(name, `chmod 0440 ${SUDOERS} && visudo -cf ${SUDOERS}`);
    await site.lab.exec(name, ['tee', CERTIFICATE], cert + key);
    await site.bash(name, `chmod 0600 ${CERTIFICATE}`);
  }
  connection = await connectSite(worldWith({ [own.ssh.privateKey.ssm]: privateKey }), own, { expected: [] });
});
afterAll(async () => {
  connection.close();
  await site.close();
});

function variant(): Site {
  const golden = document('golden');
  const [first] = golden.controllers;
  return {
    ...golden,
    ssh: { ...golden.ssh, user: 'deploy', sudo: true },
    controllers: mapAll([3, 4, 5, 6, 7], (last, index) => ({
      ...first,
      name: `node-${index + 1}`,
      address: `10.21.22.${last}`,
    })),
    haproxy: {
      ...golden.haproxy,
      resource: 'haproxy_management',
      publicVip: { address: golden.virtualIp, port: 443, certificate: CERTIFICATE },
    },
  };
}

/** Runs a command as the product does. */
function run(name: string, command: Command) {
  return connection.node(name).run(command);
}

describe('with everything otherwise', () => {
  it('the whole job is done, and then there is nothing to change', async () => {
    const first = reportOf(await site.apply());
    const second = reportOf(await site.apply());
    await site.learn();

    expect(first.outcome).toBe('changed');
    expect(outageOf(first)).toBeGreaterThan(0);
    expect(first.blastRadius?.resources).toEqual(['vip__management']);
    expect(first.verification?.apis.at(-1)).toMatchObject({ name: 'public VIP', answers: true });
    expect(second.outcome).toBe('unchanged');
    expect(await site.wrongFiles(site.controllers)).toEqual([]);
    expect(await site.wrongHaproxy(site.controllers)).toEqual([]);
  });

  it("HAProxy in its namespace reaches all backends, its own controller's too", async () => {
    const seen = await Promise.all(site.controllers.map((name) => site.lab.exec(name, ['python3', '-c', SERVERS])));

    const all = site.controllers.map((name) => `${name} UP\n`).join('');
    expect(seen.map(({ stdout }) => stdout)).toEqual(site.controllers.map(() => all));
    await expect(site.bash('node-1', 'ip netns pids haproxy | xargs ps -o comm= -p')).resolves.toContain('haproxy');
  });

  it('the firewall lets Magnum in after a reboot too', async () => {
    await site.lab.powerOff('node-2');
    await site.powerOn('node-2');

    expect(await site.wrongHaproxy(site.controllers)).toEqual([]);
    const rules = (await site.bash('node-2', 'iptables -S INPUT')).trimEnd().split('\n');
    const report = reportOf(await site.apply());

    const [comment = ''] = magnumRule(site.lab.document).filter((word) => word.startsWith('117'));
    const [at, drop] = [`"${comment}"`, '-j DROP'].map((text) => rules.findIndex((rule) => rule.includes(text)));
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(Number(drop));
    expect(report.outcome).toBe('unchanged');
  });
});

describe('sudo denies', () => {
  const golden = variant();
  const { files, enableHaproxy, execution, deleteRule, insertRule, restartApi } = catalogue(golden);
  const own = execution('0123456789abcdef');
  const root = (...argv: string[]): Command => ({ argv, root: true, timeoutSeconds: 20 });
  const otherwise = (command: Command, from: string, to: string): Command => ({
    ...command,
    argv: command.argv.map((word) => (word === from ? to : word)),
  });

  it.each<[string, Command]>([
    ['a file of others', root('cat', '/etc/shadow')],
    [
      'a file of others behind one of ours',
      { ...files.magnumConf.read, argv: [...files.magnumConf.read.argv, '/etc/shadow'] },
    ],
    [
      'a way out of a directory',
      { ...own.discard, argv: [...own.discard.argv.slice(0, -1), `${own.discard.argv.at(-1)}/../../x`] },
    ],
    [
      'another file to write',
      otherwise(own.files.magnumConf.staged.fill, own.files.magnumConf.staged.fill.argv[1] ?? '', 'of=/etc/passwd'),
    ],
    ['another place to put a file', otherwise(own.files.rules.staged.install, files.rules.path, '/etc/shadow')],
    ['another resource', otherwise(enableHaproxy, golden.haproxy.resource, 'vip__management')],
    ['another service', otherwise(restartApi, golden.magnum.apiService, 'ssh')],
    ['another time limit', { ...enableHaproxy, timeoutSeconds: 3600 }],
    ['a number that is none', otherwise(deleteRule(17), '17', '1 7')],
    ['no rule but ours', root('iptables', '-w', '-I', 'INPUT', '1', '-j', 'ACCEPT')],
    ['another chain', otherwise(insertRule(1), 'INPUT', 'OUTPUT')],
    ['all rules away', root('iptables', '-w', '-F', 'INPUT')],
    ['a shell', root('sh', '-c', 'id')],
    ['a program of our name elsewhere', root('/tmp/cat', files.rules.path)],
  ])('%s', async (_, command) => {
    const running = run('node-1', command);

    await expect(running).rejects.toMatchObject({ name: 'SudoRefused' });
  });

  it('a login as root: what needs no root runs without it', async () => {
    const { stdout } = await run('node-1', { argv: ['id', '-un'], root: false, timeoutSeconds: 5 });

    expect(stdout).toBe('deploy\n');
  });
});
