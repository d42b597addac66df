import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../domain/world';
import { type Credentials, type FileSystem, SystemError } from './filesystem';
import type { Generation } from './generations';
import { serveHttp } from './http-server';
import type { Accept, Listener, Network } from './network';
import { ParseError, readOsloConfig } from './oslo-config';
import type { OsloConfig, SimulatedOpenStack } from './openstack';
import { CLOUD_APIS } from './openstack/cloud-apis';
import { type Daemon, processesOf, type SimulatedProcess } from './processes';
import type { Timings } from './timings';

/** What a service belongs to. */
interface ServiceHost {
  readonly name: string;
  readonly address: string;
  readonly files: FileSystem;
  readonly generation: Generation;
  /** Gives numbers to so many new processes. @returns the first one */
  spawn(count: number): number;
}

/** What a daemon does once it runs, with the configuration that it has read; it returns what ends it, and throws if it dies. */
type Serve = (config: OsloConfig) => () => void;

/** A running service, or one that does not run, for another site to start from. */
export interface ServiceImage {
  readonly startedAt: number | undefined;
  readonly pid: number;
  readonly diedOf: string | undefined;
  readonly config: OsloConfig;
}

const NO_CONFIG: OsloConfig = () => undefined;

interface ServiceOptions {
  readonly name: string;
  readonly host: Pick<ServiceHost, 'spawn'>;
  /** Its processes, as it would be started now. */
  readonly daemon: () => Daemon;
  /** Runs as soon as the process has come up. */
  readonly serve: Serve;
  readonly clock: Clock;
  /** From the start of the process until it serves, in milliseconds. @default 0 */
  readonly delay?: number;
  /** Reads the configuration when the process starts. @default none */
  readonly load?: () => OsloConfig;
}

/** A service of the init system: a daemon that is started in the background and may die of itself. */
export class Service {
  /** When the running process was started, in milliseconds since 1970. */
  startedAt: number | undefined;
  /** Of its first process, the last time that it was started. */
  pid = 0;
  /** Its process ignores SIGTERM. */
  ignoresStop = false;
  /** Why the process died, as its log would tell. */
  diedOf: string | undefined;
  /** Its processes, with the command lines that they were started with; none if it does not run. */
  processes: readonly SimulatedProcess[] = [];
  private config = NO_CONFIG;
  private end: (() => void) | undefined;
  private cancel: (() => void) | undefined;

  readonly name: string;

  constructor(private readonly options: ServiceOptions) {
    this.name = options.name;
  }

  get running(): boolean {
    return this.startedAt !== undefined;
  }

  /** Starts the process, unless it runs; it serves after its delay, or dies. */
  start(immediately = false): void {
    if (this.running) return;
    const { clock, host, daemon, load = () => NO_CONFIG, delay = 0 } = this.options;
    const started = daemon();
    this.startedAt = clock.now();
    this.pid = host.spawn(started.count ?? 1);
    this.processes = processesOf(started, this.pid, this.startedAt);
    this.diedOf = undefined;
    let work = this.options.serve;
    try {
      this.config = load();
    } catch (error) {
      // Python takes its time to load before it reads the file that kills it.
      work = () => {
        throw error;
      };
    }
    const serve = (): void => {
      try {
        this.end = work(this.config);
      } catch (error) {
        this.die(error);
      }
    };
    if (immediately) serve();
    else this.cancel = clock.after(delay, serve);
  }

  /** @throws Error while it is about to serve */
  get image(): ServiceImage {
    const { name, startedAt, pid, diedOf, config } = this;
    if (this.running && !this.end) throw new Error(`${name} has not come up yet`);
    return { startedAt, pid, diedOf, config };
  }

  /** Goes on as another was. */
  resume({ startedAt, pid, diedOf, config }: ServiceImage): void {
    Object.assign(this, { startedAt, pid, diedOf, config });
    if (startedAt === undefined) return;
    this.processes = processesOf(this.options.daemon(), pid, startedAt);
    this.end = this.options.serve(config);
  }

  /** Ends the process. */
  stop(): void {
    this.cancel?.();
    this.end?.();
    this.cancel = undefined;
    this.end = undefined;
    this.startedAt = undefined;
    this.processes = [];
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

/** Where the Magnum API listens: at `[api] host` and `port`, 127.0.0.1:9511 by default. */
export function magnumApiEndpoint(config: OsloConfig): readonly [address: string, port: number] {
  return [config('api', 'host') ?? '127.0.0.1', Number(config('api', 'port') ?? '9511')];
}

/** Where Keystone listens: for everybody, and for administrators. */
export const KEYSTONE_PORTS = [5000, 35357] as const;

/** Where the database listens: HAProxy has the usual port. */
export const DATABASE_PORT = 3307;

/** The file that Debian's init script of the API reads last. In it the operator sets the address of uWSGI. */
export const API_DEFAULTS = '/etc/default/magnum-api';

/** The Magnum API. */
export function magnumApi(context: ServiceContext, configFile: string): Service {
  const { host, openstack } = context;
  const { generation } = host;
  const isUwsgi = generation.magnum.api === 'uwsgi';
  /** The address that uWSGI is given; the package gives it all addresses. */
  const socket = () => /--http-socket (\S+)/.exec(defaultsOf(host))?.[1] ?? ':9511';
  const uwsgi = (): Daemon => ({
    name: 'uwsgi_python3',
    args: `/usr/bin/uwsgi_python3 --http-socket ${socket()} --ini /etc/magnum/magnum-api-uwsgi.ini`,
    user: 'magnum',
    count: 3,
  });
  return new Service({
    name: generation.services.api,
    host,
    daemon: isUwsgi ? uwsgi : () => magnumDaemon(generation, 'magnum-api', configFile, 1),
    serve: (config) => {
      const [address, port] = isUwsgi ? uwsgiEndpoint(socket()) : magnumApiEndpoint(config);
      if (!['127.0.0.1', '0.0.0.0', host.address].includes(address)) {
        throw new Error('[Errno 99] Cannot assign requested address');
      }
      return listenHttp(
        context,
        isUwsgi ? 'uwsgi_python3' : 'magnum-api',
        address,
        port,
        openstack.startMagnumApi(config),
      );
    },
    clock: context.clock,
    delay: context.timings.serviceAnswers,
    load: () => readConfig(configFile, () => host.files.read(configFile, MAGNUM)),
  });
}

function uwsgiEndpoint(socket: string): readonly [address: string, port: number] {
  const [address = '', port] = socket.split(':');
  return [address === '' ? '0.0.0.0' : address, Number(port)];
}

function defaultsOf({ files }: ServiceHost): string {
  return files.files.get(API_DEFAULTS)?.content ?? '';
}

/** The Magnum conductor. */
export function magnumConductor(context: ServiceContext, configFile: string): Service {
  const { host, openstack } = context;
  return new Service({
    name: host.generation.services.conductor,
    host,
    daemon: () => magnumDaemon(host.generation, 'magnum-conductor', configFile, 3),
    serve: (config) => openstack.startConductor(host.name, config),
    clock: context.clock,
    delay: context.timings.serviceAnswers,
    load: () => readConfig(configFile, () => host.files.read(configFile, MAGNUM)),
  });
}

/** Keystone, in Apache. */
export function keystone(context: ServiceContext): Service {
  const { host, openstack, clock, timings } = context;
  const name = host.generation.services.web;
  const isRpm = name === 'httpd';
  const serve: Serve = () => {
    const ends = KEYSTONE_PORTS.map((port) => listenHttp(context, name, host.address, port, openstack.keystone));
    return () => {
      for (const end of ends) end();
    };
  };
  const daemon = {
    name,
    args: isRpm ? '/usr/sbin/httpd -DFOREGROUND' : '/usr/sbin/apache2 -k start',
    user: isRpm ? 'apache' : 'www-data',
    count: 4,
  };
  return new Service({ name, host, daemon: () => daemon, serve, clock, delay: timings.serviceAnswers });
}

/** Keystone's neighbours, each a service of its own: what clusters are made of. */
export function cloudApis(context: ServiceContext): Service[] {
  const { host, openstack, clock, timings } = context;
  return CLOUD_APIS.map(({ name, port }) => {
    const listener = openstack.apis.get(port) ?? ((_, response) => response.destroy());
    const daemon = { name, args: `${host.generation.python} /usr/bin/${name}`, user: 'www-data' };
    const serve: Serve = () => listenHttp(context, name, host.address, port, listener);
    return new Service({ name, host, daemon: () => daemon, serve, clock, delay: timings.serviceAnswers });
  });
}

/** A service that takes whole connections, and by default says nothing: enough for a look at its port. */
export function daemonOn(
  { host, network, clock }: ServiceContext,
  daemon: Daemon,
  ports: readonly number[],
  accept: (connection: Duplex) => void = (connection) => connection.resume(),
): Service {
  const serve: Serve = () => {
    const listeners = ports.map((port) =>
      listen(network, host, { program: daemon.name, address: host.address, port }, accept),
    );
    return () => {
      for (const listener of listeners) listener.close();
    };
  };
  return new Service({ name: daemon.name, host, daemon: () => daemon, serve, clock });
}

/** As Debian's init scripts start Magnum's programs, or the units of RDO. */
function magnumDaemon({ python, magnum }: Generation, name: string, configFile: string, count: number): Daemon {
  const told = magnum.arguments ? ` --config-file=${configFile} --log-file=/var/log/magnum/${name}.log` : '';
  return { name, args: `${python} /usr/bin/${name}${told}`, user: 'magnum', count };
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
