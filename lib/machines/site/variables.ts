import type { ApprovalRequest, Authorization } from '../../../domain/authorization/authorize';
import type { MeasuredOutages } from '../../../domain/authorization/forecast';
import type { BootstrapItem } from '../../../domain/bootstrap/item';
import type { Committed } from '../../../domain/controller/commit';
import type { Platforms } from '../../../domain/commands/platform';
import type { ControllerState } from '../../../domain/controller/inspect';
import type { Plan } from '../../../domain/controller/plan';
import type { Restart } from '../../../domain/controller/restart';
import type { Verification } from '../../../domain/controller/verify';
import type { Finding } from '../../../domain/findings/finding';
import type { TemplateResult } from '../../../domain/openstack/templates';
import type { BlastRadius } from '../../../domain/pacemaker/blast-radius';
import type { Recovery, Report } from '../../../domain/report/report';
import type { Telling } from '../../../domain/report/telling';
import type { RollBack } from '../../../domain/rollback/roll-back';
import type { Mode } from '../../../domain/site/load';
import type { SiteOutline, SiteReference } from '../../../domain/site/outline';
import type { Refusal, TaskOutput } from '../../../domain/tasks';
import type { DocumentVersion } from '../../../domain/world';
import type { CommonVariables } from '../../states/kit';

/** A cluster, as Ensure cluster or Poll cluster left it. */
type ClusterState = TaskOutput<'ensureCluster'> | TaskOutput<'pollCluster'>;

/** The variables of the site machine; null, or an empty list, before something is known. */
export interface SiteVariables extends CommonVariables {
  readonly site: SiteReference;
  readonly outline: SiteOutline;
  readonly document: DocumentVersion;
  /** What the site's lock is named by. */
  readonly lock: string;
  readonly mode: Mode;
  /** As which the tasks act: an apply that needs an authorization as a check, until it has it. */
  readonly acts: Mode;
  /** Why an apply may change something outside the change window. */
  readonly outsideWindow: string | null;
  /** ARN of whoever started it, as he said. */
  readonly startedBy: string | null;
  /** What somebody answered who was asked for an approval. */
  readonly approval: unknown;
  /** What people are told who are asked for one; null if none is needed any more. */
  readonly request: ApprovalRequest | null;
  /** The site's last ones, as far as they are known; null if nobody has looked. */
  readonly lastOutages: MeasuredOutages | null;
  readonly authorization: Authorization | null;
  readonly findings: readonly Finding[];
  /** What Preflight found of the controllers' programs. */
  readonly platforms: Platforms;
  /** Why the execution will be refused, once HAProxy is enabled. */
  readonly refusal: Refusal | null;
  /** Whether HAProxy was found disabled, and enabled before all else. */
  readonly leftDisabled: boolean;
  /** Whether it was when it was last looked at. */
  readonly haproxyDisabled: boolean;
  readonly bootstrap: readonly BootstrapItem[] | null;
  readonly schema: BootstrapItem | null;
  readonly controllers: readonly ControllerState[];
  readonly blastRadius: BlastRadius | null;
  /** Of `Inspection`. */
  readonly contents: string;
  readonly plan: Plan | null;
  readonly staged: readonly TaskOutput<'stage'>[];
  readonly changes: readonly Committed[];
  readonly restarts: readonly Restart[];
  /** How HAProxy was started where it did not run. */
  readonly started: TaskOutput<'cycle'> | null;
  readonly cycle: TaskOutput<'cycle'> | null;
  /** Whether HAProxy was enabled and does not come up. */
  readonly unserved: boolean;
  readonly rollBack: RollBack | null;
  /** What went wrong while it was rolled back. */
  readonly troubles: readonly string[];
  /** The cycle before the one of the roll-back. */
  readonly firstCycle: TaskOutput<'cycle'> | null;
  readonly verification: Verification | null;
  /** Why a check that found drift could not look at all the rest. */
  readonly notSeen: string | null;
  readonly clusterTemplates: readonly TemplateResult[];
  readonly clusters: readonly ClusterState[];
  readonly report: Report | Recovery | null;
  /** What people are told; null if all is as wanted. */
  readonly telling: Telling | null;
  /** Whether a check starts an apply for the drift that it found; `repeated`: one was started for the same drift. */
  readonly mending: 'none' | 'starts' | 'repeated';
  /** Milliseconds since 1970. */
  readonly downDeadline: number | null;
  readonly stopDeadline: number | null;
  readonly startDeadline: number | null;
  readonly nowhereDeadline: number | null;
  readonly backDeadline: number | null;
  readonly verifyDeadline: number | null;
  readonly rollBackDeadline: number | null;
  /** ARN of the execution that holds the lock; empty if nobody does. */
  readonly lockOwner: string | null;
  /** The name under which it works on the site. */
  readonly lockSite: string;
  readonly ownerStatus: string;
  /** Whether that execution is in mode recover. */
  readonly ownerRecovers: boolean;
  /** Until when an apply waits for it, in milliseconds since 1970. */
  readonly recoveryDeadline: number | null;
  /** When that execution ended, in milliseconds since 1970; null if its last task need not be waited for. */
  readonly ownerStopped: number | null;
  /** Inside the Map over clusters, where the machine's own can be read but not set: */
  readonly wanted: SiteOutline['clusters'][number];
  readonly cluster: ClusterState;
  readonly clusterDeadline: number | null;
}

/** What every variable is before something is known. */
export const NOTHING_YET = {
  failure: null,
  orphaned: false,
  platforms: [],
  leftDisabled: false,
  haproxyDisabled: false,
  lockOwner: null,
  ownerStopped: null,
  recoveryDeadline: null,
  lastOutages: null,
  authorization: null,
  approval: null,
  request: null,
  bootstrap: null,
  schema: null,
  controllers: [],
  blastRadius: null,
  plan: null,
  staged: [],
  changes: [],
  restarts: [],
  started: null,
  cycle: null,
  unserved: false,
  rollBack: null,
  troubles: [],
  firstCycle: null,
  verification: null,
  notSeen: null,
  clusterTemplates: [],
  clusters: [],
  report: null,
  telling: null,
  mending: 'none',
  downDeadline: null,
  stopDeadline: null,
  startDeadline: null,
  nowhereDeadline: null,
  backDeadline: null,
  verifyDeadline: null,
  rollBackDeadline: null,
} as const satisfies Partial<SiteVariables>;
