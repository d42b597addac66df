import type { Authorization } from '../authorization/authorize';
import { forecasts, type MeasuredOutages, type UpdateForecast } from '../authorization/forecast';
import type { BootstrapItem } from '../bootstrap/item';
import type { Platforms } from '../commands/platform';
import type { Finding } from '../findings/finding';
import type { Committed } from '../controller/commit';
import type { Cleared } from '../rollback/clear';
import type { ControllerState, FileState } from '../controller/inspect';
import type { Plan } from '../controller/plan';
import type { Restart } from '../controller/restart';
import type { Verification } from '../controller/verify';
import type { ClusterProgress } from '../openstack/cluster-progress';
import type { ClusterResult } from '../openstack/clusters';
import type { TemplateResult } from '../openstack/templates';
import type { BlastRadius } from '../pacemaker/blast-radius';
import type { CycleStep } from '../pacemaker/cycle';
import { turnTimes, type TurnTimes } from '../pacemaker/step';
import { type Bounds, isExact } from '../pacemaker/silence';
import type { ToldDigests } from '../controller/stage';
import type { RollBack } from '../rollback/roll-back';
import { rolledBack, type RolledBack } from '../rollback/summary';
import type { Site } from '../site/document';
import type { Mode } from '../site/load';
import { RELEASE, type Release } from '../release';
import { type StartedBy, startedByOf } from '../site/started-by';
import type { DocumentVersion } from '../world';
import { outageOf, outagesOf } from './outages';
import { type ControllerProgress, progressOf } from './progress';
import { type Mending, mendingOf } from './mending';
import { nextSteps } from './next-steps';
import { failedHow, type Succeeded, succeededHow } from './outcome';
import { type ReportVerdict, verdictsOf } from './verdicts';

/** What an execution found and did; null if a step was not reached or not needed. It holds no secret. */
export interface ReportInput {
  readonly site: Site;
  /** Which version of the site's document. */
  readonly document: DocumentVersion;
  readonly mode: Mode;
  /** ARN of the execution. */
  readonly execution: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Likewise: when the report was made, after the last observation. */
  readonly reportedAt: string;
  readonly findings: readonly Finding[];
  readonly platforms: Platforms;
  /** Whether HAProxy was found disabled, and was enabled before anything else. */
  readonly leftDisabled: boolean;
  /** By what it was allowed to change something; null if the site document lets everybody, or nothing was to be changed. */
  readonly authorization: Authorization | null;
  readonly bootstrap: readonly BootstrapItem[] | null;
  readonly schema: BootstrapItem | null;
  readonly controllers: readonly ControllerState[];
  /** Null if it did not come to that. */
  readonly plan: Plan | null;
  /** How long the site's last updates of HAProxy were; null if nobody has looked. */
  readonly lastOutages: MeasuredOutages | null;
  /** What lay ready to be put in place. */
  readonly staged: readonly { readonly controller: string; readonly files: readonly FileDigests[] }[];
  readonly changes: readonly Committed[];
  readonly restarts: readonly Restart[];
  /** How HAProxy was started where it did not run; null if it was not to be. */
  readonly started: CycleStep | null;
  readonly cycle: CycleStep | null;
  readonly verification: Verification | null;
  /** Why a check that found drift could not look at all the rest; null if it did, or did not try. */
  readonly notSeen: string | null;
  readonly clusterTemplates: readonly TemplateResult[];
  readonly clusters: readonly (ClusterReport & { readonly done: boolean })[];
  readonly rollBack: RollBack | null;
  /** What went wrong while it was rolled back. */
  readonly troubles: readonly string[];
  /** The cycle before that of the roll-back; null without one. */
  readonly firstCycle: CycleStep | null;
  /** Null unless it failed. */
  readonly failure: Failure | null;
  /** The execution's. */
  readonly input: unknown;
}

/** What an execution failed with. It holds no secret. */
export interface Failure {
  readonly error: string;
  readonly cause: string;
  /** Name of the state that failed; empty if that is not known. */
  readonly state: string;
}

/** A cluster, with what Magnum said of it when it was complete. */
export type ClusterReport = ClusterResult & Partial<Omit<ClusterProgress, 'done'>>;

/** The output of an execution: what an operator or an auditor wants to know first comes first. */
export interface Report extends Pick<
  ReportInput,
  | 'document'
  | 'mode'
  | 'execution'
  | 'startedAt'
  | 'reportedAt'
  | 'findings'
  | 'platforms'
  | 'leftDisabled'
  | 'authorization'
> {
  readonly site: string;
  /**
   * `unchanged`: nothing to do, nothing done. `changed`: drift was removed. `drift`: found, and not (all) removed. `waived`: likewise, but
   * all that is left is accepted by the site document. `rolled-back`: what was changed was undone after a failure, as far as `rollBack` says. `refused`: nothing was touched, but for HAProxy that was
   * left disabled. `failed`: what is in place is said of each controller.
   */
  readonly outcome: Succeeded | 'rolled-back' | 'refused' | 'failed';
  /** Null unless it failed. */
  readonly failure: Failure | null;
  readonly startedBy: StartedBy;
  /** By which the report was made. */
  readonly release: Release;
  /** What to do now; empty if nothing. */
  readonly nextSteps: readonly string[];
  /** Whether an apply follows by itself; null if nobody asked for that. */
  readonly mending: Mending | null;
  /**
   * What Magnum needs outside of itself; null if the site document does not ask for it.
   */
  readonly bootstrap: readonly BootstrapItem[] | null;
  /** How every managed thing was found, as wanted or not: what is not comes first. */
  readonly verdicts: readonly ReportVerdict[];
  /** What was to be done and why, a sentence for all controllers for which it is the same. */
  readonly plan: readonly string[];
  readonly controllers: readonly ControllerReport[];
  /** From the VIP's last answer before the cycle to its first after, in milliseconds; null without a cycle, or if not all of it was watched. */
  readonly outageMs: number | null;
  /** From when to when the VIP did not answer, ISO 8601; the end is null if it was not seen to answer again. */
  readonly outages: readonly { readonly from: string; readonly to: string | null }[];
  /** How long it was at least and at most, if not all of it was watched: an attempt was lost, or the way there. */
  readonly outageBoundsMs: Bounds | null;
  /** How long it may be by the site document, in milliseconds; null if that does not say. */
  readonly outageBudgetMs: number | null;
  /** How HAProxy was made to read its fragment, or would be; null if it needs not. */
  readonly haproxyUpdate: Site['haproxy']['update'] | null;
  /** In a check that would have HAProxy updated: how long everything behind the VIPs would be down by each way; empty otherwise. */
  readonly forecasts: readonly UpdateForecast[];
  /** What was down for that time, or would be; null if HAProxy is not cycled. */
  readonly blastRadius: BlastRadius | null;
  readonly verification: Verification | null;
  /** Null if they were not compared: something kept a check from it, see `verdicts`. */
  readonly clusterTemplates: readonly TemplateResult[] | null;
  /** Likewise. */
  readonly clusters: readonly ClusterReport[] | null;
  /** What the roll-back came to; null without one. */
  readonly rollBack: RolledBack | null;
}

/** The output of an execution in mode recover: HAProxy serves, and nothing is left of an execution that ended too soon. */
export interface Recovery {
  readonly site: string;
  readonly mode: 'recover';
  /** `changed`: HAProxy had been left disabled, and was enabled. */
  readonly outcome: 'changed' | 'unchanged';
  /** ARN of the execution. */
  readonly execution: string;
  readonly leftDisabled: boolean;
  /** Where staged files were taken away. */
  readonly cleared: Cleared;
}

/** The output of a check that did not begin, because another execution works on the site. */
export interface Skipped {
  readonly site: string;
  readonly mode: 'check';
  readonly outcome: 'skipped';
  /** ARN of the execution. */
  readonly execution: string;
  /** ARN of the other one. */
  readonly heldBy: string;
  readonly reason: string;
}

/** What was found and done on one controller. */
export interface ControllerReport {
  readonly name: string;
  /** What differed; empty if nothing did. */
  readonly files: readonly FileState[];
  /** Whether the rule was missing in the running firewall, or misplaced. */
  readonly firewall: 'same' | 'differs';
  /** Paths that were written. */
  readonly written: readonly string[];
  readonly firewallChanged: boolean;
  /** Null if it was not. Where a restart failed it is null of those before it, too: the history has them. */
  readonly restarted: Omit<Restart, 'controller'> | null;
  /** When HAProxy was told to end or reload here, and when a new process served; null if it was not updated on one controller after another. */
  readonly haproxyTurn: TurnTimes | null;
  /** Whether what was planned for it is in place. */
  readonly progress: ControllerProgress;
  /** Of each file that was made. */
  readonly digests: readonly FileDigests[];
}

/** Of a file: what was there before, and what was to be there. See docs/security.md. */
export interface FileDigests extends ToldDigests {
  readonly path: string;
}

/** Puts the report together. */
export function report(input: ReportInput): Report {
  const { site, mode, plan, cycle, clusterTemplates, clusters, failure } = input;
  const compared = input.verification !== null && input.notSeen === null;
  const outage = outageOf([input.firstCycle, cycle]);
  const bootstrap = [...(input.bootstrap ?? []), ...(input.schema ? [input.schema] : [])];
  const undone = input.rollBack ?? (input.troubles.length > 0 ? nowhereBegun(plan) : null);
  const verdicts = verdictsOf(input);
  const ended = failure ? failedHow(failure.error) : succeededHow(input, verdicts);
  const outcome = undone ? 'rolled-back' : ended;
  return {
    site: site.name,
    mode,
    outcome,
    failure,
    startedBy: startedByOf(input.input),
    release: RELEASE,
    nextSteps: nextSteps(outcome, input),
    mending: outcome === 'drift' ? mendingOf(input) : null,
    execution: input.execution,
    document: input.document,
    startedAt: input.startedAt,
    reportedAt: input.reportedAt,
    findings: input.findings,
    platforms: input.platforms,
    leftDisabled: input.leftDisabled,
    authorization: input.authorization,
    bootstrap: site.bootstrap.length > 0 ? bootstrap : null,
    verdicts,
    plan: plan?.summary ?? [],
    controllers: input.controllers.map((state) => controllerReport(state, input)),
    outageMs: outage && isExact(outage) ? outage.atMost : null,
    outageBoundsMs: outage && !isExact(outage) ? outage : null,
    outageBudgetMs: site.haproxy.outageBudgetMs ?? null,
    haproxyUpdate: plan?.cycle ? site.haproxy.update : null,
    outages: outagesOf([input.firstCycle, cycle]),
    forecasts:
      mode === 'check' && plan?.cycle && input.lastOutages ? forecasts(input.lastOutages, plan.hindrances ?? {}) : [],
    blastRadius: plan?.blastRadius ?? null,
    verification: input.verification,
    clusterTemplates: compared ? clusterTemplates : null,
    clusters: compared ? clusters.map(withoutDone) : null,
    rollBack: undone && rolledBack(undone, site, input.troubles, input.verification),
  };
}

/** A roll-back that failed as a whole: no controller was reached. */
function nowhereBegun(plan: Plan | null): RollBack {
  const error = 'it could not begin there';
  return { controllers: [], failed: (plan?.stage ?? []).map((controller) => ({ controller, error })) };
}

function controllerReport(state: ControllerState, input: ReportInput): ControllerReport {
  const { name, files, firewall } = state;
  const { changes, restarts, staged } = input;
  const committed = changes.find(({ controller }) => controller === name);
  const restarted = restarts.find(({ controller }) => controller === name);
  return {
    name,
    files: files.filter(({ state }) => state !== 'same'),
    firewall,
    written: committed?.files ?? [],
    // A second attempt finds what the first has done.
    firewallChanged: committed !== undefined && (committed.firewall || firewall === 'differs'),
    restarted: restarted ? withoutController(restarted) : null,
    haproxyTurn: turnTimes((input.firstCycle ?? input.cycle)?.turns?.[name]),
    progress: progressOf(state, input),
    digests: staged.find(({ controller }) => controller === name)?.files ?? [],
  };
}

function withoutController({ controller, ...others }: Restart): Omit<Restart, 'controller'> {
  return others;
}

function withoutDone({ done, ...others }: ReportInput['clusters'][number]): ClusterReport {
  return others;
}
