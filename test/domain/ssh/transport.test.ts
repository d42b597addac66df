import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Node, nodeOf } from '../../../domain/commands/node';
import type { Site } from '../../../domain/site/document';
import { parseSite } from '../../../domain/site/parse';
import type { Command } from '../../../domain/ssh/command';
import { connectBySsh } from '../../../domain/ssh/transport';
import { type LogEntry, realClock, type Transport } from '../../../domain/world';
import golden from '../../../sites/golden.json';
import { closeServers, type Keys, keys, serverThat, type Sshd, startSshd, USER, whyNoSshd } from './sshd';

const missing = whyNoSshd();
if (missing !== undefined) console.log(`Skipped, no sshd can run here: ${missing}`);
const describeWithSshd = missing === undefined ? describe : describe.skip;

const user = keys('ed25519');
const transports: Transport[] = [];
const sshds: Sshd[] = [];
afterEach(() => {
  for (const transport of transports.splice(0)) transport.close();
  closeServers();
});
afterAll(async () => {
  await Promise.all(sshds.map((sshd) => sshd.stop()));
});

async function start(authorized: Keys, hostKeys?: Keys): Promise<Sshd> {
  const sshd = await startSshd(authorized.public, hostKeys);
  sshds.push(sshd);
  return sshd;
}

/** A site of one controller, which is its own bastion. */
function siteOf({ port, hostKey }: { port: number; hostKey: string }, changes: Partial<Site> = {}): Site {
  const host = { host: '127.0.0.1', port, user: USER, hostKey };
  const site = parseSite('golden', JSON.stringify(golden));
  return {
    ...site,
    bastion: host,
    ssh: { ...site.ssh, user: USER, sudo: false },
    controllers: [{ name: 'node-1', address: '127.0.0.1', port, hostKey }],
    ...changes,
  };
}

/** Connects to a site as a task does. @returns its controller, once the bastion has let us in */
async function open(site: Site, { key = user, log = [] as LogEntry[] } = {}): Promise<Node> {
  const [controller] = site.controllers;
  const transport = await connectBySsh(realClock, { site, privateKey: key.private, expected: site.controllers });
  transports.push(transport);
  return nodeOf({
    site,
    controller,
    link: () => transport.controller(controller),
    world: { clock: realClock, log: (entry) => log.push(entry) },
  });
}

function command(...argv: string[]): Command {
  return { argv, root: false, timeoutSeconds: 20 };
}

test('a key that is none is refused by the name of its parameter, before anything is connected to', async () => {
  const site = siteOf({ port: 1, hostKey: user.public });

  const refused = open(site, { key: { private: 'no key, but s3cret', public: '' } });

  await expect(refused).rejects.toMatchObject({
    name: 'SshPrivateKeyInvalid',
    message: expect.stringContaining('/magnum-ha/golden/ssh-private-key') as string,
  });
  await expect(refused).rejects.not.toThrow('s3cret');
});

test('a bastion that does not listen is told with what to check', async () => {
  const port = await serverThat(() => undefined);
  closeServers();

  const refused = open(siteOf({ port, hostKey: user.public }));

  await expect(refused).rejects.toMatchObject({
    name: 'BastionUnreachable',
    message: expect.stringMatching(/127\.0\.0\.1:\d+ of site golden.*ECONNREFUSED/) as string,
  });
});

describeWithSshd('a way through a real sshd', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await start(user);
  });

  describe('opens', () => {
    test.each(['ed25519', 'ecdsa', 'rsa'] as const)('with a user key and a host key of type %s', async (type) => {
      const key = keys(type);
      const other = await start(key, keys(type));

      const node = await open(siteOf(other), { key });

      expect((await node.run(command('echo', 'hello'))).stdout).toBe('hello\n');
    });

    test('without asking first whether the key would be taken', async () => {
      const other = await start(user);

      await open(siteOf(other));
      // Its log comes through a pipe, later than what it says to its client.
      while (!other.log().includes('Accepted publickey')) await sleep(10);

      expect(other.log()).toContain('userauth-request for user');
      expect(other.log()).not.toContain('Postponed publickey');
    });
  });

  describe('fails by name', () => {
    test('if the host shows another key, and sends nothing', async () => {
      const other = await start(user);
      const site = siteOf({ ...other, hostKey: keys('ed25519').public });

      await expect(open(site)).rejects.toMatchObject({ name: 'HostKeyMismatch' });

      await sleep(100);
      expect(other.log()).toContain('SSH2_MSG_KEXINIT received');
      expect(other.log()).not.toMatch(/userauth-request|service-request/);
    });

    test('if the controller shows another key', async () => {
      const site = siteOf(sshd);
      const [controller] = site.controllers;
      const node = await open({ ...site, controllers: [{ ...controller, hostKey: keys('ed25519').public }] });

      await expect(node.ready()).rejects.toMatchObject({ name: 'HostKeyMismatch' });
    });

    test.each(['ed25519', 'rsa'] as const)('if a key of type %s is refused', async (type) => {
      await expect(open(siteOf(sshd), { key: keys(type) })).rejects.toMatchObject({ name: 'SshAuthenticationFailed' });
    });

    test('if the user is unknown', async () => {
      const site = siteOf(sshd);

      await expect(open({ ...site, bastion: { ...site.bastion, user: 'nobody-here' } })).rejects.toMatchObject({
        name: 'SshAuthenticationFailed',
      });
    });

    test('if the controller refuses the user: whatever is asked of it', async () => {
      const site = siteOf(sshd);

      const node = await open({ ...site, ssh: { ...site.ssh, user: 'nobody-here' } });

      const refused = { name: 'SshAuthenticationFailed' };
      await expect(node.run(node.commands.date)).rejects.toMatchObject(refused);
      await expect(node.tunnel('127.0.0.1', 22)).rejects.toMatchObject(refused);
      await expect(node.ready()).rejects.toMatchObject(refused);
    });

    test('if the server closes', async () => {
      const silent = await serverThat((socket) => socket.end());
      const greets = await serverThat((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));

      for (const port of [silent, greets]) {
        await expect(open(siteOf({ ...sshd, port }))).rejects.toMatchObject({ name: 'BastionUnreachable' });
      }
    });

    test('if the controller closes, as a sshd does that has too many connections', async () => {
      const port = await serverThat((socket) => socket.end());
      const site = siteOf(sshd);
      const [controller] = site.controllers;

      const node = await open({ ...site, controllers: [{ ...controller, port }] });

      await expect(node.ready()).rejects.toMatchObject({
        name: 'ControllerUnreachable',
        message: expect.stringContaining('Connection lost before handshake') as string,
      });
    });

    test.each([
      ['it gives its name', 0],
      ['it gives its keys', 100],
      ['the key is taken', 1650],
    ])('if the server falls silent before %s', async (_what, after) => {
      let arrived = 0;
      // Passes on what the client sends, and of the answer only the beginning.
      const port = await serverThat((socket) => {
        const upstream = connect(sshd.port, '127.0.0.1');
        socket.pipe(upstream);
        socket.on('close', () => upstream.destroy());
        upstream.on('error', () => undefined);
        upstream.on('data', (chunk: Buffer) => {
          if (arrived < after) socket.write(chunk.subarray(0, after - arrived));
          arrived += chunk.length;
        });
      });
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'setInterval', 'performance'] });
      try {
        const opened = open(siteOf({ ...sshd, port })).catch((error: unknown) => error);
        while (arrived === 0 || arrived < after) await new Promise((resolve) => setImmediate(resolve));

        jest.advanceTimersByTime(15_001);

        expect(await opened).toMatchObject({ name: 'BastionUnreachable' });
      } finally {
        jest.useRealTimers();
      }
    });
  });

  describe('once it stands', () => {
    test('a TCP connection begins at the controller', async () => {
      const port = await serverThat((socket) => socket.end('hello'));
      const node = await open(siteOf(sshd));

      const stream = await node.tunnel('127.0.0.1', port);

      expect(await text(stream)).toBe('hello');
    });

    test('a TCP connection that is refused says so, and the way still stands', async () => {
      const node = await open(siteOf(sshd));

      await expect(node.tunnel('127.0.0.1', 1)).rejects.toThrow('Connection refused');

      await expect(node.run(command('echo', 'hello'))).resolves.toMatchObject({ stdout: 'hello\n' });
    });

    test('a connection to a controller that broke is made anew, the bastion having stayed', async () => {
      const node = await open(siteOf(sshd));
      const [transport] = transports;
      const link = transport?.controller(node.controller);
      // Of the controller's sshd the process that serves this connection: above timeout(1) and the shell.
      const killed = 'up() { cut -d " " -f 4 "/proc/$1/stat"; }; kill -9 "$(up "$(up $PPID)")"; sleep 5';

      await expect(node.run(command('sh', '-c', killed))).rejects.toMatchObject({ name: 'SshConnectionLost' });
      while (transport?.controller(node.controller) === link) await sleep(5);
      const again = await node.run(command('echo', 'again'));

      expect(again.stdout).toBe('again\n');
      expect(transport?.alive).toBe(true);
    });

    test('it is not alive any more when it is closed', async () => {
      await open(siteOf(sshd));
      const [transport] = transports;

      transport?.close();
      while (transport?.alive) await sleep(5);

      expect(transport?.alive).toBe(false);
    });
  });

  describe('commands asked for at the same moment', () => {
    let directory: string;
    let script: (content: string) => string;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'magnum-ha-transport-'));
      let number = 0;
      script = (content) => {
        const path = join(directory, `script-${++number}`);
        writeFileSync(path, `#!/bin/sh\n${content}\n`, { mode: 0o700 });
        return path;
      };
    });
    afterEach(() => {
      rmSync(directory, { recursive: true, force: true });
    });

    test('travel in one exec, and each is answered and logged by itself', async () => {
      const other = await start(user);
      const log: LogEntry[] = [];
      const node = await open(siteOf(other), { log });

      const [hello, none, big] = await Promise.all([
        node.run(command('echo', 'hello')),
        node.attempt(command('cat', '/none')),
        node.run(command('head', '-c', '3000000', '/dev/zero')),
      ]);

      expect(hello).toEqual({ exitCode: 0, stdout: 'hello\n', stderr: '' });
      expect(none).toMatchObject({ exitCode: 1, stdout: '', stderr: 'cat: /none: No such file or directory\n' });
      expect(big.stdout).toHaveLength(3_000_000);
      expect(log).toMatchObject([
        { controller: 'node-1', command: 'LC_ALL=C timeout -k 2 20 echo hello', exitCode: 0 },
        { command: 'LC_ALL=C timeout -k 2 20 cat /none', exitCode: 1 },
        { command: 'LC_ALL=C timeout -k 2 20 head -c 3000000 /dev/zero', exitCode: 0 },
      ]);
      expect(other.log().match(/server_input_channel_req: channel \d+ request exec/g)).toHaveLength(1);
    });

    test('do not wait for one that hangs longer than for its time limit', async () => {
      const node = await open(siteOf(sshd));

      const [before, hanging, after] = await Promise.allSettled([
        node.run(command('echo', 'before')),
        node.run({ ...command('sleep', '60'), timeoutSeconds: 1 }),
        node.run(command('echo', 'after')),
      ]);

      expect(before).toMatchObject({ value: { stdout: 'before\n' } });
      expect(hanging).toMatchObject({ reason: { name: 'CommandTimeout' } });
      expect(after).toMatchObject({ value: { stdout: 'after\n' } });
    });

    test('are answered as each ends', async () => {
      const node = await open(siteOf(sshd));
      const release = join(directory, 'release');

      const first = node.run(command('echo', 'first'));
      const second = node.run(command(script(`until [ -e ${release} ]; do sleep 0.05; done; echo released`)));
      const answer = await first;
      writeFileSync(release, '');

      expect(answer.stdout).toBe('first\n');
      expect((await second).stdout).toBe('released\n');
    });

    test('if the connection is lost, only those that had not ended are', async () => {
      const node = await open(siteOf(sshd));
      const began = join(directory, 'began');
      const never = join(directory, 'never');

      const first = node.run(command('echo', 'first'));
      const others = Promise.allSettled([
        node.run(command(script(`touch ${began}; sleep 1`))),
        node.run(command('touch', never)),
      ]);
      const outcome = await first;
      while (!existsSync(began)) await sleep(10);
      for (const transport of transports) transport.close();

      expect(outcome.stdout).toBe('first\n');
      const lost = { reason: { name: 'SshConnectionLost' } };
      expect(await others).toMatchObject([lost, lost]);
      // The shell dies of its next marker.
      await sleep(1500);
      expect(existsSync(never)).toBe(false);
    });

    test('go alone if they read standard input, as many at a time as sshd has sessions', async () => {
      const node = await open(siteOf(sshd));
      const files = Array.from({ length: 25 }, (_, index) => join(directory, `file-${index}`));

      await Promise.all(
        files.map((path) => node.run({ ...command('dd', `of=${path}`, 'status=none'), stdin: `for ${path}\n` })),
      );

      expect(files.map((path) => readFileSync(path, 'utf8'))).toEqual(files.map((path) => `for ${path}\n`));
    });
  });
});
