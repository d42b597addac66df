import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { CfnStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { procedure } from './procedure';
import { standardMachine } from '../standard-machine';

/** Properties of `RecoveryMachine`. */
export interface RecoveryMachineProps {
  /** The site machine, which it follows and starts again. */
  readonly siteMachine: StateMachine;
  /** Of events with which it could not be started. */
  readonly deadLetterQueue: IQueue;
  /** Of its histories and its log group. @default - keys of AWS */
  readonly key?: IKey;
}

/**
 * Follows each apply that failed, was stopped or timed out: the site machine in mode recover, again and again for hours.
 * Status-change events are sent on a best-effort basis: recovery by hand remains, and an apply begins with it.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export class RecoveryMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { siteMachine, deadLetterQueue, key }: RecoveryMachineProps) {
    super(scope, id);
    this.stateMachine = standardMachine(this, {
      name: `${Stack.of(this).stackName}-recovery`,
      comment: 'Brings HAProxy back after an apply that failed, was stopped or timed out',
      start: procedure(this, siteMachine),
      key,
    });
    new Rule(this, 'Ended', {
      description: 'Executions of the site machine that did not come to their end',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [siteMachine.stateMachineArn], status: ['FAILED', 'ABORTED', 'TIMED_OUT'] },
      },
      targets: [
        new SfnStateMachine(this.stateMachine, {
          deadLetterQueue,
          maxEventAge: Duration.hours(24),
        }),
      ],
    });
    this.acknowledge(siteMachine);
  }

  private acknowledge(siteMachine: StateMachine): void {
    const logicalId = Stack.of(this).getLogicalId(siteMachine.node.defaultChild as CfnStateMachine);
    Validations.of(this.stateMachine.role).acknowledge(
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'Log deliveries and X-Ray know no resources: their actions are granted on * only.',
      },
      {
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${logicalId}"}]}]}*]`,
        reason: 'It waits for the executions that it starts, and stops them if it is stopped: CDK grants both so.',
      },
    );
  }
}
