import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { State, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { LockTable } from '../../lock-table';
import type { NotesTable } from '../../notes-table';
import { StateKit, inOrder } from '../../states/kit';
import { repeated } from '../../states/time-limit';
import type { TaskFunctions } from '../../task-functions';
import { standardMachine } from '../standard-machine';
import { authorization } from './authorize';
import { bootstrap, lookAtSchema, upgradeSchema } from './bootstrap';
import { awaitClusters, ensureClusters, ensureClusterTemplates } from './clusters';
import { commit, restart, stage } from './configure';
import { updateHaproxy } from './cycle';
import { end, report, reportDrift, reportFailure } from './finish';
import { first } from './first';
import { releaseSiteLock, takeSiteLock, type Lock } from './lock';
import { readLastOutages } from './last-outage';
import { lookAtSite } from './look';
import type { PhaseContext } from './phase';
import { inspect, loadSite, plan, preflight } from './prepare';
import { recover } from './recover';
import { waysBack } from './roll-back';
import type { SiteVariables } from './variables';
import { startDown } from './start-down';
import { tell } from './tell';
import { verify } from './verify';

/** Properties of `SiteMachine`. */
export interface SiteMachineProps {
  readonly functions: TaskFunctions;
  readonly lockTable: LockTable;
  readonly notesTable: NotesTable;
  /** On which people are told. */
  readonly topic: ITopic;
  /** Of its histories and its log group. @default - keys of AWS */
  readonly key?: IKey;
  /** How many functions an execution has at work at a time, at most. @default - 40 */
  readonly concurrency?: number;
}

/** The site machine. Start it with `{"site": "golden", "mode": "check"}`, `"apply"` or `"recover"`. */
export class SiteMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: SiteMachineProps) {
    super(scope, id);
    const { functions, lockTable, notesTable: notes, topic, key, concurrency } = props;
    const stateMachineName = Stack.of(this).stackName;
    const lock = { table: lockTable, executions: executionsOf(this, stateMachineName) };
    const kit = new StateKit<SiteVariables>(this, functions, concurrency);
    const start = procedure(kit, { lock, notes, topic, machine: machineNamed(this, stateMachineName) });

    this.stateMachine = standardMachine(this, {
      name: stateMachineName,
      comment: 'Configures OpenStack Magnum in high availability on the controllers of a site, or checks it',
      start,
      key,
    });
    this.grantEarlierVersions(functions);
    this.acknowledge(functions, stateMachineName);
  }

  /** For executions that began before a deploy. */
  private grantEarlierVersions(functions: TaskFunctions): void {
    Grant.addToPrincipal({
      grantee: this.stateMachine,
      actions: ['lambda:InvokeFunction'],
      resourceArns: functions.all.map(({ functionArn }) => `${functionArn}:*`),
    });
  }

  private acknowledge(functions: TaskFunctions, stateMachineName: string): void {
    const { role } = this.stateMachine;
    Validations.of(role).acknowledge(
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'Log deliveries and X-Ray know no resources: their actions are granted on * only.',
      },
      {
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${stateMachineName}:*]`,
        reason: 'A lock names the execution that holds it: any of this state machine, but of no other.',
      },
    );
    for (const task of functions.all) {
      const logicalId = Stack.of(this).getLogicalId(task.node.defaultChild as CfnFunction);
      Validations.of(role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>:*]`,
        reason:
          'The versions of one function of this stack: an execution goes on with those that its definition names.',
      });
    }
  }
}

/**
 * How often an execution comes at most by what only looks: an apply that has to be approved looks before, looks again after that, and
 * then changes.
 */
const LOOKS = 3;

/** What it works with. */
interface Surroundings {
  readonly lock: Lock;
  readonly notes: NotesTable;
  readonly topic: ITopic;
  /** ARN of the machine itself. */
  readonly machine: string;
}

/**
 * The procedure:
 *
 * Load site → Take site lock → (apply: Wake functions) → (but for a check: HAProxy enabled if it was left disabled) →
 *   check: Look at site; if all is as wanted, Report. Otherwise all that follows names what is not
 *   recover: Clear staging
 *   check, apply: Preflight → Preflight cloud → Bootstrap → Inspect controllers → Plan
 *   apply: Stage and validate everywhere → Commit → Upgrade schema → Restart services → Start HAProxy where it is down →
 *     Reach → Update HAProxy (Roll HAProxy, Reload HAProxy, or Arm dead-man → Cycle HAProxy) → Verify → templates → clusters → Report
 *   apply that needs an authorization: the same, but it acts as a check until it has found something to change. Then Authorize, and
 *     what comes after Plan; or, if somebody has to approve it, the lock is released, Await approval, and all again from the lock on.
 *   check: Upgrade schema → Verify → templates → clusters → Report: all of it only looks, and tells what it cannot look at. If the site
 *     document lets it, it notes and, after its lock is released, starts an apply
 *   (before that, if HAProxy is to be updated: Read last outages, for a forecast)
 * A failure between Commit and Verify: Roll back files → Restart services again → HAProxy, if it has read the new fragment →
 *   Verify → the failure.
 * Every failure after Load site is reported, also that another execution has the lock; every path that took it ends in Release site lock; every path from Disable HAProxy on passes Enable HAProxy.
 */
function procedure(kit: StateKit<SiteVariables>, { lock, notes, topic, machine }: Surroundings): State {
  const { scope } = kit;
  const { failed, succeededOrFailed } = end(kit, topic, machine);
  const context: PhaseContext = { kit, release: releaseSiteLock(kit, lock.table, succeededOrFailed) };
  const { release } = context;
  const failing: PhaseContext = { kit, release: reportFailure(context) };

  const reported = inOrder([report(context), tell(context, topic, notes)], release);
  const authorize = repeated(scope, LOOKS, () => authorization(failing, { topic, notes, lockTable: lock.table }));
  const lenient: PhaseContext = { kit, release: reportDrift(failing, reported) };
  const { discard, rollBack } = waysBack(lenient);
  const undone: PhaseContext = { kit, release: rollBack };
  const complete = awaitClusters(lenient)(reported);
  const verified = repeated(scope, LOOKS, () =>
    inOrder([verify(undone), ensureClusterTemplates(lenient), ensureClusters(lenient, authorize.first)], complete),
  );
  // If nothing on the controllers changes, the plan has nobody to restart and no cycle.
  const activated = inOrder([restart(undone), startDown(undone), updateHaproxy(undone)], verified);
  const committed = repeated(scope, LOOKS, () =>
    upgradeSchema(undone, { check: reported, authorize: authorize.first })(activated),
  );
  const applied = inOrder([stage({ kit, release: discard }), commit(undone)], committed);
  const drift = lookAtSchema(lenient, reported)(verified);
  const detailed = repeated(scope, LOOKS, () =>
    inOrder(
      [
        preflight(failing),
        bootstrap(failing),
        inspect(failing),
        plan(failing, {
          apply: applied,
          drift,
          outages: readLastOutages(kit, notes, drift),
          report: reported,
          authorize: authorize.first,
        }),
      ],
      committed,
    ),
  );
  const look = lookAtSite(kit, reported)(detailed);
  const locked = repeated(scope, LOOKS, () =>
    takeSiteLock(failing, lock, first(failing, { look, recovered: recover(failing) }))(detailed),
  );
  authorize.then({ change: applied, again: locked });
  return loadSite(failing, failed)(locked);
}

/** By its name: the machine's own attribute would be part of what it is made from. */
function machineNamed(scope: Construct, resourceName: string): string {
  return Stack.of(scope).formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** ARN of the executions of a machine. */
export function executionsOf(scope: Construct, stateMachineName: string): string {
  return Stack.of(scope).formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${stateMachineName}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
