import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../domain/world';
import { type Credentials, type FileSystem, SystemError } from './filesystem';
import { serveHttp } from './http-server';
import type { Accept, Listener, Network } from './network';
import { ParseError, readOsloConfig } from './oslo-config';
import type { OsloConfig, SimulatedOpenStack } from './openstack';
import { CLOUD_APIS } from './openstack/cloud-apis';
import type { Timings } from './timings';

/** What a service belongs to. */
interface ServiceHost {
  readonly name: string;
  readonly address: string;
  readonly files: FileSystem;
}

/** What a daemon does once it runs, with the configuration that it has read; it returns what ends it, and throws if it dies. */
type Daemon = (config: OsloConfig) => () => void;

/** A running service, or one that does not run, for another site to start from. */
export interface ServiceImage {
  readonly startedAt: number | undefined;
  readonly diedOf: string | undefined;
  readonly config: OsloConfig;
}

/** Of the services, each has one below 1000. */
const SYSTEM_ACCOUNT = 110;

const NO_CONFIG: OsloConfig = () => undefined;

/** A service of the init system: a daemon that is started in the background and may die of itself. */
export class Service {
  /** When the running process was started, in milliseconds since 1970. */
  startedAt: number | undefined;
  /** Its process ignores SIGTERM. */
  ignoresStop = false;
  /** Why the process died, as its log would tell. */
  diedOf: string | undefined;
  private config = NO_CONFIG;
  private end: (() => void) | undefined;
  private cancel: (() => void) | undefined;

  constructor(
    readonly name: string,
    /** The command line of its processes: those of the workers have the same. */
    readonly args: string,
    readonly processes: number,
    /** Runs as soon as the process has come up. */
    private readonly daemon: Daemon,
    private readonly clock: Clock,
    /** From the start of the process until it serves. */
    private readonly delay: number,
    /** Reads the configuration when the process starts. */
    private readonly load: () => OsloConfig = () => NO_CONFIG,
    /** The number of the user that its processes run as. */
    readonly user = SYSTEM_ACCOUNT,
  ) {}

  get running(): boolean {
    return this.startedAt !== undefined;
  }

  /** Starts the process, unless it runs; it serves after its delay, or dies. */
  start(immediately = false): void {
    if (this.running) return;
    this.startedAt = this.clock.now();
    this.diedOf = undefined;
    let { daemon } = this;
    try {
      this.config = this.load();
    } catch (error) {
      // Python takes its time to load before it reads the file that kills it.
      daemon = () => {
        throw error;
      };
    }
    const serve = (): void => {
      try {
        this.end = daemon(this.config);
      } catch (error) {
        this.die(error);
      }
    };
    if (immediately) serve();
    else this.cancel = this.clock.after(this.delay, serve);
  }

  /** @throws Error while it is about to serve */
  get image(): ServiceImage {
    const { name, startedAt, diedOf, config } = this;
    if (this.running && !this.end) throw new Error(`${name} has not come up yet`);
    return { startedAt, diedOf, config };
  }

  /** Goes on as another was. */
  resume({ startedAt, diedOf, config }: ServiceImage): void {
    Object.assign(this, { startedAt, diedOf, config });
    if (startedAt !== undefined) this.end = this.daemon(config);
  }

  /** Ends the process. */
  stop(): void {
    this.cancel?.();
    this.end?.();
    this.cancel = undefined;
    this.end = undefined;
    this.startedAt = undefined;
  }

  private die(error: unknown): void {
    this.stop();
    this.diedOf = error instanceof Error ? error.message : String(error);
  }
}

/** Everything that makes the services of a controller. */
export interface ServiceContext {
  readonly host: ServiceHost;
  readonly network: Network;
  readonly openstack: SimulatedOpenStack;
  readonly clock: Clock;
  readonly timings: Timings;
}

/** Where the Magnum API listens: where `[api] host` and `port` say, 127.0.0.1:9511 by default. */
export function magnumApiEndpoint(config: OsloConfig): readonly [address: string, port: number] {
  return [config('api', 'host') ?? '127.0.0.1', Number(config('api', 'port') ?? '9511')];
}

/** Where Keystone listens: for everybody, and for administrators. */
export const KEYSTONE_PORTS = [5000, 35357] as const;

/** Where the database listens: HAProxy has the usual port. */
export const DATABASE_PORT = 3307;

/** The Magnum API. */
export function magnumApi(context: ServiceContext, name: string, configFile: string): Service {
  const { host, openstack } = context;
  return new Service(
    name,
    python(name, configFile),
    1,
    (config) => {
      const [address, port] = magnumApiEndpoint(config);
      if (!['127.0.0.1', '0.0.0.0', host.address].includes(address)) {
        throw new Error('[Errno 99] Cannot assign requested address');
      }
      return listenHttp(context, name, address, port, openstack.startMagnumApi(config));
    },
    context.clock,
    context.timings.serviceAnswers,
    () => readConfig(configFile, () => host.files.read(configFile, MAGNUM)),
  );
}

/** The Magnum conductor. */
export function magnumConductor(context: ServiceContext, name: string, configFile: string): Service {
  const { host, openstack } = context;
  return new Service(
    name,
    python(name, configFile),
    3,
    (config) => openstack.startConductor(host.name, config),
    context.clock,
    context.timings.serviceAnswers,
    () => readConfig(configFile, () => host.files.read(configFile, MAGNUM)),
  );
}

/** Keystone, in Apache. */
export function keystone(context: ServiceContext): Service {
  const { host, openstack } = context;
  const daemon: Daemon = () => {
    const ends = KEYSTONE_PORTS.map((port) => listenHttp(context, 'apache2', host.address, port, openstack.keystone));
    return () => {
      for (const end of ends) end();
    };
  };
  return new Service('apache2', '/usr/sbin/apache2 -k start', 4, daemon, context.clock, context.timings.serviceAnswers);
}

/** Keystone's neighbours, each a service of its own: what clusters are made of. */
export function cloudApis(context: ServiceContext): Service[] {
  const { host, openstack, clock, timings } = context;
  return CLOUD_APIS.map(({ name, port }) => {
    const listener = openstack.apis.get(port) ?? ((_, response) => response.destroy());
    const daemon: Daemon = () => listenHttp(context, name, host.address, port, listener);
    return new Service(name, `/usr/bin/python /usr/bin/${name}`, 1, daemon, clock, timings.serviceAnswers);
  });
}

/** A service that takes whole connections, and by default says nothing: enough for a look at its port. */
export function daemonOn(
  context: ServiceContext,
  name: string,
  args: string,
  ports: readonly number[],
  serve: (connection: Duplex) => void = (connection) => connection.resume(),
): Service {
  const { host, network } = context;
  const daemon: Daemon = () => {
    const listeners = ports.map((port) => listen(network, host, { program: name, address: host.address, port }, serve));
    return () => {
      for (const listener of listeners) listener.close();
    };
  };
  return new Service(name, args, 1, daemon, context.clock, 0);
}

/** RPM packages call the service of a program openstack-PROGRAM. */
function python(service: string, configFile: string): string {
  const program = service.replace(/^openstack-/, '');
  return `/usr/bin/python3 /usr/bin/${program} --config-file=${configFile} --log-file=/var/log/magnum/${program}.log`;
}

/** Magnum's processes run as the user magnum, who must be able to read the file. */
const MAGNUM: Credentials = { user: 'magnum', groups: ['magnum'] };

/**
 * Reads a configuration file as a process of Magnum does when it starts.
 *
 * @param read returns the file's text, or throws SystemError
 * @throws Error whose message is the last line of what the process prints as it dies
 */
export function readConfig(path: string, read: () => string): OsloConfig {
  let text: string;
  try {
    text = read();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const why =
      error.code === 'EACCES'
        ? `oslo_config.cfg.ConfigFilesPermissionDeniedError: Failed to open some config files: ${path}`
        : `oslo_config.cfg.ConfigFilesNotFoundError: Failed to find some config files: ${path}`;
    throw new Error(why, { cause: error });
  }
  try {
    return readOsloConfig(path, text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new Error(`oslo_config.cfg.ConfigFileParseError: Failed to parse ${path}: ${error.message}`, {
      cause: error,
    });
  }
}

function listenHttp(
  { host, network }: ServiceContext,
  program: string,
  address: string,
  port: number,
  serve: RequestListener,
) {
  const listener = listen(network, host, { program, address, port }, (connection) => {
    serveHttp(connection, serve);
  });
  return () => {
    listener.close();
  };
}

function listen(
  network: Network,
  host: ServiceHost,
  { program, address, port }: { readonly program: string; readonly address: string; readonly port: number },
  accept: Accept,
): Listener {
  const listener = network.listen(host.name, address, port, accept, { program });
  if (!listener) throw new Error('[Errno 98] Address already in use');
  return listener;
}
