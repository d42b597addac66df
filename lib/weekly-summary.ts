import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CfnFunction, IFunction } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Errors, type State, type StateMachine, TaskInput, Timeout } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke, SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { RECORDS } from '../domain/audit/record';
import { WEEKLY_SUMMARY, withBundles } from './bundles';
import { useOfKey } from './encryption';
import { standardMachine } from './machines/standard-machine';
import type { RecordArchive } from './record-archive';
import type { SiteDocuments } from './site-documents';
import { TaskFunction } from './task-function';

/** Properties of `WeeklySummary`. */
export interface WeeklySummaryProps {
  readonly archive: RecordArchive;
  /** Of sites without a record people are told, too. */
  readonly documents: SiteDocuments;
  /** On which people are told. */
  readonly topic: ITopic;
  readonly logGroup: LogGroup;
  /** Of a schedule that could not start it. */
  readonly deadLetterQueue: IQueue;
  /** Of everything that is kept. @default - keys of AWS */
  readonly key?: IKey;
}

/** Mondays at seven, UTC: the week ends with the checks of the weekend. */
const WEEKLY = 'cron(0 7 ? * MON *)';
/** As long as a function can take. */
const LONGEST = Duration.minutes(15);
/** With so much memory a function has one CPU. */
const ONE_CPU_MB = 1769;

/** Once a week people are told of all sites in one message, ten lines a site, from the records of the archive. */
export class WeeklySummary extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: WeeklySummaryProps) {
    super(scope, id);
    const summarize = this.makeFunction(props);
    this.stateMachine = standardMachine(this, {
      name: `${Stack.of(this).stackName}-weekly`,
      comment: 'Tells people of a week of all sites',
      start: this.procedure(summarize, props.topic),
      key: props.key,
    });
    new Schedule(this, 'Weekly', {
      description: 'Summary of a week of all sites',
      schedule: ScheduleExpression.expression(WEEKLY),
      target: new StepFunctionsStartExecution(this.stateMachine, {
        input: ScheduleTargetInput.fromObject({}),
        deadLetterQueue: props.deadLetterQueue,
        retryAttempts: 10,
        maxEventAge: Duration.hours(1),
      }),
    });
    this.acknowledge(summarize);
  }

  private makeFunction({ archive: { bucket }, documents, logGroup, key }: WeeklySummaryProps): TaskFunction {
    const summarize = withBundles(
      this,
      (code) =>
        new TaskFunction(this, 'Summarize', {
          task: WEEKLY_SUMMARY,
          code: code(WEEKLY_SUMMARY),
          timeout: LONGEST,
          memorySize: ONE_CPU_MB,
          environment: {
            ARCHIVE_BUCKET: bucket.bucketName,
            DOCUMENTS_BUCKET: documents.bucket.bucketName,
            STACK_NAME: Stack.of(this).stackName,
          },
          logGroup,
        }),
    );
    const allow = (sid: string, action: string, resource: string) => {
      summarize.addToRolePolicy(new PolicyStatement({ sid, actions: [action], resources: [resource] }));
    };
    allow('ReadRecords', 's3:GetObject', `${bucket.bucketArn}/${RECORDS}*`);
    allow('FindRecords', 's3:ListBucket', bucket.bucketArn);
    documents.grantList(summarize);
    if (key) {
      summarize.addToRolePolicy(useOfKey(key, Stack.of(this).region, ['s3'], ['kms:Decrypt']));
    }
    const logicalId = Stack.of(this).getLogicalId(bucket.node.defaultChild as CfnBucket);
    Validations.of(summarize.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/${RECORDS}*]`,
      reason: 'It reads the records of all sites, and nothing else.',
    });
    return summarize;
  }

  /** Summarize → Tell people. */
  private procedure(summarize: TaskFunction, topic: ITopic): State {
    const start = LambdaInvoke.jsonata(this, 'Summarize week', {
      // CDK's own types differ in `undefined`.
      lambdaFunction: summarize.currentVersion as IFunction,
      payload: TaskInput.fromObject({ until: '{% $states.context.Execution.StartTime %}' }),
      retryOnServiceExceptions: false,
      taskTimeout: Timeout.duration(LONGEST.plus(Duration.seconds(10))),
      outputs: '{% $states.result.Payload %}',
    });
    const tell = SnsPublish.jsonata(this, 'Tell people', {
      topic,
      subject: '{% $states.input.subject %}',
      message: TaskInput.fromText('{% $states.input.text %}'),
      taskTimeout: Timeout.duration(Duration.seconds(30)),
    });
    for (const state of [start, tell]) {
      state.addRetry({ errors: [Errors.ALL], maxAttempts: 3, interval: Duration.seconds(30), backoffRate: 2 });
    }
    return start.next(tell).startState;
  }

  private acknowledge(summarize: TaskFunction): void {
    const logicalId = Stack.of(this).getLogicalId(summarize.node.defaultChild as CfnFunction);
    Validations.of(this.stateMachine.role).acknowledge(
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'Log deliveries and X-Ray know no resources: their actions are granted on * only.',
      },
      {
        id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>:*]`,
        reason: 'The versions of its own function.',
      },
    );
  }
}
