import type { Clock } from '../../domain/world';
import type { SimulatedSite } from '../simulated-site';

/** What lasts of the faults of a run: what is wrong with the site and with AWS until it is mended. */
export class Hazards {
  /** What of AWS fails from now on: calls whose name begins so, each with its error. */
  private readonly failing: { readonly prefix: string; readonly error: () => Error }[] = [];
  private readonly mending: (() => void | Promise<void>)[] = [];

  constructor(
    private readonly site: SimulatedSite,
    private readonly clock: Clock,
    /** Stops the execution. */
    readonly abort: () => void,
    /** Starts another apply. */
    readonly applyAgain: () => void,
  ) {}

  /** Whether anything is wrong now. */
  get lasts(): boolean {
    return this.failing.length > 0 || this.mending.length > 0;
  }

  /** The error of a call that fails for ever. */
  errorOf(call: string): Error | undefined {
    return this.failing.find(({ prefix }) => call.startsWith(prefix))?.error();
  }

  /** All calls whose name begins so fail from now on. */
  failForEver(prefix: string, error: () => Error): void {
    this.failing.push({ prefix, error });
  }

  /** The bastion is gone, for so many milliseconds or for good. */
  bastionAway(forMs?: number): void {
    const { faults, bastion } = this.site;
    void faults.bastionDown();
    this.lasting(forMs, () => (bastion.running ? undefined : faults.bastionUp()));
  }

  /** A controller loses power. */
  powerOff(host: string): void {
    this.site.faults.powerOff(host);
    this.lasting(undefined, () => this.site.faults.powerOn(host));
  }

  /** A controller cannot be reached for so many milliseconds; its cluster goes on. */
  silent(host: string, forMs: number): void {
    this.site.faults.unreachable(host);
    this.lasting(forMs, () => {
      this.site.faults.unreachable(host, false);
    });
  }

  diskFull(host: string, forMs?: number): void {
    this.switched('diskFull', host, forMs);
  }

  readOnly(host: string): void {
    this.switched('readOnly', host);
  }

  /** A controller's clock is ahead by so many milliseconds. */
  setClock(host: string, byMs: number): void {
    this.site.faults.setClock(host, byMs);
    this.lasting(undefined, () => {
      this.site.faults.setClock(host, 0);
    });
  }

  /** HAProxy survives its stop, and an operator does what pacemaker then asks for. */
  haproxyStays(host: string): void {
    this.switched('haproxyWillNotStop', host);
    this.lasting(undefined, () => {
      this.site.pacemaker.cleanup(host);
    });
  }

  /** Magnum's services survive SIGTERM. */
  servicesStay(host: string): void {
    const { apiService, conductorService } = this.site.document.magnum;
    for (const service of [apiService, conductorService]) {
      this.site.faults.serviceWillNotStop(host, service);
      this.lasting(undefined, () => {
        this.site.faults.serviceWillNotStop(host, service, false);
      });
    }
  }

  /** Takes back all that lasts. */
  async mend(): Promise<void> {
    this.failing.length = 0;
    for (const mend of this.mending.splice(0)) await mend();
  }

  private switched(fault: 'diskFull' | 'readOnly' | 'haproxyWillNotStop', host: string, forMs?: number): void {
    this.site.faults[fault](host, true);
    this.lasting(forMs, () => {
      this.site.faults[fault](host, false);
    });
  }

  /** @param forMs @default until everything is mended */
  private lasting(forMs: number | undefined, mend: () => void | Promise<void>): void {
    this.mending.push(mend);
    if (forMs === undefined) return;
    this.clock.after(forMs, () => {
      const at = this.mending.indexOf(mend);
      if (at >= 0) this.mending.splice(at, 1);
      void mend();
    });
  }
}
