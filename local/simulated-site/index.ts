import type { Site } from '../../domain/site/document';
import { SimulatedController } from './controller';
import { Faults } from './faults';
import { CommandHooks } from './command-faults';
import { initialFiles } from './initial-files';
import { type Accept, Network, type NetworkHost, toAddress, toNumber, within } from './network';
import { type BackingPart, simulateOpenStack, type SimulatedOpenStack } from './openstack';
import { Pacemaker } from './pacemaker';
import { SiteRecord } from './record';
import { Shell } from './shell';
import { BastionSshServer, generateKeyPair, type KeyPair } from './ssh-server';
import { Timers } from './timers';
import { type Timings, timings as timingsOf } from './timings';

export type { CommandFault } from './command-faults';
export { ConnectError } from './network';
export type { RecordedCommand } from './record';

export interface SimulatedSiteOptions {
  /** The site to simulate. The bastion's endpoint and all host keys are the simulation's own. */
  readonly document: Site;
  /** By SSM parameter name, the values that the site's Keystone, database and RabbitMQ accept. */
  readonly secrets: Readonly<Record<string, string>>;
  /**
   * Divides how long clusters take and how often conductors report.
   * @default 1
   */
  readonly speed?: number;
  /**
   * Multiplies every one of `MEASURED` timings.
   * @default 1
   */
  readonly timeScale?: number;
  /** Single timings, in milliseconds. */
  readonly timings?: Partial<Timings>;
  /**
   * Parts of what Magnum needs outside of itself that nobody has made.
   * @default none
   */
  readonly bare?: readonly BackingPart[];
}

/** An OpenStack site in the Fuel style, in memory, reached over SSH on loopback. */
export interface SimulatedSite {
  /** The document with the bastion's endpoint and every host key as the simulation has them. */
  readonly document: Site;
  /** Private key for bastion and controllers, OpenSSH format. */
  readonly privateKey: string;
  readonly controllers: ReadonlyMap<string, SimulatedController>;
  readonly network: Network;
  /** The bastion's address on the management network: where connections into it come from. */
  readonly bastionAddress: string;
  readonly pacemaker: Pacemaker;
  readonly openstack: SimulatedOpenStack;
  /** Every command and TCP connection, in order. */
  readonly record: SiteRecord;
  readonly faults: Faults;
  /** Ends it. Nothing keeps the process alive afterwards. */
  close(): Promise<void>;
}

/** Starts a simulated site: a cloud in which Magnum's packages are installed and its services run on their defaults. */
export async function startSimulatedSite(options: SimulatedSiteOptions): Promise<SimulatedSite> {
  const { document: given, secrets, speed = 1, timeScale, timings: wanted, bare = [] } = options;
  const timings = timingsOf(wanted, timeScale);
  const timers = new Timers();
  const record = new SiteRecord();
  const hooks = new CommandHooks();
  const key = generateKeyPair();
  const hostKeys = new Map(
    ['bastion', ...given.controllers.map(({ name }) => name)].map((name) => [name, generateKeyPair()]),
  );

  const network = new Network(given.virtualIp, timings, timers, record);
  const bastionHost = bastionOf(given);
  network.attach(bastionHost);
  const access = { user: given.bastion.user, publicKey: key.public };
  const bastion = new BastionSshServer(hostKeyOf('bastion'), access, (address, port) =>
    network.connect(bastionHost.address, address, port),
  );
  const { port } = await bastion.start();
  const document: Site = {
    ...given,
    bastion: { ...given.bastion, host: '127.0.0.1', port, hostKey: hostKeyOf('bastion').public },
    controllers: given.controllers.map((one) => ({ ...one, hostKey: hostKeyOf(one.name).public })),
  };

  const openstack = simulateOpenStack({ document, secrets, speed, bare });
  for (const { address, services } of otherHosts(document, openstack)) {
    network.attach({ name: address, address, verdict: () => 'ACCEPT' });
    for (const { port, accept } of services) network.listen(address, address, port, accept);
  }
  const shell = new Shell({ pacemaker: () => pacemaker, hooks, record, timers, timings });
  const context = { document, network, openstack, timers, timings, access: { ...access, user: document.ssh.user } };
  const controllers = new Map(
    document.controllers.map((one) => {
      const controller = new SimulatedController(one, hostKeyOf(one.name), context, (on, user, line, channel) => {
        void shell.run(on, user, line, channel);
      });
      const { files } = controller;
      files.seed('/dev/null', '', 0o666);
      files.seed('/etc/hostname', `${one.name}\n`);
      files.seedDirectory('/etc/magnum', 0o750, 'root', 'magnum');
      for (const { path, content, mode, group } of initialFiles(document, one)) {
        files.seed(path, content, mode, 'root', group);
      }
      controller.boot(true);
      return [one.name, controller];
    }),
  );
  const pacemaker = new Pacemaker(document.haproxy.resource, controllers, network, timings, timers);
  const faults = new Faults({ bastion, controllers, network, pacemaker, hooks, timers, timings });

  return {
    document,
    privateKey: key.private,
    controllers,
    network,
    bastionAddress: bastionHost.address,
    pacemaker,
    openstack,
    record,
    faults,
    close: async () => {
      await bastion.stop();
      for (const controller of controllers.values()) controller.halt();
      openstack.close();
      timers.close();
    },
  };

  function hostKeyOf(name: string): KeyPair {
    const found = hostKeys.get(name);
    if (!found) throw new Error(`No host key of ${name}`);
    return found;
  }
}

/** What runs RabbitMQ or memcached and is no controller. */
function otherHosts({ magnum, controllers }: Site, { rabbit }: SimulatedOpenStack) {
  const serving = (accept: Accept) => (endpoint: string) => {
    const [address = '', port] = endpoint.split(':');
    return { address, port: Number(port), accept };
  };
  const services = [
    ...magnum.rabbit.hosts.map(serving(rabbit)),
    ...magnum.memcachedServers.map(serving((connection) => connection.resume())),
  ];
  return [...new Set(services.map(({ address }) => address))]
    .filter((address) => !controllers.some((one) => one.address === address))
    .map((address) => ({ address, services: services.filter((one) => one.address === address) }));
}

/** The bastion takes an address of the management network that nobody else has. */
function bastionOf({ managementNetwork, virtualIp, controllers }: Site): NetworkHost {
  const taken = new Set([virtualIp, ...controllers.map(({ address }) => address)]);
  const [base = '0.0.0.0'] = managementNetwork.split('/');
  for (let number = toNumber(base) + 1; ; number++) {
    const address = toAddress(number);
    if (!within(address, managementNetwork))
      throw new Error(`No address is left for the bastion in ${managementNetwork}`);
    if (!taken.has(address)) return { name: 'bastion', address, verdict: () => 'ACCEPT' };
  }
}
