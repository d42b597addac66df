import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { realClock } from '../../domain/world';
import { serveOpenStack, type StandInOptions } from '../../lab/openstack/services';
import { magnumOptions, resolve } from '../../domain/config/options';
import { editOslo } from '../../domain/config/oslo';
import { openStackSession } from '../../domain/openstack/session';
import { allSecretNames } from '../../domain/secrets/references';
import type { Site } from '../../domain/site/document';
import { parseSite } from '../../domain/site/parse';

const ROOTFS = join(__dirname, '../../lab/rootfs');
type Daemon = ChildProcessByStdio<null, Readable, Readable>;

const SECRET = 'p@ss:w%rd';

// On Linux all of 127.0.0.0/8 is there to be listened on, and Keystone's ports are free on most of it.
const NETWORK = `127.${1 + (process.pid % 250)}.${1 + ((process.pid >> 8) % 250)}.`;
const missing =
  process.platform !== 'linux'
    ? 'only Linux listens on all of 127.0.0.0/8'
    : spawnSync('python3', ['--version']).status !== 0
      ? 'there is no python3'
      : undefined;
if (missing !== undefined) console.log(`Skipped the services of the lab's OpenStack: ${missing}.`);

const onLinux = missing === undefined ? describe : describe.skip;

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

onLinux('services of OpenStack on a controller of the lab', () => {
  test('serve what the simulated OpenStack answers, as configured', async () => {
    const lab = await startOpenStack();
    const session = openStackSession({
      connect: lab.connect,
      clock: realClock,
      account: lab.site.openstack,
      password: SECRET,
    });

    const daemons = [lab.start('usr/sbin/keystone'), lab.magnum('magnum-api'), lab.magnum('magnum-conductor')];
    await Promise.all(daemons.map((daemon) => lab.logged(daemon, 'started')));
    const services = await session.magnum.services();

    expect(services).toMatchObject([{ binary: 'magnum-conductor', state: 'up', report_count: 1 }]);
    session.close();
  });

  test('answer the checks of HAProxy', async () => {
    const lab = await startOpenStack();
    await lab.logged(lab.start('usr/sbin/keystone'), 'started');
    await lab.logged(lab.magnum('magnum-api'), 'started');

    const answers = await Promise.all(
      [5000, 35357, 9511].map(async (port) => {
        const connection = await lab.connect(lab.address, port);
        connection.write('OPTIONS / HTTP/1.0\r\n\r\n');
        return (await text(connection)).split('\r\n')[0];
      }),
    );

    expect(answers).toEqual(['HTTP/1.1 300 Multiple Choices', 'HTTP/1.1 300 Multiple Choices', 'HTTP/1.1 200 OK']);
  });

  test('send heartbeats until they are ended', async () => {
    // An API that reads the database on its own: it answers when no conductor is left.
    const lab = await startOpenStack({ speed: 600, api: 'wsgi' });
    const session = openStackSession({
      connect: lab.connect,
      clock: realClock,
      account: lab.site.openstack,
      password: SECRET,
    });
    const conductor = lab.magnum('magnum-conductor');
    const daemons = [lab.start('usr/sbin/keystone'), lab.magnum('magnum-api'), conductor];
    await Promise.all(daemons.map((daemon) => lab.logged(daemon, 'started')));
    const beats = async () => (await session.magnum.services())[0]?.report_count ?? 0;

    const first = await beats();
    await new Promise((passed) => setTimeout(passed, 300));
    const later = await beats();
    conductor.kill('SIGTERM');
    await once(conductor, 'exit');
    await new Promise((passed) => setTimeout(passed, 200));
    const last = await beats();
    await new Promise((passed) => setTimeout(passed, 300));

    expect(later).toBeGreaterThan(first);
    expect(await beats()).toBe(last);
    session.close();
  });

  test.each([
    [
      '[api]\nhost\n',
      "ConfigFileParseError: Failed to parse FILE: at FILE:2, No ':' or '=' found in assignment: 'host'",
    ],
    ['[api]\nhost = 192.0.2.1\n', '[Errno 99] Cannot assign requested address'],
    ['[api]\nport = 5000\nhost = ADDRESS\n', '[Errno 98] Address already in use'],
    [undefined, 'ConfigFilesNotFoundError: Failed to find some config files: FILE'],
  ])('die of a bad configuration and say so: %j', async (config, why) => {
    const lab = await startOpenStack({ config: (address) => config?.replace('ADDRESS', address) });
    await lab.logged(lab.start('usr/sbin/keystone'), 'started');

    const process = lab.magnum('magnum-api');
    await once(process, 'close');

    expect(process.exitCode).toBe(1);
    expect(lab.log(process)).toContain(why.replaceAll('FILE', lab.file));
  });

  test.each([
    ['[DEFAULT]\ndebug = true\n', 0, '5.0.1\n', ''],
    ['debug = true\n', 1, '', 'oslo_config.cfg.ConfigFileParseError: Failed to parse FILE: at FILE:'],
    ['[api\n', 1, '', "Invalid section (must end with ]): '[api'"],
    [undefined, 0, '5.0.1\n', ''],
  ])('parse a file before they tell their version: %j', async (config, code, stdout, stderr) => {
    const lab = await startOpenStack({ config: () => config });

    const process = lab.start('usr/bin/magnum-conductor', '--config-file', lab.file, '--version');
    const [printed] = await Promise.all([text(process.stdout), once(process, 'close')]);

    expect(process.exitCode).toBe(code);
    expect(printed).toBe(stdout);
    expect(lab.log(process)).toContain(stderr.replaceAll('FILE', lab.file));
  });
});

interface Given {
  readonly speed?: number;
  readonly api?: StandInOptions['api'];
  /** The text of magnum.conf; undefined if there is none. */
  readonly config?: (address: string) => string | undefined;
}

/** Starts the stand-in with a directory for its files. */
async function startOpenStack({ speed = 1, api = 'magnum-api', config }: Given = {}) {
  const site = siteOn(NETWORK);
  const [controller] = site.controllers;
  const directory = mkdtempSync(join(tmpdir(), 'magnum-ha-openstack-'));
  const [file, socket] = [join(directory, 'magnum.conf'), join(directory, 'openstack.sock')];
  const wanted = config
    ? config(controller.address)
    : editOslo(
        '',
        magnumOptions(site, controller).map((option) => ({ ...option, value: resolve(option.value, () => SECRET) })),
      );
  if (wanted !== undefined) writeFileSync(file, wanted);
  const secrets = Object.fromEntries(allSecretNames(site).map((name) => [name, SECRET]));
  const stop = await serveOpenStack({ document: site, secrets, speed, api }, socket);
  const processes = new Map<Daemon, string>();
  const ended: Promise<unknown>[] = [];

  const start = (program: string, ...args: string[]): Daemon => {
    const child = spawn('python3', [join(ROOTFS, program), ...args], {
      env: {
        ...process.env,
        PYTHONPATH: join(ROOTFS, 'usr/lib/python3/dist-packages'),
        PYTHONDONTWRITEBYTECODE: '1',
        LAB_OPENSTACK_LOADING_SECONDS: '0',
        LAB_OPENSTACK_SOCKET: socket,
        LAB_OPENSTACK_HOST: controller.name,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    processes.set(child, '');
    ended.push(once(child, 'close'));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      processes.set(child, (processes.get(child) ?? '') + chunk);
    });
    return child;
  };

  endings.push(async () => {
    for (const child of processes.keys()) child.kill('SIGTERM');
    await Promise.all(ended);
    await stop();
    rmSync(directory, { recursive: true });
  });

  return {
    site,
    file,
    address: controller.address,
    start,
    /** Starts a service of Magnum with the configuration. */
    magnum: (program: string) => start(`usr/bin/${program}`, `--config-file=${file}`),
    /** What a process has logged. */
    log: (child: Daemon) => processes.get(child) ?? '',
    /** Waits until a process has logged a word. */
    logged: async (child: Daemon, word: string) => {
      while (!processes.get(child)?.includes(word)) {
        if (child.exitCode !== null) throw new Error(`It ended without ${word}: ${processes.get(child) ?? ''}`);
        await once(child.stderr, 'data');
      }
    },
    /** Connects to a controller; the VIP is the first one's. */
    connect: async (_host: string, port: number) => {
      const connection = connect(port, controller.address);
      await once(connection, 'connect');
      return connection;
    },
  };
}

/** The golden site on another network. */
function siteOn(network: string): Site {
  const golden = readFileSync(join(__dirname, '../../sites/golden.json'), 'utf8');
  return parseSite('golden', golden.replaceAll('10.21.22.', network));
}
