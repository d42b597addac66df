import type { Duplex } from 'node:stream';
import type { Clock } from '../../domain/world';
import { connection, type Connection } from './duplex-pair';
import type { SiteRecord } from './record';
import { remembering } from '../../domain/remembering';
import type { Timings } from './timings';

/** Why a connection failed, with the text that OpenSSH gives in its channel open failure. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';

  constructor(readonly code: keyof typeof REASONS) {
    super(REASONS[code]);
  }
}

const REASONS = {
  ECONNREFUSED: 'Connection refused',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
} as const;

/** Serves an accepted connection. */
export type Accept = (connection: Duplex, from: string) => void;

/** A host of the management network. */
export interface NetworkHost {
  readonly name: string;
  /** Its own address. */
  readonly address: string;
  /** What its firewall does to a new TCP connection; `iface` is `lo` for one of its own. @param counts if it is no question only */
  verdict(from: string, port: number, iface: string, counts: boolean): 'ACCEPT' | 'DROP' | 'REJECT';
  /** The network namespace in which it has the VIP, if that is another than its first one. */
  readonly virtualIpNamespace?: string | undefined;
}

/** What leads to the holder of the VIP. */
export interface VirtualNames {
  readonly virtualIps: readonly [string, ...string[]];
  /** What else stands for the first of them: names, and addresses that are translated to it. */
  readonly aliases: readonly string[];
}

/** How a process listens. */
export interface ListenOptions {
  /** The name of the process. */
  readonly program?: string;
  /** With SO_REUSEPORT: others that do the same may have the port, too, and connections are shared out. */
  readonly reusePort?: true;
  /** @default the first network namespace */
  readonly namespace?: string | undefined;
}

/** A process that listens on a port. */
export interface Listener {
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  readonly address: string;
  readonly port: number;
  /** The process ends, and with it its connections. */
  close(): void;
  /** It takes no more connections, and goes on with those it has. */
  stopListening(): void;
}

/** How somebody connects. */
export interface DialOptions {
  /** Keeps it out of the record: for what the controllers do by themselves. */
  readonly quiet?: true;
  /** Serves the connection in place of what listens there. */
  readonly serve?: (far: Duplex) => void;
  /** A further host on the way, whose link it needs, too. */
  readonly through?: string;
}

/** The management network: who has which address, who listens, who reaches whom. */
export class Network {
  private readonly hosts = new Map<string, NetworkHost>();
  private readonly addresses = new Map<string, NetworkHost>();
  private readonly down = new Set<string>();
  /** By host. */
  private readonly listeners = new Map<string, OpenListener[]>();
  private readonly closings = new Map<string, number>();
  private readonly waiting = new Set<() => void>();
  private readonly connections = new Map<Connection, readonly string[]>();
  private virtualIpHolder: string | undefined;
  private turn = 0;

  constructor(
    private readonly names: VirtualNames,
    private readonly timings: Timings,
    private readonly clock: Clock,
    private readonly record: SiteRecord,
  ) {}

  /** Plugs a host in. */
  attach(host: NetworkHost): void {
    this.hosts.set(host.name, host);
    this.addresses.set(host.address, host);
  }

  /** Takes a host's link down or up. Its connections freeze, and go on when it is up again. */
  setLink(host: string, up: boolean): void {
    if (up) this.down.delete(host);
    else this.down.add(host);
    for (const [{ wire }, hosts] of this.connections) {
      if (hosts.some((one) => this.down.has(one))) wire.freeze();
      else wire.thaw();
    }
    this.changed();
  }

  /** Whether a host's link is up. */
  isUp(host: string): boolean {
    return !this.down.has(host);
  }

  /** The host that has the VIP now. */
  get virtualIpHost(): string | undefined {
    return this.virtualIpHolder;
  }

  /** Moves the VIP, or takes it away. */
  setVirtualIp(host: string | undefined): void {
    this.virtualIpHolder = host;
    this.changed();
  }

  /**
   * Listens, as a process of `host` does. `0.0.0.0` is every address of the host.
   *
   * @returns undefined if the port is in use, at that address or at every one
   */
  listen(
    host: string,
    address: string,
    port: number,
    accept: Accept,
    { program = '?', reusePort, namespace }: ListenOptions = {},
  ): Listener | undefined {
    const overlaps = (one: OpenListener) => [one.address, address].includes('0.0.0.0') || one.address === address;
    const taken = this.listening(host, namespace, port).filter(overlaps);
    if (taken.some((one) => !one.reusePort || !reusePort)) return undefined;
    const where = { host, program, namespace, address, port, reusePort: reusePort === true };
    const listener = new OpenListener(where, this.clock.now(), accept, () => {
      this.listeners.set(
        host,
        this.all(host).filter((one) => one !== listener),
      );
      this.closings.set(keyOf(host, address, port), this.clock.now());
    });
    this.listeners.set(host, [...this.all(host), listener]);
    return listener;
  }

  /** What listens in a network namespace of a host, the first one by default; on any port, or one. */
  listening(host: string, namespace?: string, port?: number): OpenListener[] {
    return this.all(host).filter((one) => one.namespace === namespace && (port === undefined || one.port === port));
  }

  private all(host: string): readonly OpenListener[] {
    return this.listeners.get(host) ?? [];
  }

  /**
   * Connects from an address to an address and port.
   *
   * @throws ConnectError as connect(2) fails
   */
  async connect(from: string, address: string, port: number, options: DialOptions = {}): Promise<Duplex> {
    return (await this.dial(from, address, port, options)).near;
  }

  /** The same, with the wire. @throws ConnectError */
  async dial(from: string, address: string, port: number, options: DialOptions = {}): Promise<Connection> {
    if (options.quiet) return this.establish(from, address, port, options);
    const entry = this.record.add({
      type: 'connect' as const,
      at: this.clock.now(),
      from,
      address,
      port,
      result: undefined as string | undefined,
    });
    try {
      const established = await this.establish(from, address, port, options);
      entry.result = 'connected';
      return established;
    } catch (error) {
      entry.result = error instanceof ConnectError ? error.code : String(error);
      throw error;
    }
  }

  /** Makes a connection that is there while the links of these hosts are up, and else frozen. */
  join(hosts: readonly string[]): Connection {
    const established = connection();
    this.connections.set(established, hosts);
    established.far.once('close', () => this.connections.delete(established));
    if (hosts.some((one) => this.down.has(one))) established.wire.freeze();
    return established;
  }

  /** What a connection would meet now. @param counts if it is one, which packet counters see */
  probe(from: string, host: string, port: number, counts = false): OpenListener | keyof typeof REASONS {
    const address = this.names.aliases.includes(host) ? this.names.virtualIps[0] : host;
    const source = this.hostOf(from);
    const target = this.owner(address, source);
    if (!source || !target || this.down.has(source.name)) return 'EHOSTUNREACH';
    const local = target === source;
    if (!local && this.down.has(target.name)) return 'EHOSTUNREACH';
    const namespace = this.names.virtualIps.includes(address) ? target.virtualIpNamespace : undefined;
    // What goes into a network namespace passes FORWARD: the rules of INPUT do not apply.
    if (namespace === undefined) {
      const verdict = target.verdict(from, port, local ? 'lo' : 'br-mgmt', counts);
      if (verdict !== 'ACCEPT') return verdict === 'DROP' ? 'ETIMEDOUT' : 'ECONNREFUSED';
    }
    const there = this.listening(target.name, namespace, port);
    const exact = there.filter((one) => one.address === address);
    const able = exact.length > 0 ? exact : there.filter((one) => one.address === '0.0.0.0');
    // The kernel shares connections out among those that have the port together.
    return able[this.turn++ % Math.max(able.length, 1)] ?? 'ECONNREFUSED';
  }

  /** When the last process that listened there stopped doing so. */
  closedAt(address: string, port: number): number | undefined {
    const host = this.hostOf(address)?.name ?? '';
    const times = [address, '0.0.0.0'].flatMap((bound) => this.closings.get(keyOf(host, bound, port)) ?? []);
    return times.length > 0 ? Math.max(...times) : undefined;
  }

  private async establish(
    from: string,
    address: string,
    port: number,
    { serve, through }: DialOptions,
  ): Promise<Connection> {
    const source = this.hostOf(from);
    // A host outside this network has no route into it.
    if (!source) throw new ConnectError('EHOSTUNREACH');
    let found = this.probe(from, address, port, true);
    if (found === 'EHOSTUNREACH') found = await this.resolve(from, address, port);
    if (found === 'ETIMEDOUT') await this.clock.sleep(this.timings.connectTimeout);
    if (typeof found === 'string') throw new ConnectError(found);
    const established = this.join([source.name, found.host, ...(through === undefined ? [] : [through])]);
    found.accept(established.far, from, serve);
    return established;
  }

  /** The kernel asks for the address until somebody has it, and gives up after three probes. */
  private async resolve(from: string, address: string, port: number): Promise<OpenListener | keyof typeof REASONS> {
    return new Promise((resolve) => {
      const answer = (): void => {
        this.waiting.delete(check);
        cancel();
        resolve(this.probe(from, address, port));
      };
      const check = (): void => {
        if (this.probe(from, address, port) !== 'EHOSTUNREACH') answer();
      };
      const cancel = this.clock.after(this.timings.noRoute, answer);
      this.waiting.add(check);
    });
  }

  private changed(): void {
    for (const check of [...this.waiting]) check();
  }

  private hostOf(address: string): NetworkHost | undefined {
    return this.addresses.get(address);
  }

  private owner(address: string, source: NetworkHost | undefined): NetworkHost | undefined {
    if (address === '127.0.0.1') return source;
    if (this.names.virtualIps.includes(address)) return this.hosts.get(this.virtualIpHolder ?? '');
    return this.hostOf(address);
  }
}

/** Where a process listens. */
interface Endpoint {
  readonly host: string;
  readonly program: string;
  readonly namespace: string | undefined;
  readonly address: string;
  readonly port: number;
  readonly reusePort: boolean;
}

/** A listener with what it does to a connection. */
class OpenListener implements Listener {
  readonly host: string;
  readonly program: string;
  readonly namespace: string | undefined;
  readonly address: string;
  readonly port: number;
  readonly reusePort: boolean;
  private readonly connections = new Set<Duplex>();

  constructor(
    endpoint: Endpoint,
    readonly since: number,
    private readonly serve: Accept,
    private readonly onClose: () => void,
  ) {
    ({
      host: this.host,
      program: this.program,
      namespace: this.namespace,
      address: this.address,
      port: this.port,
      reusePort: this.reusePort,
    } = endpoint);
  }

  accept(connection: Duplex, from: string, serve = this.serve): void {
    this.connections.add(connection);
    connection.once('close', () => this.connections.delete(connection));
    serve(connection, from);
  }

  close(): void {
    this.onClose();
    for (const connection of this.connections) connection.destroy();
  }

  stopListening(): void {
    this.onClose();
  }
}

/** Whether an address is of a network in CIDR form. */
export function within(address: string, network: string): boolean {
  const { base, size } = parsed(network);
  return Math.floor(toNumber(address) / size) === base;
}

const parsed = remembering((network) => {
  const [base = '', prefix = '32'] = network.split('/');
  const size = 2 ** (32 - Number(prefix));
  return { base: Math.floor(toNumber(base) / size), size };
});

/** An IPv4 address as a number. */
export const toNumber = remembering((address) => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0));

/** A number as an IPv4 address. */
export function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

function keyOf(host: string, address: string, port: number): string {
  return `${host} ${address}:${port}`;
}
