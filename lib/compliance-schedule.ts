import { Duration, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

/** Properties of `ComplianceSchedule`. */
export interface ComplianceScheduleProps {
  /** The fleet machine. */
  readonly fleet: StateMachine;
  /** As EventBridge Scheduler writes it: `rate(1 day)`, `cron(0 6 * * ? *)`. */
  readonly rate: string;
  /** Of the queue of what could not be started. @default - SQS's own */
  readonly key?: IKey;
}

/** Starts a check of all sites at a rate: each execution's output has what drifted since the last apply. */
export class ComplianceSchedule extends Construct {
  /** What could not be started. */
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { fleet, rate, key }: ComplianceScheduleProps) {
    super(scope, id);

    const deadLetterQueue = (this.deadLetterQueue = new Queue(this, 'NotStarted', {
      ...(key
        ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key }
        : { encryption: QueueEncryption.SQS_MANAGED }),
      enforceSSL: true,
      // The longest possible: people look at the checks that could not be started.
      retentionPeriod: Duration.days(14),
    }));
    Validations.of(deadLetterQueue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is a dead-letter queue itself, of the schedules.',
    });

    new Schedule(this, 'Checks', {
      description: 'Check of all sites',
      schedule: ScheduleExpression.expression(rate),
      target: new StepFunctionsStartExecution(fleet, {
        input: ScheduleTargetInput.fromObject({}),
        deadLetterQueue,
        // StartExecution fails for minutes at most; after an hour the check tells less than the next one.
        retryAttempts: 10,
        maxEventAge: Duration.hours(1),
      }),
    });
  }
}
