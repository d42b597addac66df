import type { SeenCloud } from '../../domain/findings/seen-in-cloud';
import type { Site } from '../../domain/site/document';
import type { Clock, ConnectOptions, Random, Transport } from '../../domain/world';
import { type ControllerImage, SimulatedController } from './controller';
import { CommandHooks } from './command-faults';
import { EndingClock } from './ending-clock';
import { aliases } from './endpoints';
import { Faults } from './faults';
import { type Generation, GENERATIONS, type GenerationName } from './generations';
import { initialImage } from './initial-files';
import { type Accept, Network, toAddress, toNumber, within } from './network';
import { type BackingPart, type OpenStackImage, simulateOpenStack, type SimulatedOpenStack } from './openstack';
import { Pacemaker, type PacemakerImage } from './pacemaker';
import { SiteRecord } from './record';
import { Shell } from './shell';
import { anyHostKey, Bastion, Sshd } from './sshd';
import { type Timings, timings as timingsOf } from './timings';
import { connectInMemory } from './transport';

export { type CommandFault, GARBLED } from './command-faults';
export { trusting } from './endpoints';
export { GENERATIONS, type GenerationName, generationOf } from './generations';
export { ConnectError } from './network';
export type { RecordedCommand } from './record';

export interface SimulatedSiteOptions {
  /** The site to simulate. */
  readonly document: Site;
  /** By SSM parameter name, the values that the site's Keystone, database and RabbitMQ accept. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * What its controllers' programs are.
   * @default debian-12
   */
  readonly generation?: GenerationName;
  /**
   * Single timings, in milliseconds.
   * @default as measured
   */
  readonly timings?: Partial<Timings>;
  /**
   * Images, flavors and so on that its cloud has.
   * @default those of the guide
   */
  readonly cloud?: SeenCloud;
  /**
   * Parts of what Magnum needs outside of itself that nobody has made.
   * @default none
   */
  readonly bare?: readonly BackingPart[];
  /**
   * What it was like when somebody took an image of it: it goes on from there, on a clock that begins `at` that time.
   * @default as Fuel and the packages of Magnum leave it
   */
  readonly image?: SiteImage;
}

/** A site at rest, but for faults and settings that a test made: many can start from it. */
export interface SiteImage {
  /** When it was taken, in milliseconds since 1970. */
  readonly at: number;
  readonly controllers: ReadonlyMap<string, ControllerImage>;
  readonly pacemaker: PacemakerImage;
  readonly openstack: OpenStackImage;
}

/** An OpenStack site in the Fuel style, in memory. */
export interface SimulatedSite {
  readonly document: Site;
  readonly controllers: ReadonlyMap<string, SimulatedController>;
  readonly network: Network;
  readonly bastion: Bastion;
  readonly pacemaker: Pacemaker;
  readonly openstack: SimulatedOpenStack;
  readonly shell: Shell;
  /** Every command and TCP connection, in order. */
  readonly record: SiteRecord;
  readonly faults: Faults;
  readonly clock: Clock;
  /**
   * Connects to it as a task does, but without a wire; any private key is taken.
   *
   * @throws BastionUnreachable, HostKeyMismatch, SshAuthenticationFailed
   */
  readonly connect: (options: ConnectOptions) => Promise<Transport>;
  /**
   * Takes an image of it, for others to start from.
   *
   * @throws Error while something is under way on it
   */
  snapshot(): SiteImage;
  /** Ends it: no timer is left. */
  close(): Promise<void>;
}

/** Starts a simulated site: a cloud in which Magnum's packages are installed and its services run on their defaults. */
export function startSimulatedSite(options: SimulatedSiteOptions): SimulatedSite {
  const { document, secrets, random, timings: wanted, bare = [], image, cloud } = options;
  const timings = timingsOf(wanted);
  const clock = new EndingClock(options.clock);
  const record = new SiteRecord();
  const hooks = new CommandHooks();
  const sshd = ({ hostKey }: { readonly hostKey: string }, user: string) =>
    new Sshd(hostKey, user, () => anyHostKey(random));

  const { publicVip } = document.haproxy;
  const virtualIps = [document.virtualIp, ...(publicVip ? [publicVip.address] : [])] as const;
  const network = new Network({ virtualIps, aliases: aliases(document) }, timings, clock, record);
  const { host, port, user } = document.bastion;
  const bastion = new Bastion(freeAddress(document), { host, port }, sshd(document.bastion, user), network);
  network.attach(bastion);
  const openstack = simulateOpenStack({
    document,
    secrets,
    clock,
    random,
    timings,
    bare,
    ...(cloud && { has: cloud }),
    ...(image && { image: image.openstack }),
  });
  for (const { address, services } of otherHosts(document, openstack)) {
    network.attach({ name: address, address, verdict: () => 'ACCEPT' });
    for (const { port, accept } of services) network.listen(address, address, port, accept);
  }
  const generation: Generation = GENERATIONS[options.generation ?? 'debian-12'];
  const context = { document, network, openstack, clock, timings, generation };
  const controllers = new Map(
    document.controllers.map((one) => {
      const from = image?.controllers.get(one.name);
      const files = from?.files ?? initialImage(document, one, generation);
      const controller = new SimulatedController(one, sshd(one, document.ssh.user), files, context);
      if (from) controller.resume(from);
      else controller.boot(true);
      return [one.name, controller];
    }),
  );
  if (image) openstack.resume(image.openstack);
  const { resource } = document.haproxy;
  const cluster = { resource, generation, agents: controllers, network, timings, clock, image: image?.pacemaker };
  const pacemaker = new Pacemaker(cluster);
  if (!image && generation.haproxy.reloaded)
    for (const controller of controllers.values()) controller.reload({ underSessions: true });
  const shell = new Shell({ pacemaker, hooks, record, timings });
  return {
    document,
    controllers,
    network,
    bastion,
    pacemaker,
    openstack,
    shell,
    record,
    faults: new Faults({ bastion, controllers, network, pacemaker, hooks, clock, timings }),
    clock,
    connect: (wanted) => connectInMemory({ bastion, controllers, network, shell, clock }, wanted),
    snapshot: () => ({
      at: clock.now(),
      controllers: new Map([...controllers].map(([name, controller]) => [name, controller.image])),
      pacemaker: pacemaker.image,
      openstack: openstack.image,
    }),
    close: async () => {
      const stopped = bastion.stop();
      for (const controller of controllers.values()) controller.halt();
      openstack.close();
      clock.end();
      await stopped;
    },
  };
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
function freeAddress({ managementNetwork, virtualIp, controllers }: Site): string {
  const taken = new Set([virtualIp, ...controllers.map(({ address }) => address)]);
  const [base = '0.0.0.0'] = managementNetwork.split('/');
  for (let number = toNumber(base) + 1; ; number++) {
    const address = toAddress(number);
    if (!within(address, managementNetwork))
      throw new Error(`No address is left for the bastion in ${managementNetwork}`);
    if (!taken.has(address)) return address;
  }
}
