import { type Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type CfnFunction,
  type Code,
  Function,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Network } from './settings';

/** The variables that functions read from their environment. */
export interface TaskEnvironment {
  /** Where the site documents are. */
  readonly DOCUMENTS_BUCKET?: string;
  /** What the names of secrets begin with. */
  readonly STACK_NAME?: string;
  /** Where records are kept, for how many days, and in which mode of Object Lock. */
  readonly ARCHIVE_BUCKET?: string;
  /** Where the fleet machine's results are. */
  readonly FLEET_BUCKET?: string;
  /** In which the commands of executions are. */
  readonly LOG_GROUP?: string;
  readonly RETENTION_DAYS?: string;
  readonly OBJECT_LOCK?: string;
}

/** Properties of `TaskFunction`. */
export interface TaskFunctionProps {
  /** The handler: `lambdas/<task>.ts`. */
  readonly task: string;
  readonly code: Code;
  readonly timeout: Duration;
  /** In MB; CPU comes with it. @default 512: cryptography of an SSH handshake takes well under a second */
  readonly memorySize?: number;
  /** @default - none */
  readonly environment?: TaskEnvironment;
  /** @default - outside a VPC */
  readonly network?: Network;
  readonly logGroup: LogGroup;
}

/** The function of one task. It may write its log and traces; other permissions are granted to it. */
export class TaskFunction extends Function {
  /** Its own, always. */
  declare readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    { task, code, timeout, memorySize = 512, environment, network, logGroup }: TaskFunctionProps,
  ) {
    // A role of its own: the managed policy that CDK would attach can write every log group of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);

    super(scope, id, {
      description: `magnum-ha: ${task}`,
      code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize,
      timeout,
      logGroup,
      // One query finds all lines of an execution.
      loggingFormat: LoggingFormat.JSON,
      role,
      tracing: Tracing.ACTIVE,
      // An execution that began before a deploy goes on with the version that its definition names.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      environment: { ...environment },
    });

    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray knows no resources: PutTraceSegments and PutTelemetryRecords are granted on * only.',
    });
    if (network) this.attachTo(network, role);
  }

  private attachTo({ subnetIds, securityGroupIds }: Network, role: Role): void {
    // By IDs alone: importing a VPC would need its ID and availability zones too.
    (this.node.defaultChild as CfnFunction).vpcConfig = { subnetIds, securityGroupIds };
    const policy = 'service-role/AWSLambdaENIManagementAccess';
    role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName(policy));
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${policy}]`,
      reason: 'Network interfaces of a function: Lambda creates them on *, because their names are not known before.',
    });
  }
}
