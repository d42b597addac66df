import type { Authorized, ProposedChange } from './authorization/authorize';
import type { BootstrapItem } from './bootstrap/item';
import type { Committed } from './controller/commit';
import type { Cleared } from './rollback/clear';
import type { Step, StepAction } from './controller/cycle-step';
import type { Inspection } from './controller/inspect';
import type { Plan } from './controller/plan';
import type { Restart, RestartOptions } from './controller/restart';
import type { Staged, StagedFile } from './controller/stage';
import type { Verification } from './controller/verify';
import type { Platforms } from './commands/platform';
import type { Finding } from './findings/finding';
import type { SiteLook } from './look-at-site';
import type { ClusterReport, Report, ReportInput } from './report/report';
import type { Telling } from './report/telling';
import type { ClusterResult } from './openstack/clusters';
import type { TemplateResult } from './openstack/templates';
import type { Before } from './pacemaker/cycle';
import type { Look } from './pacemaker/look';
import type { SecretPurpose } from './secrets/references';
import type { RollBack, RollBackInput } from './rollback/roll-back';
import type { Site } from './site/document';
import type { Input, Mode } from './site/load';
import type { SiteOutline, SiteReference } from './site/outline';
import type { Wire } from './wire';
import type { DocumentVersion, World } from './world';

/** Why an execution will be refused, as Step Functions has it, although HAProxy may have to be enabled before that. */
export interface Refusal {
  readonly Error: string;
  readonly Cause: string;
}

/** What each task takes and gives: the contract between the state machine and its functions. */
export interface Contract {
  /**
   * `isLook`: Look at site follows, and reads every secret. SSM describes parameters a few times a second only, for all of an account, and
   * goes through all that there are: a fleet must not ask.
   *
   * `lock` is what the site's lock is named by.
   */
  loadSite: Task<
    { input: unknown; isLook: boolean },
    Input & {
      site: SiteReference;
      outline: SiteOutline;
      document: DocumentVersion;
      lock: string;
      /** As which the tasks act at first: an apply that needs an authorization looks at everything before, as a check. */
      acts: Mode;
      findings: readonly Finding[];
      refusal: Refusal | null;
    }
  >;
  lookAtHaproxy: Task<{ site: Site }, Look>;
  lookAtSite: Task<{ site: Site }, SiteLook>;
  preflight: Task<{ site: Site }, { platforms: Platforms; findings: readonly Finding[] }>;
  preflightCloud: Task<{ site: Site; findings: readonly Finding[] }, { findings: readonly Finding[] }>;
  bootstrap: Task<{ site: Site; mode: Mode }, readonly BootstrapItem[]>;
  clearStaging: Task<{ site: Site; platforms: Platforms }, Cleared>;
  upgradeSchema: Task<{ site: Site; mode: Mode }, BootstrapItem>;
  inspectControllers: Task<{ site: Site; platforms: Platforms }, Inspection>;
  plan: Task<{ site: Site } & Omit<Inspection, 'contents'>, Plan>;
  authorize: Task<ProposedChange, Authorized>;
  stage: Task<{ site: Site; platforms: Platforms; controller: string; execution: string }, Staged>;
  commit: Task<
    { site: Site; platforms: Platforms; controller: string; files: readonly StagedFile[]; execution: string },
    Committed
  >;
  restart: Task<{ site: Site; platforms: Platforms; controller: string } & RestartOptions, Restart>;
  reach: Task<{ site: Site; platforms: Platforms }, null>;
  /** `on`: where HAProxy does not run, for `start-down`. */
  cycle: Task<
    {
      site: Site;
      platforms: Platforms;
      action: StepAction;
      before: Before | null;
      on?: readonly string[];
    },
    Step
  >;
  /** Once all is well, what `execution` has kept on the controllers `changed` stays, and that of old ones goes. */
  verify: Task<
    {
      site: Site;
      platforms: Platforms;
      restarts: readonly Restart[];
      changed: readonly string[];
      execution: string;
    },
    Verification
  >;
  rollBack: Task<{ site: Site; platforms: Platforms } & RollBackInput, RollBack>;
  ensureClusterTemplate: Task<{ site: Site; mode: Mode; clusterTemplate: string }, TemplateResult>;
  ensureCluster: Task<{ site: Site; mode: Mode; cluster: string }, ClusterResult & { done: boolean }>;
  /** `cluster` is what Ensure cluster returned. Once it is overdue, it is an error if it is not done. */
  pollCluster: Task<{ site: Site; cluster: ClusterResult; overdue: boolean }, ClusterReport & { done: boolean }>;
  report: Task<ReportInput, { report: Report; telling: Telling | null }>;
}

/** The task's own part of an invocation's event, and what its function returns. Both go through JSON. */
interface Task<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

export type TaskName = keyof Contract;
export type TaskInput<T extends TaskName> = Contract[T]['input'];
export type TaskOutput<T extends TaskName> = Contract[T]['output'];

/** What a task does. */
export type TaskFunction<T extends TaskName> = (input: TaskInput<T>, world: World) => Promise<TaskOutput<T>>;

/** What an invocation is part of: the same on every line that it logs. */
export interface Envelope {
  /** ARN of the execution. */
  readonly execution: string;
  /** Name of the state that invoked it. */
  readonly state: string;
  /** How often the state had tried before, from 0. */
  readonly attempt: number;
  /** How often somebody has redriven the execution. */
  readonly redrives: number;
}

/** The event of an invocation. */
export interface Invocation<T extends TaskName> {
  readonly envelope: Envelope;
  /** null only wakes the function. */
  readonly input: Wire<TaskInput<T>> | null;
}

/** What a function needs to be given. */
export interface TaskSpecification {
  /** The time that one invocation may take, in minutes. It is enough for a slow site. */
  readonly minutes: number;
  /** Which secrets it may read. */
  readonly secrets: readonly SecretPurpose[];
  /** Whether it opens SSH connections. */
  readonly connects: boolean;
  /** Whether it changes something on the site: then what a lost attempt has begun can still do so. */
  readonly changes?: true;
  /** Whether it looks whether secrets exist. */
  readonly checksSecrets?: true;
}

const connects = (minutes: number, ...further: SecretPurpose[]): TaskSpecification => ({
  minutes,
  secrets: ['ssh', ...further],
  connects: true,
});
const changes = (minutes: number, ...further: SecretPurpose[]): TaskSpecification => ({
  ...connects(minutes, ...further),
  changes: true,
});
const computes: TaskSpecification = { minutes: 0.5, secrets: [], connects: false };

/** Every task of the workflow. Its handler is `lambdas/<task>.ts`, its name with hyphens. */
export const TASKS: Readonly<Record<TaskName, TaskSpecification>> = {
  loadSite: { minutes: 1, secrets: [], connects: false, checksSecrets: true },
  lookAtHaproxy: connects(2),
  clearStaging: changes(2),
  // Whatever takes longer is looked at in detail.
  lookAtSite: connects(2, 'magnumConf', 'accounts', 'openstack', 'bootstrap'),
  preflight: connects(2),
  preflightCloud: connects(2, 'accounts', 'openstack'),
  bootstrap: changes(5, 'bootstrap'),
  upgradeSchema: changes(5),
  inspectControllers: connects(2, 'magnumConf'),
  plan: computes,
  authorize: computes,
  stage: changes(5, 'magnumConf', 'digest'),
  commit: changes(2),
  restart: changes(5),
  reach: connects(2),
  cycle: changes(2),
  verify: connects(2, 'openstack'),
  rollBack: changes(2),
  // Magnum may take two minutes for a request that changes something, and what it came to is looked up afterwards.
  ensureClusterTemplate: changes(5, 'openstack'),
  ensureCluster: changes(5, 'openstack'),
  pollCluster: connects(2, 'openstack'),
  report: computes,
};

/** The names of all tasks. */
export const TASK_NAMES = Object.keys(TASKS) as readonly TaskName[];

/** The file of a task's handler, without its ending: `ensure-cluster` for `ensureCluster`. */
export function fileOf(task: TaskName): string {
  return task.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
