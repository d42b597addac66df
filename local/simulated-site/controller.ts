import { posix } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Controller, Site } from '../../domain/site/document';
import { atLeast, magnumMajor } from '../../domain/site/releases';
import type { Clock } from '../../domain/world';
import type { Timeout } from './command-line';
import { type EndingClock, endingClock } from './ending-clock';
import { type Credentials, FileSystem, type FileSystemImage, ROOT } from './filesystem';
import { HAPROXY_SOCKET, HaproxyProcess } from './haproxy';
import { type ConfigFile, parseHaproxyConfig, type ParsedConfig } from './haproxy-config';
import { InputChain } from './iptables';
import type { Network, NetworkHost } from './network';
import type { Backing, SimulatedOpenStack } from './openstack';
import type { HaproxyAgent } from './pacemaker';
import {
  cloudApis,
  daemonOn,
  DATABASE_PORT,
  keystone,
  magnumApi,
  magnumConductor,
  type Service,
  type ServiceContext,
  type ServiceImage,
} from './services';
import type { Sshd } from './sshd';
import type { Timings } from './timings';

/** What a controller is part of. */
export interface ControllerContext {
  readonly document: Site;
  readonly network: Network;
  readonly openstack: SimulatedOpenStack;
  readonly clock: Clock;
  readonly timings: Timings;
}

/** A process that was started. */
export interface SimulatedProcess {
  readonly name: string;
  /** Its command line. */
  readonly args: string;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  /** The number of its user. @default 0, root's */
  readonly user?: number;
  /** Path of the program, if it is one that is looked for. */
  readonly program?: string;
}

/** A process as ps lists it. */
export interface ListedProcess extends SimulatedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly user: number;
}

/** A command under way. */
export interface CommandProcess {
  readonly argv: readonly string[];
  readonly timeout: Timeout | undefined;
  readonly startedAt: number;
  readonly life: EndingClock;
}

/** A controller at rest, for another site to start from. */
export interface ControllerImage {
  readonly files: FileSystemImage;
  readonly input: InputChain['image'];
  readonly services: ReadonlyMap<string, ServiceImage>;
  readonly haproxy: Pick<HaproxyProcess, 'startedAt' | 'proxies'> | undefined;
  readonly booted: number;
}

/** One controller: its files, firewall, services, HAProxy and sshd. */
export class SimulatedController implements NetworkHost, HaproxyAgent {
  readonly name: string;
  readonly address: string;
  readonly files: FileSystem;
  /** The rules of INPUT in the kernel. */
  readonly input = new InputChain();
  readonly services: ReadonlyMap<string, Service>;
  /** What sudo allows without a password; everything by default. */
  sudoers: (user: string, argv: readonly string[]) => boolean = () => true;
  /** The version of Magnum's packages: of the document's release, unless a test says otherwise. */
  magnumVersion: string;
  /** The database drivers that Python has. */
  readonly pythonModules = new Set(['pymysql']);
  /** HAProxy survives its stop. */
  haproxyWillNotStop = false;
  /** HAProxy's start fails. */
  haproxyWillNotStart = false;
  /** HAProxy is started with its main file alone, as Debian's unit starts it. */
  haproxyReadsNoFragments = false;
  /** By how many milliseconds its own clock is fast. */
  clockOffset = 0;
  /** Programs that are not installed on it. */
  readonly missing = new Set<string>();
  /** /proc is mounted with hidepid=2. */
  hidesProcesses = false;
  /** What else runs on behalf of somebody who is logged in. */
  readonly foreground = new Set<SimulatedProcess>();
  /** The commands that run this very moment. */
  readonly commands = new Set<CommandProcess>();

  private readonly serviceContext: ServiceContext;
  private readonly pids = new Map<string, number>();
  readonly sshPort: number;
  private power: EndingClock;
  private running: HaproxyProcess | undefined;
  private sshListener: { close(): void } | undefined;
  private booted: number;

  constructor(
    { name, address, port }: Controller,
    readonly sshd: Sshd,
    image: FileSystemImage,
    private readonly context: ControllerContext,
  ) {
    this.name = name;
    this.address = address;
    this.files = new FileSystem(() => this.now(), image);
    this.power = endingClock(context.clock);
    this.booted = context.clock.now();
    const { release } = context.document;
    this.magnumVersion = `${magnumMajor(release)}.0.1`;
    // Python 3 alone has been supported since Ussuri, and no python3-mysqldb comes with Magnum.
    if (!atLeast(release, 'ussuri')) this.pythonModules.add('MySQLdb');
    this.sshPort = port;
    this.serviceContext = { host: this, ...context };
    this.services = this.install();
    context.network.attach(this);
  }

  /** True time, for as long as it has power: its timers end with that. */
  get clock(): EndingClock {
    return this.power;
  }

  /** What its own clock shows. */
  now(): number {
    return this.context.clock.now() + this.clockOffset;
  }

  verdict(from: string, port: number, iface: string): 'ACCEPT' | 'DROP' | 'REJECT' {
    return this.input.verdict(from, port, iface);
  }

  /** What Magnum needs outside of itself, which all controllers share. */
  get backing(): Backing {
    return this.context.openstack.backing;
  }

  /** The site it belongs to. */
  get site(): Site {
    return this.context.document;
  }

  /** Boots: firewall from its rules file, sshd and services. Pacemaker joins by itself. */
  boot(immediately = false): void {
    const { persistentRules } = this.context.document;
    this.power.end();
    this.power = endingClock(this.context.clock);
    this.booted = this.context.clock.now();
    if (this.files.files.has(persistentRules)) {
      try {
        this.input.restore(this.files.read(persistentRules, ROOT));
      } catch {
        // A rules file that is refused leaves the kernel's empty chain, which accepts everything.
        this.input.restore('');
      }
    }
    this.listenForSsh();
    for (const service of this.services.values()) service.start(immediately);
  }

  /** @throws Error while something is under way on it */
  get image(): ControllerImage {
    if (this.commands.size > 0) throw new Error(`A command is under way on ${this.name}`);
    return {
      files: this.files.image,
      input: this.input.image,
      services: new Map([...this.services].map(([name, service]) => [name, service.image])),
      haproxy: this.running && { startedAt: this.running.startedAt, proxies: this.running.proxies },
      booted: this.booted,
    };
  }

  /** Goes on as another was; its files are that one's already. */
  resume({ input, services, haproxy, booted }: Omit<ControllerImage, 'files'>): void {
    this.booted = booted;
    this.input.policy = input.policy;
    this.input.rules = [...input.rules];
    this.listenForSsh();
    for (const [name, image] of services) this.services.get(name)?.resume(image);
    if (haproxy) this.running = new HaproxyProcess(this, haproxy.proxies, this.context, haproxy.startedAt);
  }

  private listenForSsh(): void {
    const accept = (connection: Duplex) => {
      this.sshd.accept(connection);
    };
    this.sshListener = this.context.network.listen(this.name, '0.0.0.0', this.sshPort, accept, { program: 'sshd' });
  }

  /** Loses power: processes and connections are gone, files stay. */
  halt(): void {
    this.running?.stop();
    this.running = undefined;
    for (const service of this.services.values()) service.stop();
    this.power.end();
    this.foreground.clear();
    this.commands.clear();
    this.sshListener?.close();
    this.sshd.disconnect();
  }

  /** What listens on it. */
  get listening(): ReturnType<Network['listening']> {
    return this.context.network.listening(this.name);
  }

  /** The processes. */
  get processes(): ListedProcess[] {
    const services = [...this.services.values()].flatMap(({ name, args, processes, startedAt, user }) =>
      startedAt === undefined ? [] : Array.from({ length: processes }, () => ({ name, args, startedAt, user })),
    );
    const haproxy = this.running ? [{ ...HAPROXY, args: this.haproxyArgs, startedAt: this.running.startedAt }] : [];
    const all: SimulatedProcess[] = [
      { name: 'init', args: '/sbin/init', startedAt: this.booted },
      { name: 'sshd', args: '/usr/sbin/sshd -D', startedAt: this.booted },
      // An operator watches: not every command line that names HAProxy is HAProxy's.
      { name: 'tail', args: 'tail -F /var/log/haproxy.log', startedAt: this.booted },
      ...services,
      ...haproxy,
      ...this.foreground,
      ...[...this.commands].flatMap(processesOf),
    ];
    const alike = new Map<string, number>();
    return all.map((process, index) => {
      const key = `${process.args} ${process.startedAt}`;
      const count = (alike.get(key) ?? 0) + 1;
      alike.set(key, count);
      return { user: 0, ...process, pid: index === 0 ? 1 : this.pidOf(`${key} ${count}`), parent: index === 0 ? 0 : 1 };
    });
  }

  /** A process keeps its number. */
  private pidOf(process: string): number {
    const known = this.pids.get(process);
    if (known !== undefined) return known;
    const pid = 100 + this.pids.size;
    this.pids.set(process, pid);
    return pid;
  }

  /** Paths of programs and of descriptions of services, as Debian 12 has them. */
  get installed(): string[] {
    const programs = ['pcs', 'service', 'systemctl', 'python3', 'magnum-conductor', 'magnum-api', 'magnum-db-manage']
      .filter((name) => !this.missing.has(name))
      .map((name) => `/usr/${['pcs', 'service'].includes(name) ? 'sbin' : 'bin'}/${name}`);
    const services = [...this.services.keys()].flatMap((name) => [
      `/lib/systemd/system/${name}.service`,
      `/usr/lib/systemd/system/${name}.service`,
      `/etc/init.d/${name}`,
    ]);
    return [...programs, ...services];
  }

  /** Directories of such that are there. */
  get directories(): ReadonlySet<string> {
    return DIRECTORIES;
  }

  start(): boolean {
    if (this.running) return true;
    if (this.haproxyWillNotStart) return false;
    const { configFile } = this.context.document.haproxy;
    const config = this.parseHaproxy(configFile, posix.dirname(configFile), this.haproxyDirectories());
    if (config.alerts.length > 0 || !config.proxies.some(({ binds }) => binds.length > 0)) return false;
    // "cannot bind socket (Address already in use)": it ends at once.
    const { network } = this.context;
    const binds = config.proxies.flatMap((proxy) => proxy.binds);
    if (!binds.every(({ address, port }) => network.isFree(this.name, address, port, HAPROXY_SOCKET))) return false;
    this.running = new HaproxyProcess(this, config.proxies, this.context);
    return true;
  }

  stop(): boolean {
    if (!this.running) return true;
    if (this.haproxyWillNotStop) return false;
    this.running.stop();
    this.running = undefined;
    return true;
  }

  /**
   * Parses HAProxy's configuration as it stands in the files now.
   *
   * @param file the main file
   * @param workingDirectory what relative names are relative to
   * @param more further files and directories, each given with `-f`
   */
  parseHaproxy(file: string, workingDirectory: string, more: readonly string[], who: Credentials = ROOT): ParsedConfig {
    const load = (path: string): ConfigFile[] => this.configFiles(path, workingDirectory, who);
    const files: ConfigFile[] = [];
    for (const path of [file, ...more]) {
      try {
        files.push(...load(path));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { proxies: [], warnings: [], alerts: [`Cannot open configuration file/directory ${path} : ${why}`] };
      }
    }
    const include =
      this.context.document.haproxy.include === 'statement'
        ? (pattern: string) => load(pattern.replace(/\/?\*\.cfg$/, ''))
        : undefined;
    return parseHaproxyConfig(files, include);
  }

  /** A file, or the files of a directory that end in .cfg in the order of their names. */
  private configFiles(path: string, workingDirectory: string, who: Credentials): ConfigFile[] {
    const absolute = posix.resolve(workingDirectory, path);
    if (!this.files.isDirectory(absolute)) return [{ path, content: this.files.read(absolute, who) }];
    return this.files
      .list(absolute)
      .filter((name) => name.endsWith('.cfg') && !name.startsWith('.'))
      .map((name) => ({ path: posix.join(path, name), content: this.files.read(posix.join(absolute, name), who) }));
  }

  private get haproxyArgs(): string {
    const files = [this.context.document.haproxy.configFile, ...this.haproxyDirectories()];
    return `/usr/sbin/haproxy -D -p /var/run/haproxy.pid ${files.map((file) => `-f ${file}`).join(' ')}`;
  }

  private haproxyDirectories(): string[] {
    const { include, fragmentDirectory } = this.context.document.haproxy;
    return include === 'directory' && !this.haproxyReadsNoFragments ? [fragmentDirectory] : [];
  }

  private install(): Map<string, Service> {
    const { openstack, document } = this.context;
    const { magnum } = document;
    const here = (endpoints: readonly string[]): number[] =>
      endpoints
        .filter((endpoint) => endpoint.startsWith(`${this.address}:`))
        .map((endpoint) => Number(endpoint.split(':')[1]));
    const services = [
      magnumApi(this.serviceContext, magnum.apiService, magnum.configFile),
      magnumConductor(this.serviceContext, magnum.conductorService, magnum.configFile),
      keystone(this.serviceContext),
      ...cloudApis(this.serviceContext),
      daemonOn(
        this.serviceContext,
        'mysql',
        '/usr/sbin/mysqld --wsrep_cluster_name=openstack',
        [DATABASE_PORT],
        openstack.database,
      ),
      daemonOn(
        this.serviceContext,
        'rabbitmq-server',
        '/usr/lib/erlang/erts-7.3/bin/beam.smp',
        here(magnum.rabbit.hosts),
        openstack.rabbit,
      ),
      daemonOn(
        this.serviceContext,
        'memcached',
        '/usr/bin/memcached -p 11211 -l 0.0.0.0',
        here(magnum.memcachedServers),
      ),
    ];
    return new Map(services.map((service) => [service.name, service]));
  }
}

const DIRECTORIES = new Set([
  ...['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'],
  ...['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system', '/run/systemd/generator.late'],
  '/etc/init.d',
]);

const HAPROXY = { name: 'haproxy', user: 108, program: '/usr/sbin/haproxy' };

/** What ps shows of a command: timeout(1), and the program with its interpreter. */
function processesOf({ argv, timeout, startedAt, life }: CommandProcess): SimulatedProcess[] {
  if (life.over) return [];
  const [name = '', ...rest] = argv;
  const interpreter = { pcs: '/usr/bin/python3 -Es /usr/sbin/', service: '/bin/sh /usr/sbin/' }[name] ?? '';
  const program = { name, args: [interpreter + name, ...rest].join(' '), startedAt };
  if (!timeout) return [program];
  const kill = timeout.kill === undefined ? [] : ['-k', timeout.kill];
  return [{ name: 'timeout', args: ['timeout', ...kill, timeout.after, ...argv].join(' '), startedAt }, program];
}
