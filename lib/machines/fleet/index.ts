import { Stack, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CfnBucket, IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { fleetMachineOf } from '../../../domain/site/machines';
import type { LockTable } from '../../lock-table';
import { useOfKey } from '../../encryption';
import type { FleetResults } from '../../fleet-results';
import type { RecordArchive } from '../../record-archive';
import type { FleetSettings } from '../../settings';
import type { SiteDocuments } from '../../site-documents';
import type { TaskFunction } from '../../task-function';
import type { TaskFunctions } from '../../task-functions';
import { executionsOf } from '../site';
import { standardMachine } from '../standard-machine';
import { procedure } from './procedure';

/** Properties of `FleetMachine`. */
export interface FleetMachineProps {
  readonly documents: SiteDocuments;
  readonly functions: TaskFunctions;
  readonly lockTable: LockTable;
  /** Where what came of each site goes. */
  readonly results: FleetResults;
  readonly settings: FleetSettings;
  /** On which people are told. */
  readonly topic: ITopic;
  /** Where the records of looks go. */
  readonly archive: RecordArchive;
  /** The site machine, which it starts for each site that is not as wanted. */
  readonly siteMachine: StateMachine;
  /** Of its histories and its log group. @default - keys of AWS */
  readonly key?: IKey;
}

/** The fleet machine: looks at every site that has a document, and starts a check of those that are not as wanted. */
export class FleetMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: FleetMachineProps) {
    super(scope, id);
    const { documents, functions, lockTable, results, settings, topic, archive, siteMachine, key } = props;
    const { stackName } = Stack.of(this);
    // CDK's own types differ in `undefined`.
    this.stateMachine = standardMachine(this, {
      name: fleetMachineOf(stackName),
      comment: 'Looks at every site that has a document, and starts a check of those that are not as wanted',
      start: procedure(this, {
        bucket: documents.bucket as IBucket,
        ...{ functions, results, settings, topic },
        lock: { table: lockTable, executions: executionsOf(this, stackName) },
        archive: archive.lookWriter,
        siteMachine,
      }),
      key,
    });
    // For looks of a run that began before a deploy.
    Grant.addToPrincipal({
      grantee: this.stateMachine,
      actions: ['lambda:InvokeFunction'],
      resourceArns: functionsOf(props).map(({ functionArn }) => `${functionArn}:*`),
    });
    if (key) this.stateMachine.addToRolePolicy(useOfKey(key, Stack.of(this).region, ['s3']));
    this.acknowledge(props);
  }

  private acknowledge(props: FleetMachineProps): void {
    const logicalId = Stack.of(this).getLogicalId(this.stateMachine.node.defaultChild as CfnStateMachine);
    const results = Stack.of(this).getLogicalId(props.results.bucket.node.defaultChild as CfnBucket);
    const own = `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${logicalId}"}]}]}`;
    // The policies of its role, and of its Map, are its own.
    Validations.of(this.stateMachine).acknowledge(
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'Log deliveries and X-Ray know no resources: their actions are granted on * only.',
      },
      {
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::<${results}>/*]`,
        reason: 'The results of its own Map, which it names by the run.',
      },
      ...[':*', '/Look:*'].map((executions) => ({
        id: `AwsSolutions-IAM5[Resource::${own}${executions}]`,
        reason: 'Its own Map runs and their child executions: CDK grants looking at them and stopping them so.',
      })),
      {
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${Stack.of(this).stackName}:*]`,
        reason: 'A lock names the execution that holds it: any of the site machine, but of no other.',
      },
      ...functionsOf(props).map((one) => ({
        id: `AwsSolutions-IAM5[Resource::<${Stack.of(this).getLogicalId(one.node.defaultChild as CfnFunction)}.Arn>:*]`,
        reason: 'The versions of one function of this stack: a run goes on with those that its definition names.',
      })),
    );
  }
}

/** Those that it invokes. */
function functionsOf({ functions, archive, results }: FleetMachineProps): TaskFunction[] {
  return [
    ...(['loadSite', 'lookAtSite', 'report'] as const).map((task) => functions.of(task)),
    archive.lookWriter,
    results.matrix,
  ];
}
