import type { Clock } from '../../domain/world';
import type { CommandHook, CommandHooks } from './command-faults';
import type { SimulatedController } from './controller';
import type { Network } from './network';
import type { Pacemaker } from './pacemaker';
import type { Bastion, Sshd } from './sshd';
import type { Timings } from './timings';

/** What faults are injected into. */
export interface FaultTargets {
  readonly bastion: Bastion;
  readonly controllers: ReadonlyMap<string, SimulatedController>;
  readonly network: Network;
  readonly pacemaker: Pacemaker;
  readonly hooks: CommandHooks;
  readonly clock: Clock;
  readonly timings: Timings;
}

/** What can be made to go wrong, at any time. Every fault that lasts can be taken back. */
export class Faults {
  constructor(private readonly targets: FaultTargets) {}

  /** Looks at every command and may make it fail. Returns a function that takes the hook away. */
  onCommand(hook: CommandHook): () => void {
    return this.targets.hooks.add(hook);
  }

  /** Takes every command hook away. */
  clearCommandHooks(): void {
    this.targets.hooks.clear();
  }

  /** The bastion's sshd is gone: connections break, new ones are refused. */
  async bastionDown(): Promise<void> {
    await this.targets.bastion.stop();
  }

  /** The bastion's sshd is back, on the same port. */
  async bastionUp(): Promise<void> {
    await this.targets.bastion.start();
  }

  /** Every connection to the bastion breaks once; new ones work. */
  dropConnections(): void {
    this.targets.bastion.sshd.disconnect();
  }

  /** Every connection to the bastion breaks when the site is sent the nth command from now on, before it runs. */
  dropConnectionsAtCommand(nth: number): void {
    let left = nth;
    const remove = this.onCommand(() => {
      if (--left > 0) return undefined;
      remove();
      this.dropConnections();
      return { disconnect: 'before' };
    });
  }

  /** A host shows another host key from the next connection on; `bastion` is the bastion's name. */
  rotateHostKey(host: string): void {
    this.sshd(host).rotateHostKey();
  }

  /** A host lets nobody in. */
  refuseLogins(host: string, on = true): void {
    this.sshd(host).refusing = on;
  }

  /** Unplugs a controller's management network: nobody reaches it, and its cluster membership is lost too. */
  unplug(host: string): void {
    this.targets.network.setLink(host, false);
    this.targets.pacemaker.partition([host]);
  }

  /** Plugs every unplugged controller in again. */
  plugIn(): void {
    for (const host of this.targets.controllers.keys()) this.targets.network.setLink(host, true);
    this.targets.pacemaker.heal();
  }

  /** SSH and services of a host cannot be reached, and nothing says so; a controller's cluster membership stays. */
  unreachable(host: string, unreachable = true): void {
    this.targets.network.setLink(host, !unreachable);
  }

  /** A controller loses power: what ran is gone, files stay. Its connections fall silent: nobody closes them. */
  powerOff(host: string): void {
    this.targets.network.setLink(host, false);
    this.targets.pacemaker.lose(host);
    this.controller(host).halt();
  }

  /** It boots: rules from their file, sshd, services, and it joins the cluster. Resolves when it has. */
  async powerOn(host: string): Promise<void> {
    const { network, pacemaker, clock, timings } = this.targets;
    await clock.sleep(timings.boot);
    network.setLink(host, true);
    this.controller(host).boot();
    pacemaker.join(host);
  }

  /** A controller's clock is set: from now on it is fast or slow by that many milliseconds. */
  setClock(host: string, fastBy: number): void {
    this.controller(host).clockOffset = fastBy;
  }

  /** The nodes hear each other no longer, over corosync only: none has quorum. */
  loseQuorum(): void {
    for (const host of this.targets.controllers.keys()) this.targets.pacemaker.partition([host]);
  }

  /** Corosync of these nodes hears the others no longer, while SSH still reaches them. */
  cutOff(...hosts: string[]): void {
    this.targets.pacemaker.partition(hosts);
  }

  /** All nodes hear each other again. */
  healCluster(): void {
    this.targets.pacemaker.heal();
  }

  /** Corosync and pacemaker of a node are stopped, in order. */
  stopCluster(host: string): void {
    this.targets.pacemaker.stop(host);
  }

  /** And started again. */
  startCluster(host: string): void {
    this.targets.pacemaker.join(host);
  }

  /** `is-managed=false` of HAProxy. */
  unmanaged(unmanaged = true): void {
    this.targets.pacemaker.setManaged(!unmanaged);
  }

  /** `maintenance-mode=true` of the cluster. */
  maintenanceMode(on = true): void {
    this.targets.pacemaker.setMaintenance(on);
  }

  /** HAProxy survives its stop: pacemaker gives up after its timeout and blocks the resource. */
  haproxyWillNotStop(host: string, on = true): void {
    this.controller(host).haproxyWillNotStop = on;
  }

  /** HAProxy's process is gone, and pacemaker does not know it yet. */
  haproxyDies(host: string): void {
    this.controller(host).stop();
    this.targets.pacemaker.died(host);
  }

  /** HAProxy's start fails. */
  haproxyWillNotStart(host: string, on = true): void {
    this.controller(host).haproxyWillNotStart = on;
  }

  /** The process of a service ignores SIGTERM. */
  serviceWillNotStop(host: string, service: string, on = true): void {
    const found = this.controller(host).services.get(service);
    if (!found) throw new Error(`No service ${service} on ${host}`);
    found.ignoresStop = on;
  }

  /** No more than this many bytes of content can be written: `No space left on device`. */
  diskFull(host: string, on = true, room = 0): void {
    this.controller(host).files.room = on ? room : Infinity;
  }

  /** Nothing below a directory can be changed: `Read-only file system`. */
  readOnly(host: string, on = true, directory = '/etc'): void {
    const { readOnly } = this.controller(host).files;
    if (on) readOnly.add(directory);
    else readOnly.delete(directory);
  }

  /** sudo asks for a password. */
  noSudo(host: string, on = true): void {
    this.controller(host).sudoers = () => !on;
  }

  private sshd(host: string): Sshd {
    return host === this.targets.bastion.name ? this.targets.bastion.sshd : this.controller(host).sshd;
  }

  private controller(name: string): SimulatedController {
    const controller = this.targets.controllers.get(name);
    if (!controller) throw new Error(`No controller named ${name}`);
    return controller;
  }
}
