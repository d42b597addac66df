import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CfnFunction, IFunction } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { PATIENCE, type RecordArchive } from '../../record-archive';
import { standardMachine } from '../standard-machine';
import { procedure } from './procedure';

/** Properties of `SweepMachine`. */
export interface SweepMachineProps {
  /** The site machine, whose executions are recorded. */
  readonly siteMachine: StateMachine;
  readonly archive: RecordArchive;
  /** Of a schedule that could not start it. */
  readonly deadLetterQueue: IQueue;
  /** Of its histories and its log group. @default - keys of AWS */
  readonly key?: IKey;
}

/**
 * Once a day: writes the records of executions that have none. Events of Step Functions are delivered on a best-effort basis, so one may never
 * have come.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export class SweepMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { siteMachine, archive, deadLetterQueue, key }: SweepMachineProps) {
    super(scope, id);
    const { stateMachineArn } = siteMachine;
    const { writer } = archive;
    this.stateMachine = standardMachine(this, {
      name: `${Stack.of(this).stackName}-sweep`,
      comment: 'Writes the records of executions that have none',
      // A version, as of all functions. CDK's own types differ in `undefined`.
      start: procedure(this, {
        siteMachine: stateMachineArn,
        archive: writer.currentVersion as IFunction,
        patience: PATIENCE,
      }),
      key,
    });
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({
        sid: 'FindExecutions',
        actions: ['states:ListExecutions'],
        resources: [stateMachineArn],
      }),
    );
    new Schedule(this, 'Daily', {
      description: 'Records of executions that have none',
      schedule: ScheduleExpression.rate(Duration.days(1)),
      target: new StepFunctionsStartExecution(this.stateMachine, {
        input: ScheduleTargetInput.fromObject({}),
        deadLetterQueue,
        retryAttempts: 10,
        maxEventAge: Duration.hours(1),
      }),
    });
    Validations.of(writer).acknowledge({
      id: 'Annotation::@aws-cdk/aws-lambda:addPermissionsToVersionOrAlias',
      reason: 'EventBridge invokes the function as it is now, this machine the version that its definition names.',
    });
    Validations.of(this.stateMachine.role).acknowledge(
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'Log deliveries and X-Ray know no resources: their actions are granted on * only.',
      },
      {
        id: `AwsSolutions-IAM5[Resource::<${Stack.of(this).getLogicalId(writer.node.defaultChild as CfnFunction)}.Arn>:*]`,
        reason: 'The versions of one function of this stack.',
      },
    );
  }
}
