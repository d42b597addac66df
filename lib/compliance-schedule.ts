import { Duration, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Schedule, ScheduleExpression, ScheduleTargetInput, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { CheckRates } from './settings';

/** Properties of `ComplianceSchedule`. */
export interface ComplianceScheduleProps {
  /** The fleet machine. */
  readonly fleet: StateMachine;
  readonly rates: CheckRates;
  /** A run begins at any time in so many minutes after it is due. */
  readonly staggerMinutes: number;
  /** Of the queue of what could not be started. @default - SQS's own */
  readonly key?: IKey;
}

/** Starts runs of the fleet machine: a schedule for each beginning of names of sites that has a rate of its own. */
export class ComplianceSchedule extends Construct {
  /** What could not be started. */
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, { fleet, rates, staggerMinutes, key }: ComplianceScheduleProps) {
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

    for (const [sites, rate] of Object.entries(rates)) {
      const isAll = sites === '*';
      new Schedule(this, isAll ? 'Checks' : `Checks ${sites}`, {
        description: isAll ? 'Check of all sites' : `Check of sites ${sites}`,
        schedule: ScheduleExpression.expression(rate),
        ...(staggerMinutes > 0 ? { timeWindow: TimeWindow.flexible(Duration.minutes(staggerMinutes)) } : {}),
        target: new StepFunctionsStartExecution(fleet, {
          input: ScheduleTargetInput.fromObject(isAll ? {} : { sites }),
          deadLetterQueue,
          // StartExecution fails for minutes at most; after an hour the check tells less than the next one.
          retryAttempts: 10,
          maxEventAge: Duration.hours(1),
        }),
      });
    }
  }
}
