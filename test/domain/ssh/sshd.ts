import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { utils } from 'ssh2';

const SSHD = '/usr/sbin/sshd';

/** The user who may log in: whoever runs the tests. */
export const USER = userInfo().username;

/** A pair of keys in the forms that sshd and the product read. */
export interface Keys {
  readonly private: string;
  readonly public: string;
}

/** A real sshd on loopback, with a configuration of its own. */
export interface Sshd {
  readonly port: number;
  /** As a site document pins it. */
  readonly hostKey: string;
  /** What it logged so far, at its most talkative. */
  log(): string;
  stop(): Promise<void>;
}

/** Makes a pair of keys. */
export function keys(type: 'ed25519' | 'ecdsa' | 'rsa'): Keys {
  for (;;) {
    const pair =
      type === 'ed25519'
        ? utils.generateKeyPairSync('ed25519')
        : utils.generateKeyPairSync(type as 'rsa', { bits: type === 'rsa' ? 2048 : 256 });
    // ssh2 makes one key in 256 that it cannot read itself (mscdex/ssh2#1513).
    const readable = [pair.private, pair.public].every((key) => !((utils.parseKey(key) as unknown) instanceof Error));
    if (readable) return { private: pair.private, public: pair.public.split(' ').slice(0, 2).join(' ') };
  }
}

/** Why no sshd can run here; undefined if one can. */
export function whyNoSshd(): string | undefined {
  if (!existsSync(SSHD)) return `there is no ${SSHD}`;
  const { directory, configuration } = configure({ authorized: '', hostKeys: keys('ed25519'), port: 22 });
  const { status, stderr } = spawnSync(SSHD, ['-t', '-f', configuration], { encoding: 'utf8' });
  rmSync(directory, { recursive: true, force: true });
  return status === 0 ? undefined : `sshd says: ${stderr.trim()}`;
}

/**
 * Starts an sshd that lets the user of {@link USER} in with the public key `authorized`.
 * @param further lines of its configuration, before all others
 */
export async function startSshd(
  authorized: string,
  hostKeys = keys('ed25519'),
  logLevel: 'DEBUG3' | 'ERROR' = 'DEBUG3',
  further: readonly string[] = [],
): Promise<Sshd> {
  const port = await freePort();
  const { directory, configuration } = configure({ authorized, hostKeys, port, logLevel, further });
  const sshd = spawn(SSHD, ['-D', '-e', '-f', configuration]);
  let log = '';
  sshd.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const stop = async () => {
    await ended(sshd);
    rmSync(directory, { recursive: true, force: true });
  };
  while (!(await listens(port))) {
    if (sshd.exitCode !== null) throw new Error(`sshd does not start: ${log}`);
    await sleep(10);
  }
  return { port, hostKey: hostKeys.public, log: () => log, stop };
}

function configure(options: {
  authorized: string;
  hostKeys: Keys;
  port: number;
  logLevel?: string;
  further?: readonly string[];
}) {
  const { authorized, hostKeys, port, logLevel = 'DEBUG3', further = [] } = options;
  const directory = mkdtempSync(join(tmpdir(), 'magnum-ha-sshd-'));
  const file = (name: string, content: string) => {
    writeFileSync(join(directory, name), content, { mode: 0o600 });
    return join(directory, name);
  };
  const lines = [
    // Of each option sshd takes what comes first.
    ...further,
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${file('host_key', hostKeys.private)}`,
    `AuthorizedKeysFile ${file('authorized_keys', `${authorized}\n`)}`,
    `PidFile ${join(directory, 'pid')}`,
    'PermitRootLogin yes',
    'StrictModes no',
    'UsePAM no',
    'MaxStartups 100',
    `LogLevel ${logLevel}`,
    // Else bash reads the start-up file of whoever runs the tests, which may take long and print anything.
    'SetEnv SHLVL=2',
  ];
  return { directory, configuration: file('config', `${lines.join('\n')}\n`) };
}

async function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const exit = new Promise((resolve) => process.once('exit', resolve));
  process.kill();
  await exit;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

const servers: Server[] = [];

/** Starts something that listens as an SSH server would. @returns its port; `closeServers` ends it */
export async function serverThat(does: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    does(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Ends what `serverThat` has started. */
export function closeServers(): void {
  for (const server of servers.splice(0)) server.close();
}
