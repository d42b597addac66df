import { ArnFormat, CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { fleetParameter, MATRICES } from '../domain/audit/fleet';
import { archiveParameter } from '../domain/audit/s3';
import { bucketParameter, DOCUMENT_KEYS } from '../domain/site/bucket';

/** Properties of `Roles`. */
export interface RolesProps {
  readonly siteMachine: StateMachine;
  readonly checkMachine: StateMachine;
  readonly fleetMachine: StateMachine;
  /** Bucket of the site documents. */
  readonly documents: Bucket;
  /** Bucket of what the fleet machine found. */
  readonly results: Bucket;
  /** Bucket of the records. */
  readonly records: Bucket;
  /** In which functions log the commands that they run. */
  readonly logGroup: LogGroup;
  /** Of everything that is kept. @default - keys of AWS */
  readonly key?: IKey;
}

/** What people do with a stack, each by a policy of its own. */
const ROLES = {
  check: 'Start checks, and look at executions',
  apply: 'Start executions in every mode, and checks of all sites, and look at executions',
  approve: 'Approve and reject applies that wait for it, and look at executions',
  audit: 'Look at executions, their commands and records, and at site documents',
} as const;
type Role = keyof typeof ROLES;

/**
 * Managed policies for people: attach them to whatever they sign in as. Each allows what the verbs of its role call, see
 * docs/security.md. Whoever administers the stack needs none of them: putting documents and secrets, and stopping
 * executions, are in no policy.
 */
export class Roles extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: RolesProps,
  ) {
    super(scope, id);
    const check = [...this.look(), ...this.startCheck()];
    this.policy('check', check);
    this.policy('apply', [...check, ...this.start()]);
    this.policy('approve', [...this.look(), ...this.answer()]);
    this.policy('audit', [...this.look(), ...this.read()]);
  }

  private policy(role: Role, statements: PolicyStatement[]): void {
    const { stackName, region } = Stack.of(this);
    const policy = new ManagedPolicy(this, role, {
      // Policies are the same in all regions of an account.
      managedPolicyName: `${stackName}-${region}-${role}`,
      description: ROLES[role],
      statements,
    });
    new CfnOutput(this, `${role}PolicyArn`, {
      value: policy.managedPolicyArn,
      description: ROLES[role],
    }).overrideLogicalId(`${role[0]?.toUpperCase() ?? ''}${role.slice(1)}PolicyArn`);
    this.acknowledge(policy);
  }

  /** list, follow, approve without a reason. */
  private look(): PolicyStatement[] {
    const { siteMachine, fleetMachine, results } = this.props;
    const bucket = fleetParameter(Stack.of(this).stackName);
    return [
      // By the name of a machine its ARN is found.
      allow('FindMachine', ['states:ListStateMachines'], ['*']),
      allow('ListExecutions', ['states:ListExecutions'], [siteMachine.stateMachineArn, fleetMachine.stateMachineArn]),
      allow('Look', ['states:DescribeExecution', 'states:GetExecutionHistory'], [this.executionsOf(siteMachine)]),
      allow('FindMatrices', ['ssm:GetParameters'], [this.parameter(bucket)]),
      allow('ReadMatrices', ['s3:GetObject'], [results.arnForObjects(`${MATRICES}*`)]),
      ...this.use('UseTheKeyToLook', ['states', 's3'], ['kms:Decrypt']),
    ];
  }

  private startCheck(): PolicyStatement[] {
    const { checkMachine } = this.props;
    return [
      allow('StartCheck', ['states:StartExecution'], [checkMachine.stateMachineArn]),
      allow('SeeItStarted', ['states:DescribeExecution'], [this.executionsOf(checkMachine)]),
      ...this.use('UseTheKeyToStart', ['states'], ['kms:GenerateDataKey']),
    ];
  }

  /** The checks of all sites, too: they count as scheduled, and may start the applies that documents let them start. */
  private start(): PolicyStatement[] {
    const { siteMachine, fleetMachine } = this.props;
    return [allow('Start', ['states:StartExecution'], [siteMachine.stateMachineArn, fleetMachine.stateMachineArn])];
  }

  private answer(): PolicyStatement[] {
    return [
      allow('Answer', ['states:SendTaskSuccess', 'states:SendTaskFailure'], ['*']),
      ...this.use('UseTheKeyToAnswer', ['states'], ['kms:GenerateDataKey']),
    ];
  }

  /** audit, snapshot, verify, site list|get|history. */
  private read(): PolicyStatement[] {
    const { documents, records, logGroup } = this.props;
    const { stackName } = Stack.of(this);
    const buckets = [bucketParameter(stackName), archiveParameter(stackName)].map((name) => this.parameter(name));
    return [
      allow('FindBuckets', ['ssm:GetParameters'], buckets),
      allow('ListObjects', ['s3:ListBucket', 's3:ListBucketVersions'], [records.bucketArn, documents.bucketArn]),
      allow(
        'ReadObjects',
        ['s3:GetObject', 's3:GetObjectVersion'],
        [records.arnForObjects('*'), documents.arnForObjects(`${DOCUMENT_KEYS}*`)],
      ),
      allow('ReadCommands', ['logs:FilterLogEvents'], [logGroup.logGroupArn]),
      ...this.use('UseTheKeyToRead', ['s3'], ['kms:Decrypt']),
    ];
  }

  private parameter(name: string): string {
    return Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName: name.slice(1) });
  }

  private executionsOf({ stateMachineName }: StateMachine): string {
    return Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${stateMachineName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  /** What is encrypted with a key of one's own needs it, through these services alone. */
  private use(sid: string, services: readonly string[], actions: string[]): PolicyStatement[] {
    const { key } = this.props;
    if (!key) return [];
    const { region } = Stack.of(this);
    const conditions = {
      StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${region}.amazonaws.com`) },
    };
    return [new PolicyStatement({ sid, actions, resources: [key.keyArn], conditions })];
  }

  private acknowledge(policy: ManagedPolicy): void {
    const { siteMachine, checkMachine, documents, records, results } = this.props;
    const idOf = (resource: StateMachine | Bucket) =>
      Stack.of(this).getLogicalId(resource.node.defaultChild as CfnStateMachine | CfnBucket);
    Validations.of(policy).acknowledge(
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'Listing state machines and answering tasks know no resources: the actions are granted on * only.',
      },
      ...[siteMachine, checkMachine].map((machine) => ({
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<${idOf(machine)}.Name>:*]` as const,
        reason: 'All executions of one machine of this stack.',
      })),
      ...[
        `<${idOf(records)}.Arn>/*`,
        `<${idOf(documents)}.Arn>/${DOCUMENT_KEYS}*`,
        `<${idOf(results)}.Arn>/${MATRICES}*`,
      ].map((objects) => ({
        id: `AwsSolutions-IAM5[Resource::${objects}]` as const,
        reason: 'All records, all site documents, or what came of all sites in a run: none of them holds a secret.',
      })),
    );
  }
}

function allow(sid: string, actions: string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ sid, actions, resources });
}
