import type { Clock } from '../../domain/world';
import {
  Cib,
  descendants,
  type Element,
  initialConfiguration,
  MIGRATION_THRESHOLD,
  MONITOR_MS,
  setMeta,
  setOption,
} from './cib';
import { isBanned, isDisabled, type Policy, policyOf } from './cib-rules';
import { type Generation, since } from './generations';
import type { Network } from './network';
import type { Timings } from './timings';

/** What pacemaker knows of HAProxy on one node. */
type InstanceState = 'stopped' | 'starting' | 'started' | 'stopping' | 'stop-failed' | 'given-up';

/** What pacemaker starts and stops on a node. */
export interface HaproxyAgent {
  /** Starts HAProxy; false if it does not start. */
  start(): boolean;
  /** Stops HAProxy; false if it does not stop. */
  stop(): boolean;
  /** Whether HAProxy runs. */
  readonly runsHaproxy: boolean;
  /** What the node's own clock shows, in milliseconds since 1970. */
  now(): number;
}

/** What failed last, as crm_mon lists it. */
export interface Failure {
  readonly task: 'start' | 'stop' | 'monitor';
  /** How often it did. A start or a stop that fails counts as infinitely many. */
  readonly count: number;
  readonly at: number;
  readonly call: number;
}

/** A node of the cluster. */
export interface ClusterNode {
  readonly name: string;
  readonly id: number;
  readonly agent: HaproxyAgent;
  /** Whether corosync and pacemaker run. */
  running: boolean;
  /** Whether the others count it as a member; a silent node is one until corosync's token times out. */
  member: boolean;
  /** The nodes that hear each other have the same number. */
  partition: number;
  state: InstanceState;
  failure: Failure | undefined;
}

/** A cluster at rest, for another site to start from. */
export interface PacemakerImage {
  readonly nodes: readonly Pick<ClusterNode, 'state' | 'failure'>[];
  readonly cib: Cib;
  readonly calls: number;
  readonly virtualIp: string | undefined;
}

interface PacemakerOptions {
  readonly resource: string;
  readonly generation: Generation;
  readonly agents: ReadonlyMap<string, HaproxyAgent>;
  readonly network: Network;
  readonly timings: Timings;
  readonly clock: Clock;
  /** @default a new cluster, in which everything runs */
  readonly image?: PacemakerImage | undefined;
}

/** What a node sees of its cluster. */
export interface ClusterView {
  readonly quorum: boolean;
  readonly cib: Cib;
  /** What the CIB asks for at this moment, by this node's clock. */
  readonly policy: Policy;
  /** By this node's clock, in milliseconds since 1970. */
  readonly now: number;
  /** Nodes that this one hears, itself included. */
  readonly members: readonly ClusterNode[];
  readonly nodes: readonly ClusterNode[];
  /** The node that runs the VIP in this view. */
  readonly virtualIp: string | undefined;
}

/**
 * The cluster: HAProxy as a clone on every node and the VIP colocated with it. Nodes hear each other or not; a partition
 * without quorum stops what it runs (`no-quorum-policy=stop`) and acts on no command until it has quorum again.
 */
export class Pacemaker {
  readonly nodes: ClusterNode[];
  /**
   * Whether a rule that ends is noticed when it ends: from pacemaker 2.0.3 on. Before, only when the cluster is looked at
   * anyway, which is every 15 minutes.
   */
  noticesEnds: boolean;
  private readonly cibs = new Map<number, Cib>();
  private cancelRecheck: () => void = () => undefined;
  private partitions = 0;
  private calls: number;
  private virtualIpBusy = false;

  /** The primitive's name. */
  readonly resource: string;
  readonly generation: Generation;
  private readonly network: Network;
  private readonly timings: Timings;
  private readonly clock: Clock;

  constructor({ resource, generation, agents, network, timings, clock, image }: PacemakerOptions) {
    this.resource = resource;
    this.generation = generation;
    this.network = network;
    this.timings = timings;
    this.clock = clock;
    this.noticesEnds = since(generation.pacemaker.version, '2.0.3');
    this.nodes = [...agents].map(([name, agent], index) => ({
      name,
      id: index + 1,
      agent,
      running: true,
      member: true,
      partition: 0,
      ...(image?.nodes[index] ?? { state: agent.start() ? 'started' : 'stopped', failure: undefined }),
    }));
    this.cibs.set(0, image?.cib.copy() ?? new Cib(initialConfiguration(generation, resource, [...agents.keys()])));
    this.calls = image?.calls ?? 10;
    network.setVirtualIp(image ? image.virtualIp : this.nodes[0]?.name);
    this.recheckLater();
  }

  /** @throws Error while it starts or stops something, or a node is missing */
  get image(): PacemakerImage {
    const atRest = this.nodes.every(
      ({ running, member, partition, state }) =>
        running && member && partition === 0 && ['started', 'stopped', 'stop-failed', 'given-up'].includes(state),
    );
    if (!atRest || this.virtualIpBusy) throw new Error('The cluster is not at rest');
    return {
      nodes: this.nodes.map(({ state, failure }) => ({ state, failure })),
      cib: this.cib(0).copy(),
      calls: this.calls,
      virtualIp: this.network.virtualIpHost,
    };
  }

  get clone(): string {
    return this.generation.cloneOf(this.resource);
  }

  /** What a node sees; undefined if its cluster does not run. */
  view(name: string): ClusterView | undefined {
    const node = this.node(name);
    if (!node.running) return undefined;
    const members = this.members(node.partition);
    const holder = this.network.virtualIpHost;
    const cib = this.cib(node.partition);
    const now = node.agent.now();
    return {
      quorum: this.quorate(node.partition),
      cib,
      policy: policyOf(cib, this.resource, now),
      now,
      members,
      nodes: this.nodes,
      virtualIp: members.some((member) => member.name === holder) ? holder : undefined,
    };
  }

  /**
   * Sets or clears `target-role=Stopped`, as pcs does: disabling touches what is named, enabling the primitive clears
   * the clone's too.
   *
   * @returns whether the CIB changed; undefined if there is no such resource
   */
  setDisabled(from: string, resource: string, disabled: boolean): boolean | undefined {
    if (resource !== this.resource && resource !== this.clone) return undefined;
    const named = disabled ? [resource] : [this.resource, this.clone];
    return this.change(from, (cib) =>
      cib.change((configuration) => {
        for (const id of named) {
          const found = descendants(configuration).find(({ attributes }) => attributes['id'] === id);
          if (found) setMeta(found, 'target-role', disabled ? 'Stopped' : '');
        }
      }),
    );
  }

  /**
   * Changes the CIB of a node's partition.
   *
   * @param change returns whether it did
   * @throws CibError
   */
  change(from: string, change: (cib: Cib) => boolean): boolean {
    const changed = change(this.cib(this.node(from).partition));
    if (changed) this.reconcile();
    return changed;
  }

  /** Whether HAProxy is disabled at this moment, as the quorate partition has it. */
  get disabled(): boolean {
    return isDisabled(this.policy(this.mainPartition()));
  }

  /** An element of the configuration by its kind and ID, as the quorate partition has it. */
  find(name: string, id: string): Element | undefined {
    return this.cib(this.mainPartition()).find(name, id);
  }

  /** Sets `is-managed` of HAProxy. */
  setManaged(managed: boolean): void {
    this.cib(this.mainPartition()).change((configuration) => {
      const primitive = descendants(configuration).find(({ attributes }) => attributes['id'] === this.resource);
      if (primitive) setMeta(primitive, 'is-managed', managed ? '' : 'false');
    });
    this.reconcile();
  }

  /** Sets the cluster's `maintenance-mode`. */
  setMaintenance(maintenance: boolean): void {
    this.cib(this.mainPartition()).change((configuration) => {
      const [options] = configuration.children.filter(({ name }) => name === 'crm_config');
      if (options) {
        setOption(options, 'cluster_property_set', 'cib-bootstrap-options', 'maintenance-mode', String(maintenance));
      }
    });
    this.reconcile();
  }

  /** Forgets failures, as `pcs resource cleanup` does. */
  cleanup(name?: string): void {
    for (const node of this.nodes) {
      if (name !== undefined && node.name !== name) continue;
      node.failure = undefined;
      if (node.state === 'given-up') node.state = 'stopped';
      if (node.state === 'stop-failed') node.state = 'started';
    }
    this.reconcile();
  }

  /** Cuts these nodes off from the others. They hear each other. */
  partition(names: readonly string[]): void {
    const number = ++this.partitions;
    this.cibs.set(number, this.cib(this.mainPartition()).copy());
    for (const name of names) this.node(name).partition = number;
    this.clock.after(this.timings.nodeLoss, () => {
      this.reconcile();
    });
  }

  /** All hear each other again, and the CIB with the most changes becomes everyone's. */
  heal(): void {
    const [newest] = [...this.cibs.values()].sort((one, other) => other.epoch - one.epoch);
    if (newest) this.cibs.set(0, newest);
    for (const number of [...this.cibs.keys()]) if (number !== 0) this.cibs.delete(number);
    for (const node of this.nodes) node.partition = 0;
    this.reconcile();
  }

  /** HAProxy died on a node: the next monitor finds it, an interval later at the latest. */
  died(name: string): void {
    const node = this.node(name);
    this.clock.after(MONITOR_MS, () => {
      if (!node.running || node.state !== 'started' || node.agent.runsHaproxy) return;
      this.fail(node, 'monitor');
      this.reconcile();
    });
  }

  /** A node goes silent: what runs there is gone at once, the others notice later. */
  lose(name: string): void {
    const node = this.node(name);
    node.running = false;
    this.clock.after(this.timings.nodeLoss, () => {
      if (node.running) return;
      node.member = false;
      node.state = 'stopped';
      node.failure = undefined;
      this.reconcile();
    });
  }

  /** A node's cluster stops in order: its resources first. */
  stop(name: string): void {
    const node = this.node(name);
    node.agent.stop();
    Object.assign(node, { running: false, member: false, state: 'stopped', failure: undefined });
    this.reconcile();
  }

  /** A node's cluster starts, and it joins. */
  join(name: string): void {
    Object.assign(this.node(name), { running: true, member: true, state: 'stopped', failure: undefined });
    this.reconcile();
  }

  /** Starts and stops what the CIB asks for. An operation that takes time calls it again when it is done. */
  private reconcile(): void {
    for (const node of this.nodes) if (node.running && node.member) this.reconcileNode(node);
    this.reconcileVirtualIp();
    this.recheckLater();
  }

  /**
   * Each partition looks at its cluster again when one of its rules ends, by the clock of its controller (DC), and every 15
   * minutes. Without rules of time nothing would be found then.
   */
  private recheckLater(): void {
    this.cancelRecheck();
    const waits = [...this.cibs.keys()].flatMap((partition) => {
      const { timed, changesAt } = this.policy(partition);
      if (!timed) return [];
      if (changesAt === undefined || !this.noticesEnds) return [this.timings.clusterRecheck];
      // Pacemaker counts in whole seconds.
      const seconds = Math.floor(changesAt / 1000) - Math.floor(this.controllerClock(partition) / 1000);
      return [Math.min(seconds < 1 ? 500 : seconds * 1000, this.timings.clusterRecheck)];
    });
    if (waits.length === 0) return;
    this.cancelRecheck = this.clock.after(Math.min(...waits), () => {
      this.reconcile();
    });
  }

  private reconcileNode(node: ClusterNode): void {
    const { managed, maintenance } = this.policy(node.partition);
    if (!managed || maintenance) return;
    const wanted = this.wanted(node);
    if (wanted && node.state === 'stopped') this.start(node);
    if (!wanted && node.state === 'started') this.stopInstance(node);
  }

  private start(node: ClusterNode): void {
    node.state = 'starting';
    this.clock.after(this.timings.haproxyStart, () => {
      if (!node.running) return;
      if (node.agent.start()) {
        node.state = 'started';
      } else {
        // A failed start is fatal: the node is not tried again before the failure expires.
        this.fail(node, 'start');
      }
      this.reconcile();
    });
  }

  private stopInstance(node: ClusterNode): void {
    node.state = 'stopping';
    this.clock.after(this.timings.haproxyStop, () => {
      if (!node.running) return;
      const stopped = node.agent.stop();
      // The process is gone before the agent has said so; one that stays is given up after the operation's timeout.
      this.clock.after(stopped ? this.timings.agentStop : this.timings.operationTimeout, () => {
        if (!node.running) return;
        if (stopped) node.state = 'stopped';
        else this.fail(node, 'stop');
        this.reconcile();
      });
    });
  }

  private fail(node: ClusterNode, task: Failure['task']): void {
    const before = node.failure?.task === task ? node.failure.count : 0;
    const count = task === 'monitor' ? before + 1 : Infinity;
    const failure = { task, count, at: this.clock.now(), call: ++this.calls };
    node.failure = failure;
    if (task === 'stop') {
      node.state = 'stop-failed';
      return;
    }
    // What died is started again, until it has failed as often as it may.
    node.state = count < MIGRATION_THRESHOLD ? 'stopped' : 'given-up';
    this.clock.after(this.timings.failureTimeout, () => {
      if (node.failure === failure) this.cleanup(node.name);
    });
  }

  /** The VIP follows HAProxy: it is on a node that runs it, or on none if HAProxy is down everywhere. */
  private reconcileVirtualIp(moving = false): void {
    if (this.virtualIpBusy) return;
    const holder = this.nodes.find(({ name }) => name === this.network.virtualIpHost);
    // Nobody knows yet that a silent node has lost the VIP.
    if (holder?.member === true && !holder.running) return;
    if (holder && (!holder.member || !this.mayHold(holder))) {
      // A dead node has taken its address with it.
      this.moveVirtualIp(undefined, holder.running ? this.timings.vipStop : 0);
    } else if (!holder) {
      const next = this.nodes.find((node) => this.mayHold(node));
      if (next) this.moveVirtualIp(next, moving ? this.timings.vipMove : this.timings.vipStart);
    }
  }

  private moveVirtualIp(to: ClusterNode | undefined, milliseconds: number): void {
    this.virtualIpBusy = true;
    this.clock.after(milliseconds, () => {
      this.virtualIpBusy = false;
      if (!to || this.mayHold(to)) this.network.setVirtualIp(to?.name);
      this.reconcileVirtualIp(!to);
    });
  }

  private mayHold(node: ClusterNode): boolean {
    if (!node.running || !node.member || node.state !== 'started') return false;
    const policy = this.policy(node.partition);
    if (policy.maintenance || !policy.managed) return true;
    return this.wanted(node) && !isBanned(policy, 'virtual IP', node.name);
  }

  private wanted(node: ClusterNode): boolean {
    const policy = this.policy(node.partition);
    return this.quorate(node.partition) && !isDisabled(policy) && !isBanned(policy, 'haproxy', node.name);
  }

  /** What a partition's CIB asks for, by the clock of its controller. */
  private policy(partition: number): Policy {
    return policyOf(this.cib(partition), this.resource, this.controllerClock(partition));
  }

  private controllerClock(partition: number): number {
    return (this.members(partition)[0] ?? this.nodes[0])?.agent.now() ?? this.clock.now();
  }

  private quorate(partition: number): boolean {
    return this.members(partition).length * 2 > this.nodes.length;
  }

  private members(partition: number): ClusterNode[] {
    return this.nodes.filter((node) => node.member && node.partition === partition);
  }

  private mainPartition(): number {
    return this.nodes.find((node) => node.running && this.quorate(node.partition))?.partition ?? 0;
  }

  private cib(partition: number): Cib {
    const cib = this.cibs.get(partition);
    if (!cib) throw new Error(`No CIB for partition ${partition}`);
    return cib;
  }

  private node(name: string): ClusterNode {
    const node = this.nodes.find((one) => one.name === name);
    if (!node) throw new Error(`No node named ${name}`);
    return node;
  }
}
