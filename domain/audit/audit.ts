import type { Authorized } from '../authorization/authorize';
import type { UpdateForecast } from '../authorization/forecast';
import type { BootstrapItem } from '../bootstrap/item';
import type { Plan } from '../controller/plan';
import type { Verification } from '../controller/verify';
import type { Finding } from '../findings/finding';
import type { TemplateResult } from '../openstack/templates';
import type { BlastRadius } from '../pacemaker/blast-radius';
import type { ClusterReport, Report, Skipped } from '../report/report';
import type { ReportVerdict } from '../report/verdicts';
import type { TaskOutput } from '../tasks';
import type { DocumentVersion } from '../world';
import { canonicalJson, sha256 } from '../canonical';
import type { Release } from '../release';
import { type Command, commandsIn } from './commands';
import { type AuditedController, auditedControllers, type Change, changesOf } from './controllers';
import { type Cost, costOf } from './cost';
import { type StartedBy, startedByOf } from '../site/started-by';
import { fromJson, type HistoryEvent, timeOf } from './history';
import { isLook } from './look';
import { isUpdatedInTurn, type Outage, outages } from './outages';
import { lookedAt, outputs } from './outputs';
import { isShown, type Step, Trace } from './trace';
import { type Verdict, verdictOf } from './verdict';

/** What is known of an execution. */
export interface ExecutionRecord {
  /** As DescribeExecution tells it. */
  readonly execution?: { readonly executionArn?: string | undefined; readonly name?: string | undefined };
  /** All events, in order. */
  readonly events: readonly HistoryEvent[];
  /** Lines that its functions logged, of this execution and maybe of others. */
  readonly logs?: readonly string[] | null;
}

export type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** What an auditor asks of one execution. Times are in ISO 8601. It holds no secret. */
export interface Audit {
  readonly verdict: Verdict;
  readonly site: string;
  readonly mode: string;
  readonly execution: {
    readonly arn: string;
    readonly status: Status;
    readonly startedAt: string;
    readonly endedAt: string | null;
    readonly milliseconds: number;
    /** JSON. */
    readonly input: string;
    /** As the input says. */
    readonly startedBy: StartedBy;
  };
  /** By what an apply was allowed to change something, or what it waited for last; null if the site document asks for nothing. */
  readonly authorized: Authorized | null;
  readonly failure: { readonly error: string; readonly cause: string } | null;
  /** By which version and commit of magnum-ha it was done; null if it came to no report. */
  readonly release: Release | null;
  /** The version of the site's document that was read; null if none was. */
  readonly document: DocumentVersion | null;
  readonly record: {
    readonly events: number;
    /** IDs that are not there. */
    readonly missing: readonly number[];
    /** Whether it has the execution's end. */
    readonly complete: boolean;
    /** Of the events: one a line, as JSON with its members by name, joined by newlines. */
    readonly sha256: string;
  };
  readonly findings: readonly Finding[];
  /** How every managed thing was found; empty if the execution did not come to its report. */
  readonly verdicts: readonly ReportVerdict[];
  readonly plan: readonly string[];
  readonly leftDisabled: boolean;
  readonly bootstrap: readonly BootstrapItem[];
  readonly outages: readonly Outage[];
  /** What was down meanwhile, or would be. */
  readonly down: BlastRadius | null;
  /** Of a check: see `Report`. */
  readonly forecasts: readonly UpdateForecast[];
  readonly controllers: readonly AuditedController[];
  readonly changes: readonly Change[];
  readonly verification: Verification | null;
  readonly clusterTemplates: readonly TemplateResult[];
  readonly clusters: readonly ClusterReport[];
  /** Null without logs. */
  readonly commands: readonly Command[] | null;
  /** Those that are shown, without what they returned: all of that stands above. */
  readonly steps: readonly Omit<Step, 'output'>[];
  readonly cost: Cost;
}

/** Answers them from the execution's history. */
export function audit({ execution = {}, events, logs }: ExecutionRecord): Audit {
  const trace = new Trace();
  for (const event of events) trace.take(event);
  const { steps } = trace;
  const [first] = events;
  const last = events.at(-1);
  const { status, failure, output: returned } = endOf(last);
  const input = first?.executionStartedEventDetails?.input ?? '';
  const asked = (fromJson(input) ?? {}) as { site?: unknown; mode?: unknown };
  const { site, outline, document = null } = (outputs(steps, 'Load site')[0] ?? {}) as Partial<TaskOutput<'loadSite'>>;
  const plan = outputs(steps, 'Plan').at(-1) as Plan | undefined;
  const down = outages(steps);
  const reported = reportIn(steps);
  const cycled = down.some(({ to }) => to !== null) || isUpdatedInTurn(steps);
  const controllers = auditedControllers(steps, { cycled, update: outline?.haproxy.update ?? 'cycle' }, reported);
  const startedAt = first ? timeOf(first) : 0;
  const endedAt = last ? timeOf(last) : 0;
  const arn = execution.executionArn ?? executionIn(events);
  const own = new Map((outline?.controllers ?? []).map(({ name, address }) => [name, [name, address]]));
  const facts = {
    site: site?.name ?? (typeof asked.site === 'string' ? asked.site : ''),
    mode: typeof asked.mode === 'string' ? asked.mode : '',
    failure,
    findings: findingsIn(steps),
    outages: down,
    controllers,
  };
  return {
    verdict: verdictOf(status, facts, returned, reported),
    ...facts,
    execution: {
      ...{ arn, status, input, startedBy: startedByOf(fromJson(input)) },
      startedAt: new Date(startedAt).toISOString(),
      endedAt: status === 'RUNNING' ? null : new Date(endedAt).toISOString(),
      milliseconds: endedAt - startedAt,
    },
    authorized: (outputs(steps, 'Authorize').at(-1) as Authorized | undefined) ?? null,
    release: reported?.release ?? null,
    document,
    record: recordOf(events, status),
    verdicts: reported?.verdicts ?? [],
    plan: plan?.summary ?? [],
    leftDisabled: steps.some(({ name }) => name === 'Enable HAProxy again'),
    bootstrap: ['Bootstrap', 'Upgrade schema', 'Upgrade schema in a check'].flatMap((name) =>
      outputs(steps, name).flat(),
    ) as BootstrapItem[],
    down: plan?.blastRadius ?? null,
    forecasts: reported?.forecasts ?? [],
    changes: changesOf(controllers, own),
    verification: (outputs(steps, 'Verify').at(-1) as Verification | undefined) ?? null,
    clusterTemplates: outputs(steps, 'Ensure cluster template') as TemplateResult[],
    clusters: clustersIn(steps),
    commands: logs ? commandsIn(logs, arn) : null,
    steps: steps.filter(isShown).map(({ output, ...step }) => step),
    cost: costOf(events, steps, isLook(arn) ? endedAt - startedAt : null),
  };
}

function endOf(event: HistoryEvent = {}): {
  status: Status;
  failure: Audit['failure'];
  output: Report | Skipped | null;
} {
  const [, end = ''] = /^Execution(Succeeded|Failed|Aborted|TimedOut)$/.exec(event.type ?? '') ?? [];
  const status =
    ({ Succeeded: 'SUCCEEDED', Failed: 'FAILED', Aborted: 'ABORTED', TimedOut: 'TIMED_OUT' } as const)[end] ??
    'RUNNING';
  const details =
    event.executionFailedEventDetails ?? event.executionAbortedEventDetails ?? event.executionTimedOutEventDetails;
  const failed = status !== 'SUCCEEDED' && status !== 'RUNNING';
  return {
    status,
    failure: failed ? { error: details?.error ?? status, cause: details?.cause ?? 'No cause was given.' } : null,
    output: (fromJson(event.executionSucceededEventDetails?.output) as Report | Skipped | undefined) ?? null,
  };
}

/** What preflight found, as far as it came: each step returns what those before it found, too. */
function findingsIn(steps: readonly Step[]): Finding[] {
  const found = ({ name, output }: Step) =>
    (lookedAt({ name, output }) ?? (output as { findings?: readonly Finding[] } | undefined))?.findings;
  const last = steps.findLast((step) => found(step) !== undefined);
  return [...((last && found(last)) ?? [])];
}

/** The report, also one that was made before a failure; without verdicts in records of older releases. */
function reportIn(steps: readonly Step[]): Partial<Report> | undefined {
  const made = steps.findLast(({ name, output }) => name.startsWith('Report') && output !== undefined);
  return (made?.output as { report?: Partial<Report> } | undefined)?.report;
}

function clustersIn(steps: readonly Step[]): ClusterReport[] {
  const seen = [...outputs(steps, 'Ensure cluster'), ...outputs(steps, 'Poll cluster')] as ClusterReport[];
  // The last that was said of each.
  return [...new Map(seen.map((one) => [one.name, one])).values()];
}

/** The ARN that the tasks were told. */
function executionIn(events: readonly HistoryEvent[]): string {
  for (const { taskScheduledEventDetails: details } of events) {
    const parameters = fromJson(details?.parameters) as
      { Payload?: { envelope?: { execution?: unknown } } } | undefined;
    const arn = parameters?.Payload?.envelope?.execution;
    if (typeof arn === 'string') return arn;
  }
  return '';
}

function recordOf(events: readonly HistoryEvent[], status: Status): Audit['record'] {
  const ids = new Set(events.map(({ id }) => id));
  const most = Math.max(0, ...events.map(({ id = 0 }) => id));
  const missing = Array.from({ length: most }, (_, index) => index + 1).filter((id) => !ids.has(id));
  return {
    events: events.length,
    missing,
    complete: missing.length === 0 && status !== 'RUNNING',
    sha256: sha256(events.map(canonicalJson).join('\n')),
  };
}
