import type { Clock } from '../../domain/world';
import type { SimulatedSite } from '../simulated-site';
import type { RecordedCommand } from '../simulated-site/record';
import type { Effect, Tenure, Violation } from './invariants';
import type { BegunCommand } from './world';

/** The states between which the VIP may fall silent by what an execution does. */
const OUTAGE_BEGINS = /^(Disable|Roll|Reload) HAProxy/;
const OUTAGE_IS_OVER = /^(Verify|Anything under way\?)$/;
/** How often it is asked, in milliseconds. */
const SAMPLE_MS = 50;

/** Who changed what under whose lock, how long the VIP was silent, and which files others could read: seen as it happens. */
export class Watch {
  readonly violations: Violation[] = [];
  readonly tenures: Tenure[] = [];
  private readonly commands: { readonly entry: RecordedCommand; readonly execution: string }[] = [];
  private readonly seen = new Map<string, number>();
  private silentSince: number | undefined;
  private silentMs = 0;
  private endSamples: (() => void) | undefined;

  constructor(
    private readonly site: SimulatedSite,
    private readonly clock: Clock,
    private readonly secrets: readonly string[],
  ) {}

  /** How long the VIP did not answer, in milliseconds. */
  get outageMs(): number {
    return this.silentMs + (this.silentSince === undefined ? 0 : this.clock.now() - this.silentSince);
  }

  /** What an execution has changed by now; of all executions without one. */
  effects(execution?: string): Effect[] {
    return this.commands.flatMap(({ entry: { changed, endedAt, host, argv }, execution: of }) =>
      changed && endedAt !== undefined && (execution === undefined || of === execution)
        ? [{ execution: of, command: argv.join(' '), host, at: endedAt }]
        : [],
    );
  }

  command({ sender, entry }: BegunCommand): void {
    this.commands.push({ entry, execution: sender?.envelope.execution ?? '' });
    this.look();
  }

  /** A call that has been answered. */
  called(what: string, execution: string): void {
    const holder = this.tenures.at(-1);
    if (/^dynamodb:putItem Take/.test(what)) {
      if (holder && holder.to === Infinity) holder.to = this.clock.now();
      this.tenures.push({ execution, from: this.clock.now(), to: Infinity });
    }
    if (what === 'dynamodb:deleteItem Release site lock' && holder?.execution === execution)
      holder.to = this.clock.now();
  }

  state(name: string): void {
    if (OUTAGE_BEGINS.test(name)) {
      this.endSamples ??= this.clock.every(SAMPLE_MS, () => {
        this.sample();
      });
    }
    if (OUTAGE_IS_OVER.test(name)) this.end();
  }

  /** Nothing is sampled any more. */
  end(): void {
    if (!this.endSamples) return;
    this.sample();
    this.endSamples();
    this.endSamples = undefined;
  }

  /** Files with a secret that everybody may read. */
  look(): void {
    for (const [host, { files }] of this.site.controllers) {
      if (this.seen.get(host) === files.changes) continue;
      this.seen.set(host, files.changes);
      for (const [path, { content, mode }] of files.files) {
        if (
          (mode & 0o004) === 0 ||
          !files.isReachable(path) ||
          !this.secrets.some((secret) => content.includes(secret))
        )
          continue;
        this.violations.push({
          invariant: 'I3',
          what: 'a file with a secret can be read by all',
          detail: `${host} ${path}`,
        });
      }
    }
  }

  private sample(): void {
    const { network, controllers, pacemaker, document } = this.site;
    // Pacemaker runs nothing without a quorum.
    const mayServe = pacemaker.nodes.some(({ name, running }) => running && pacemaker.view(name)?.quorum);
    const servesAnywhere = [...controllers.values()].some(({ runsHaproxy }) => runsHaproxy);
    if (document.haproxy.update === 'rolling' && mayServe && !servesAnywhere) {
      const detail = String(this.clock.now());
      this.violations.push({ invariant: 'I1', what: 'HAProxy is down everywhere while it is rolled', detail });
    }
    const holder = controllers.get(network.virtualIpHost ?? '');
    const serves = holder?.processes.some(({ name }) => name === 'haproxy') === true && network.isUp(holder.name);
    const now = this.clock.now();
    if (serves && this.silentSince !== undefined) {
      this.silentMs += now - this.silentSince;
      this.silentSince = undefined;
    }
    if (!serves) this.silentSince ??= now;
  }
}
