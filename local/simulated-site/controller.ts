import { posix } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Controller, Site } from '../../domain/site/document';
import { atLeast, magnumMajor } from '../../domain/site/releases';
import type { Clock } from '../../domain/world';
import type { Timeout } from './command-line';
import { EndingClock } from './ending-clock';
import { type Credentials, FileSystem, type FileSystemImage, ROOT } from './filesystem';
import { type Generation, since } from './generations';
import { type HaproxyImage, HaproxyProcess } from './haproxy';
import { type ConfigFile, parseHaproxyConfig, type ParsedConfig } from './haproxy-config';
import { InputChain } from './iptables';
import type { Network, NetworkHost } from './network';
import type { Backing, SimulatedOpenStack } from './openstack';
import { haproxyFiles } from './initial-files';
import type { HaproxyAgent } from './pacemaker';
import { FIRST_PID, INIT, type SimulatedProcess, SSHD } from './processes';
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
  readonly generation: Generation;
}

/** A command under way. */
export interface CommandProcess {
  /** Of timeout(1), or of the program itself; that one follows it. */
  readonly pid: number;
  readonly user: string;
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
  readonly haproxy: HaproxyImage | undefined;
  /** Of its processes that a reload has left. */
  readonly leaving: readonly HaproxyImage[];
  readonly booted: number;
  readonly nextPid: number;
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
  readonly pythonModules = new Set(['pbr', 'pymysql']);
  /** HAProxy survives its stop. */
  haproxyWillNotStop = false;
  /** HAProxy's start fails. */
  haproxyWillNotStart = false;
  /** HAProxy is started with its main file alone, as Debian's unit starts it. */
  haproxyReadsNoFragments = false;
  /** By how many milliseconds its own clock is fast. */
  clockOffset = 0;
  /** /proc is mounted with hidepid=2. */
  hidesProcesses = false;
  /** Programs that are not installed on it. */
  readonly missing = new Set<string>();
  /** Directories on file systems of their own. */
  readonly mountPoints: string[] = [];
  /** What else runs, on behalf of somebody who is logged in, or of services that are of no concern otherwise. */
  readonly foreground = new Set<SimulatedProcess>();
  /** Files and directories of which flock(1) holds the lock: whether it was killed meanwhile. */
  readonly locked = new Map<string, () => boolean>();
  /** The commands that run this very moment. */
  readonly commands = new Set<CommandProcess>();

  private readonly serviceContext: ServiceContext;
  readonly sshPort: number;
  private power: EndingClock;
  private running: HaproxyProcess | undefined;
  /** HAProxy's processes that a reload has left: each ends with its last connection. */
  private readonly leaving = new Set<HaproxyProcess>();
  private nextPid = FIRST_PID;
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
    this.power = new EndingClock(context.clock);
    this.booted = context.clock.now();
    this.files.made.set('/proc/uptime', () => {
      const seconds = ((context.clock.now() - this.booted) / 1000).toFixed(2);
      return `${seconds} ${seconds}\n`;
    });
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

  verdict(from: string, port: number, iface: string, counts: boolean): 'ACCEPT' | 'DROP' | 'REJECT' {
    return this.input.verdict(from, port, iface, counts);
  }

  /** What Magnum needs outside of itself, which all controllers share. */
  get backing(): Backing {
    return this.context.openstack.backing;
  }

  get generation(): Generation {
    return this.context.generation;
  }

  get virtualIpNamespace(): string | undefined {
    return this.generation.haproxy.namespace;
  }

  spawn(count: number): number {
    const first = this.nextPid;
    this.nextPid += count;
    return first;
  }

  /** The site it belongs to. */
  get site(): Site {
    return this.context.document;
  }

  /** Boots: firewall from its rules file, sshd and services. Pacemaker joins by itself. */
  boot(immediately = false): void {
    const { persistentRules } = this.context.document;
    this.power.end();
    this.power = new EndingClock(this.context.clock);
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
      haproxy: this.running?.image,
      leaving: [...this.leaving].map(({ image }) => image),
      booted: this.booted,
      nextPid: this.nextPid,
    };
  }

  /** Goes on as another was; its files are that one's already. */
  resume({ input, services, haproxy, leaving, booted, nextPid }: Omit<ControllerImage, 'files'>): void {
    this.booted = booted;
    this.nextPid = nextPid;
    this.input.policy = input.policy;
    this.input.rules = input.rules.map((rule) => ({ ...rule }));
    this.listenForSsh();
    for (const [name, image] of services) this.services.get(name)?.resume(image);
    if (haproxy) this.running = new HaproxyProcess(this, haproxy, this.context);
    for (const one of leaving) this.leaveBehind(new HaproxyProcess(this, one, this.context), true);
  }

  private listenForSsh(): void {
    const accept = (connection: Duplex) => {
      this.sshd.accept(connection);
    };
    this.sshListener = this.context.network.listen(this.name, '0.0.0.0', this.sshPort, accept, { program: 'sshd' });
  }

  /** Loses power: processes and connections are gone, files stay. */
  halt(): void {
    this.files.losePower();
    this.running?.stop();
    this.running = undefined;
    for (const one of this.leaving) one.stop();
    this.leaving.clear();
    this.locked.clear();
    for (const service of this.services.values()) service.stop();
    this.power.end();
    this.foreground.clear();
    this.commands.clear();
    this.sshListener?.close();
    this.sshd.disconnect();
  }

  /** What listens on it in a network namespace, by default in the host's own. */
  listening(namespace?: string): ReturnType<Network['listening']> {
    return this.context.network.listening(this.name, namespace);
  }

  /** The process of a program that has its sockets: the last one of a daemon's. */
  serving(program: string): SimulatedProcess | undefined {
    const all =
      program === 'haproxy' ? (this.running?.processes(this.generation.haproxy.processes) ?? []) : this.processes;
    return all.findLast(({ name }) => name === program);
  }

  /** The processes, as /proc has them. */
  get processes(): SimulatedProcess[] {
    const { processes: kind } = this.generation.haproxy;
    const haproxy = [...(this.running ? [this.running] : []), ...this.leaving];
    const systemd = this.generation.init === 'systemd';
    const root = { user: 'root', startedAt: this.booted };
    return [
      {
        ...{
          ...root,
          pid: INIT,
          parent: 0,
          name: 'init',
          program: systemd ? '/usr/lib/systemd/systemd' : '/sbin/init',
        },
        args: '/sbin/init',
      },
      { ...root, pid: SSHD, parent: INIT, name: 'sshd', args: '/usr/sbin/sshd -D', program: '/usr/sbin/sshd' },
      // An operator watches: not every command line that names HAProxy is HAProxy's.
      {
        ...{ ...root, pid: SSHD + 1, parent: SSHD, name: 'tail', program: '/usr/bin/tail' },
        args: 'tail -F /var/log/haproxy.log',
      },
      ...[...this.services.values()].flatMap(({ processes }) => processes),
      ...haproxy.flatMap((one) => one.processes(kind)),
      ...(this.generation.metadataProxies
        ? ROUTERS.map((id, at) => metadataProxy(id, SSHD + 2 + at, this.booted))
        : []),
      ...this.foreground,
      ...[...this.commands].flatMap(processesOf),
    ];
  }

  /** Of HAProxy's first process. */
  get haproxyPid(): number | undefined {
    return this.running?.image.pid;
  }

  get runsHaproxy(): boolean {
    return this.running !== undefined;
  }

  start(): boolean {
    if (this.running) return true;
    if (this.haproxyWillNotStart) return false;
    this.running = this.launch();
    return this.running !== undefined;
  }

  /**
   * HAProxy takes over from itself, as with `-sf`: what ran goes on until its connections are at their end.
   *
   * @param of the process that it takes over from: if another one has done that meanwhile, that one goes on beside it
   * @param underSessions whether there are some that do not end
   */
  reload({ of = this.haproxyPid, underSessions = false } = {}): boolean {
    const old = this.running;
    if (!old) return this.start();
    if (this.haproxyWillNotStart) return false;
    const replaced = this.files.files.get(this.generation.haproxy.pidFile)?.content.trim() ?? '';
    const next = this.launch(` -sf ${replaced}`, old.image);
    if (!next) return false;
    this.running = next;
    if (old.image.pid === of) this.leaveBehind(old, underSessions);
    else this.leaving.add(old);
    return true;
  }

  private leaveBehind(old: HaproxyProcess, underSessions: boolean): void {
    this.leaving.add(old);
    old.leave(() => {
      if (!underSessions) this.leaving.delete(old);
    });
  }

  /** Starts HAProxy. @param old what it takes over from. @returns undefined if it does not start */
  private launch(more = '', old?: HaproxyImage): HaproxyProcess | undefined {
    const { configFile } = this.context.document.haproxy;
    const { arguments: argumentsOf, processes: kind, pidFile } = this.generation.haproxy;
    const files = haproxyFiles(this.context.document);
    const words = argumentsOf(this.haproxyReadsNoFragments ? { ...files, directories: [], fragments: [] } : files);
    const [main = configFile, ...further] = words.filter((_, at) => words[at - 1] === '-f');
    const config = this.parseHaproxy(main, posix.dirname(configFile), further);
    if (config.alerts.length > 0 || !config.proxies.some(({ binds }) => binds.length > 0)) return undefined;
    const count = { daemon: 1, 'master-worker': 2, 'systemd-wrapper': 3 }[kind];
    const outlives = old !== undefined && kind !== 'daemon';
    const first = this.spawn(outlives ? count - 1 : count);
    const image = {
      ...(outlives
        ? { pid: old.pid, reloaded: { since: old.reloaded?.since ?? old.startedAt, pid: first } }
        : { pid: first }),
      args: words.join(' ') + more,
      startedAt: this.context.clock.now(),
      proxies: config.proxies,
    };
    try {
      const started = new HaproxyProcess(this, image, this.context);
      // The wrapper's child writes it, and names its own.
      const named = kind === 'systemd-wrapper' ? started.processes(kind).at(-1)?.pid : undefined;
      this.files.seed(pidFile, `${named ?? image.pid}\n`);
      return started;
    } catch {
      return undefined;
    }
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
    const { version, include: knowsInclude } = this.generation.haproxy;
    const readsDirectories = since(version, '1.7');
    const load = (path: string): ConfigFile[] => this.configFiles(path, workingDirectory, who);
    const loadGiven = (path: string): ConfigFile[] =>
      // Before 1.7 it opens a directory like a file, and reads nothing from it.
      !readsDirectories && this.files.isDirectory(posix.resolve(workingDirectory, path)) ? [] : load(path);
    const files: ConfigFile[] = [];
    for (const path of [file, ...more]) {
      try {
        files.push(...loadGiven(path));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const alert = readsDirectories
          ? `Cannot open configuration file/directory ${path} : ${why}`
          : `Could not open configuration file ${path} : ${why}`;
        return { proxies: [], warnings: [], alerts: [alert] };
      }
    }
    /** What no file matches is nothing. */
    const matching = (pattern: string) => {
      const directory = pattern.replace(/\/?\*\.cfg$/, '');
      return this.files.exists(posix.resolve(workingDirectory, directory)) ? load(directory) : [];
    };
    const parsed = parseHaproxyConfig(files, { version, include: knowsInclude ? matching : undefined });
    return { ...parsed, alerts: [...parsed.alerts, ...this.withoutCertificate(parsed)] };
  }

  /** What it says of certificates that are missing: ssl_sock_load_cert of src/ssl_sock.c. */
  private withoutCertificate({ proxies }: ParsedConfig): string[] {
    return proxies.flatMap(({ kind, binds }) =>
      binds.flatMap(({ address, port, certificate, where }) =>
        certificate === undefined || this.files.exists(certificate)
          ? []
          : [
              `parsing [${where}] : 'bind ${address}:${port}' in section '${kind}' : unable to stat SSL certificate from file ` +
                `'${certificate}' : No such file or directory.`,
            ],
      ),
    );
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

  private install(): Map<string, Service> {
    const { openstack, document } = this.context;
    const { magnum } = document;
    const here = (endpoints: readonly string[]): number[] =>
      endpoints
        .filter((endpoint) => endpoint.startsWith(`${this.address}:`))
        .map((endpoint) => Number(endpoint.split(':')[1]));
    const { database } = this.generation.services;
    const services = [
      magnumApi(this.serviceContext, magnum.configFile),
      magnumConductor(this.serviceContext, magnum.configFile),
      keystone(this.serviceContext),
      ...cloudApis(this.serviceContext),
      daemonOn(
        this.serviceContext,
        { name: database, args: '/usr/sbin/mysqld --wsrep_cluster_name=openstack', user: 'mysql' },
        [DATABASE_PORT],
        openstack.database,
      ),
      daemonOn(
        this.serviceContext,
        { name: 'rabbitmq-server', args: '/usr/lib/erlang/erts-7.3/bin/beam.smp', user: 'rabbitmq' },
        here(magnum.rabbit.hosts),
        openstack.rabbit,
      ),
      daemonOn(
        this.serviceContext,
        { name: 'memcached', args: '/usr/bin/memcached -p 11211 -l 0.0.0.0', user: 'memcache' },
        here(magnum.memcachedServers),
      ),
    ];
    return new Map(services.map((service) => [service.name, service]));
  }
}

/** Routers of Neutron's. */
const ROUTERS = ['1e086be2-93c2-4740-921d-3e3237f23959', 'c70ecf2f-2d24-4a29-9d5e-2b1a0b6a3f11'];

/** A router's metadata proxy, as neutron/agent/metadata/driver.py of Pike and later starts it. */
function metadataProxy(router: string, pid: number, startedAt: number): SimulatedProcess {
  const args = `haproxy -f /var/lib/neutron/ns-metadata-proxy/${router}.conf`;
  return { pid, parent: INIT, user: 'neutron', name: 'haproxy', args, program: '/usr/sbin/haproxy', startedAt };
}

/** What ps shows of a command: timeout(1), and the program with its interpreter. */
function processesOf({ pid, user, argv, timeout, startedAt, life }: CommandProcess): SimulatedProcess[] {
  if (life.over) return [];
  const [name = '', ...rest] = argv;
  const interpreter = { pcs: '/usr/bin/python3 -Es /usr/sbin/', service: '/bin/sh /usr/sbin/' }[name] ?? '';
  const command = (given: Pick<SimulatedProcess, 'pid' | 'parent' | 'name' | 'args'>): SimulatedProcess => ({
    ...given,
    user,
    startedAt,
    program: `/usr/bin/${given.name}`,
  });
  const args = [interpreter + name, ...rest].join(' ');
  if (!timeout) return [command({ pid, parent: SSHD, name, args })];
  const kill = timeout.kill === undefined ? [] : ['-k', timeout.kill];
  return [
    command({ pid, parent: SSHD, name: 'timeout', args: ['timeout', ...kill, timeout.after, ...argv].join(' ') }),
    command({ pid: pid + 1, parent: pid, name, args }),
  ];
}
