import type { Duplex } from 'node:stream';
import { everyCommand } from '../../../domain/commands/catalogue';
import type { Controller, Site } from '../../../domain/site/document';
import type { Command, Outcome } from '../../../domain/ssh/command';
import { commandLine } from '../../../domain/ssh/command-line';
import { connectBySsh } from '../../../domain/ssh/transport';
import { type Clock, clockOf, realClock, type Transport } from '../../../domain/world';
import { seededRandom } from '../../../local/random';
import { type CommandFault, type SimulatedSite, startSimulatedSite } from '../../../local/simulated-site';
import { startSshFront } from '../../../local/simulated-site/ssh-server';
import { type Timings, timings } from '../../../local/simulated-site/timings';
import { virtualClock } from '../../../local/virtual-clock';
import { goldenSite, SECRETS } from './client';

/** A site, and how a task comes to it. */
interface Way {
  readonly site: SimulatedSite;
  /** As the task knows it. */
  readonly document: Site;
  readonly connect: (change?: (document: Site) => Site) => Promise<Transport>;
}

function inMemory(document: Site, clock: Clock, given: Partial<Timings> = {}): Promise<Way> {
  const site = startSimulatedSite({ document, secrets: SECRETS, clock, random: seededRandom(1), timings: given });
  return Promise.resolve({
    site,
    document,
    connect: (change = (one) => one) => site.connect({ site: change(document), privateKey: 'any', expected: [] }),
  });
}

async function bySsh(document: Site, clock: Clock, given: Partial<Timings> = {}): Promise<Way> {
  const { site } = await inMemory(document, clock, given);
  const front = await startSshFront(site);
  return {
    site,
    document: front.document,
    connect: (change = (one) => one) =>
      connectBySsh(realClock, { site: change(front.document), privateKey: front.privateKey, expected: [] }),
  };
}

function first({ controllers: [controller] }: Site): Controller {
  return controller;
}

describe('each command of the catalogue comes to the same by both transports', () => {
  const inputs: Readonly<Record<string, string>> = {
    dd: '[api]\nhost = 10.21.22.6 # ünïcode, it\'s "quoted"\n',
    'iptables-restore': '*filter\n:INPUT DROP [0:0]\nCOMMIT\n',
    env: 'SELECT VERSION() AS version;\nnonsense;\n',
    rabbitmqctl: '{"users":[{"name":"x","password":"y","tags":""}]}',
  };
  // It stands still, so that nothing tells when it was asked.
  const still = clockOf(
    () => Date.UTC(2026, 0, 5),
    (ms, action) => realClock.after(ms, action),
  );
  const atOnce = Object.fromEntries(Object.keys(timings()).map((name) => [name, 0]));

  const outcomes = async (start: typeof inMemory, document: Site, password: boolean): Promise<[string, Outcome][]> => {
    const way = await start(document, still, atOnce);
    way.site.faults.noSudo('node-1', password);
    const transport = await way.connect();
    const link = await transport.controller(first(way.document));
    const commands = everyCommand(document).map((command): Command => {
      const stdin = inputs[command.argv[0] ?? ''];
      return stdin === undefined ? command : { ...command, stdin };
    });
    const run = async (command: Command): Promise<[string, Outcome]> => [
      command.argv.join(' '),
      await link.execute(commandLine(command, document.ssh.sudo), command),
    ];
    const one: [string, Outcome][] = [];
    for (const command of commands) one.push(await run(command));
    // And once more what reads nothing, all at the same moment.
    const together = await Promise.all(commands.filter(({ stdin }) => stdin === undefined).map(run));
    transport.close();
    await way.site.close();
    return [...one, ...together];
  };

  test.each([
    ['as root', { user: 'root', sudo: false }, false],
    ['by sudo', { user: 'fueladmin', sudo: true }, false],
    ['if sudo wants a password', { user: 'fueladmin', sudo: true }, true],
  ])('%s', async (_how, login, password) => {
    const { ssh } = goldenSite();
    const document = goldenSite({
      ssh: { ...ssh, ...login },
      bootstrap: ['database', 'schema', 'rabbitmq', 'keystone'],
    });

    const [here, there] = await Promise.all([
      outcomes(inMemory, document, password),
      outcomes(bySsh, document, password),
    ]);

    expect(here).toEqual(there);
    expect(new Set(here.map(([, { exitCode }]) => exitCode)).size).toBeGreaterThan(1);
  });
});

/** Something that goes wrong, and what is tried then. */
interface Case {
  readonly what: string;
  readonly error: string;
  /** How long it takes until that is known, in milliseconds. */
  readonly after: number;
  readonly act: (way: Way) => Promise<unknown>;
}

const patient: Command = { argv: ['date', '+%s'], root: false, timeoutSeconds: 30 };

async function ask(way: Way, command: Command = patient, transport?: Transport): Promise<Outcome> {
  const link = await (transport ?? (await way.connect())).controller(first(way.document));
  return link.execute(commandLine(command, false), command);
}

/** Asks, and lets something happen while the command is under way. */
async function during(way: Way, happens: (transport: Transport) => void): Promise<Outcome> {
  const transport = await way.connect();
  const link = await transport.controller(first(way.document));
  way.site.faults.onCommand(() => {
    happens(transport);
    return { hang: true };
  });
  return link.execute(commandLine(patient, false), patient);
}

async function tunnel(way: Way, port: number): Promise<Duplex> {
  const link = await (await way.connect()).controller(first(way.document));
  return link.tunnel('10.21.22.5', port);
}

const withFault = (fault: CommandFault, command?: Command) => (way: Way) => {
  way.site.faults.onCommand(() => fault);
  return ask(way, command);
};

const cases: readonly Case[] = [
  {
    what: 'the bastion is gone',
    error: 'BastionUnreachable',
    after: 0,
    act: async (way) => {
      await way.site.faults.bastionDown();
      return way.connect();
    },
  },
  {
    what: 'the bastion says nothing',
    error: 'BastionUnreachable',
    after: 15_000,
    act: (way) => {
      way.site.faults.unreachable('bastion');
      return way.connect();
    },
  },
  {
    what: 'the bastion shows another key',
    error: 'HostKeyMismatch',
    after: 0,
    act: (way) => {
      way.site.faults.rotateHostKey('bastion');
      return way.connect();
    },
  },
  {
    what: 'the bastion lets nobody in',
    error: 'SshAuthenticationFailed',
    after: 0,
    act: (way) => {
      way.site.faults.refuseLogins('bastion');
      return way.connect();
    },
  },
  {
    what: 'the bastion knows no such user',
    error: 'SshAuthenticationFailed',
    after: 0,
    act: (way) => way.connect((one) => ({ ...one, bastion: { ...one.bastion, user: 'somebody' } })),
  },
  {
    what: 'a controller is out of reach',
    error: 'ControllerUnreachable',
    after: 3050,
    act: (way) => {
      way.site.faults.unreachable('node-1');
      return ask(way);
    },
  },
  {
    what: "a controller's firewall drops SSH",
    error: 'ControllerUnreachable',
    after: 5000,
    act: (way) => {
      way.site.controllers.get('node-1')?.input.restore('*filter\n:INPUT DROP [0:0]\nCOMMIT\n');
      return ask(way);
    },
  },
  {
    what: 'no sshd listens there',
    error: 'ControllerUnreachable',
    after: 0,
    act: async (way) => {
      const controller = { ...first(way.document), port: 443 };
      return (await way.connect()).controller(controller);
    },
  },
  {
    what: 'a controller shows another key',
    error: 'HostKeyMismatch',
    after: 0,
    act: (way) => {
      way.site.faults.rotateHostKey('node-1');
      return ask(way);
    },
  },
  {
    what: 'a controller lets nobody in',
    error: 'SshAuthenticationFailed',
    after: 0,
    act: (way) => {
      way.site.faults.refuseLogins('node-1');
      return ask(way);
    },
  },
  {
    what: 'the connection breaks before a command',
    error: 'SshConnectionLost',
    after: 0,
    act: withFault({ disconnect: 'before' }),
  },
  {
    what: 'the connection breaks during a command',
    error: 'SshConnectionLost',
    after: 0,
    act: withFault({ disconnect: 'during' }),
  },
  {
    what: 'the connection breaks after a command',
    error: 'SshConnectionLost',
    after: 0,
    act: withFault({ disconnect: 'after' }),
  },
  {
    what: 'the connection to the bastion breaks',
    error: 'SshConnectionLost',
    after: 0,
    act: (way) =>
      during(way, () => {
        way.site.faults.dropConnections();
      }),
  },
  {
    what: 'the task gives up',
    error: 'SshConnectionLost',
    after: 0,
    act: (way) =>
      during(way, (transport) => {
        transport.close();
      }),
  },
  {
    what: 'a controller falls silent',
    error: 'SshConnectionLost',
    after: 8000,
    act: (way) =>
      during(way, () => {
        way.site.faults.unreachable('node-1');
      }),
  },
  {
    what: 'the bastion falls silent',
    error: 'SshConnectionLost',
    after: 8000,
    act: (way) =>
      during(way, () => {
        way.site.faults.unreachable('bastion');
      }),
  },
  {
    what: 'a controller loses power',
    error: 'SshConnectionLost',
    after: 8000,
    act: (way) =>
      during(way, () => {
        way.site.faults.powerOff('node-1');
      }),
  },
  {
    what: 'a command outlives timeout(1)',
    error: 'SshConnectionLost',
    after: 5000,
    act: withFault({ hang: true, survives: 'KILL' }, { ...patient, timeoutSeconds: 1 }),
  },
  {
    what: 'a command after that',
    error: 'SshConnectionLost',
    after: 0,
    act: async (way) => {
      const transport = await way.connect();
      const link = await transport.controller(first(way.document));
      await link.ready;
      transport.close();
      return link.execute(commandLine(patient, false), patient);
    },
  },
  { what: 'a tunnel to a closed port', error: 'Error', after: 0, act: (way) => tunnel(way, 443) },
  { what: 'a tunnel to a port that a firewall drops', error: 'Error', after: 5000, act: (way) => tunnel(way, 9511) },
];

/** The error, without what differs from site to site. */
async function failure(way: Way, { act }: Case): Promise<{ name: string; message: string }> {
  const { bastion } = way.document;
  try {
    await act(way);
  } catch (error) {
    const { name, message } = error as Error;
    return {
      name,
      message: message
        .replaceAll(`${bastion.host}:${bastion.port}`, 'BASTION')
        .replace(/ssh-ed25519 [A-Za-z0-9+/=]{60,}/, 'KEY')
        // By SSH it takes a moment until that is known.
        .replace('Not connected', 'the connection closed'),
    };
  } finally {
    await way.site.close();
  }
  return { name: 'none', message: '' };
}

let told: Promise<Map<string, { name: string; message: string }>>;
// By SSH they take their time limits in truth: side by side, and beside the other tests.
beforeAll(() => {
  told = Promise.all(
    cases.map(async (one) => {
      // Nothing here waits for the kernel's patience with packets that are lost.
      const way = await bySsh(goldenSite(), realClock, { noRoute: 60, connectTimeout: 10_000 });
      return [one.what, await failure(way, one)] as const;
    }),
  ).then((all) => new Map(all));
});

describe('what goes wrong is told in the same words by both transports', () => {
  test.each(cases)('$what: $error', async (one) => {
    const clock = virtualClock();
    const way = await inMemory(goldenSite(), clock);
    const began = clock.now();

    const found = await clock.drive(failure(way, one));

    expect(found.name).toBe(one.error);
    expect(found).toEqual((await told).get(one.what));
    expect(clock.now() - began).toBe(one.after);
  });
});

test('a command goes on when its caller is gone, and nothing is begun after it', async () => {
  const clock = virtualClock();
  const way = await inMemory(goldenSite(), clock);
  const { record, pacemaker } = way.site;
  const commands: Command[] = ['disable', 'manage'].map((verb) => ({
    argv: ['pcs', 'resource', verb, 'p_haproxy'],
    root: true,
    timeoutSeconds: 20,
  }));
  const transport = await clock.drive(way.connect());
  const link = await clock.drive(transport.controller(first(way.document)));

  const asked = Promise.allSettled(commands.map((command) => link.execute(commandLine(command, false), command)));
  await clock.drive(clock.sleep(100));
  transport.close();
  const results = await clock.drive(asked);
  await clock.drive(clock.sleep(5000));

  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(pacemaker.disabled).toBe(true);
  expect(record.commands).toMatchObject([{ argv: commands[0]?.argv, changed: true, exitCode: 0 }]);
});

test('commands asked for at the same moment run one after the other, those with an input beside them', async () => {
  const clock = virtualClock();
  const way = await inMemory(goldenSite(), clock);
  const command = (seconds: number, stdin?: string): Command => ({
    argv: ['sleep', String(seconds)],
    root: false,
    timeoutSeconds: 20,
    ...(stdin !== undefined && { stdin }),
  });
  const link = await clock.drive(way.connect().then((transport) => transport.controller(first(way.document))));
  const began = clock.now();

  const ended = await clock.drive(
    Promise.all(
      [command(1), command(2), command(4, 'text'), command(3)].map(async (one) => {
        await link.execute(commandLine(one, false), one);
        return clock.now() - began;
      }),
    ),
  );

  expect(ended).toEqual([1000, 3000, 4000, 6000]);
});

test('a connection that was refused or lost is not kept', async () => {
  const clock = virtualClock();
  const way = await inMemory(goldenSite(), clock);
  const { faults } = way.site;
  const transport = await clock.drive(way.connect());
  const controller = first(way.document);
  const tried = () => clock.drive(ask(way, patient, transport).then(({ exitCode }) => exitCode));

  faults.refuseLogins(controller.name);
  await expect(tried()).rejects.toMatchObject({ name: 'SshAuthenticationFailed' });
  faults.refuseLogins(controller.name, false);
  const allowed = await tried();
  way.site.controllers.get(controller.name)?.sshd.disconnect();
  await clock.drive(clock.sleep(1));
  const again = await tried();

  expect([allowed, again]).toEqual([0, 0]);
});

test('what is sent while a controller is silent arrives when it is back', async () => {
  const clock = virtualClock();
  const way = await inMemory(goldenSite(), clock);
  const transport = await clock.drive(way.connect());
  const link = await clock.drive(transport.controller(first(way.document)));
  way.site.faults.unreachable('node-1');

  const asked = link.execute(commandLine(patient, false), patient);
  await clock.drive(clock.sleep(7000));
  const before = way.site.record.commands.length;
  way.site.faults.unreachable('node-1', false);
  const { exitCode } = await clock.drive(asked);
  await clock.drive(clock.sleep(60_000));

  expect([before, exitCode, transport.alive]).toEqual([0, 0, true]);
});

test('a tunnel is frozen with its bastion, and ends with its connection', async () => {
  const clock = virtualClock();
  const way = await inMemory(goldenSite(), clock);
  const transport = await clock.drive(way.connect());
  const link = await clock.drive(transport.controller(first(way.document)));
  const stream = await clock.drive(link.tunnel('10.21.22.2', 5000));
  let answered = false;
  stream.on('data', () => (answered = true));

  way.site.faults.unreachable('bastion');
  stream.write('GET / HTTP/1.0\r\n\r\n');
  await clock.drive(clock.sleep(5000));
  const silent = answered;
  way.site.faults.unreachable('bastion', false);
  await clock.drive(clock.sleep(0));
  transport.close();
  await clock.drive(clock.sleep(0));

  expect([silent, answered, stream.destroyed]).toEqual([false, true, true]);
});

test('a closed site leaves no timer', async () => {
  const clock = virtualClock();
  const way = await inMemory(goldenSite(), clock);
  const transport = await clock.drive(way.connect());
  const link = await clock.drive(transport.controller(first(way.document)));
  way.site.faults.onCommand(() => ({ hang: true }));
  link.execute(commandLine(patient, false), patient).catch(() => undefined);
  way.site.faults.stopCluster('node-2');
  await clock.drive(clock.sleep(10));

  await way.site.close();

  await expect(clock.drive(new Promise(() => undefined))).rejects.toThrow('Virtual time stands still');
});
