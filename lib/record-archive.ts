import { ArnFormat, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { BlockPublicAccess, Bucket, type CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { archiveParameter } from '../domain/audit/s3';
import { ARCHIVE, ARCHIVE_LOOK, withBundles } from './bundles';
import { bucketEncryption, useOfKey } from './encryption';
import type { ArchiveSettings } from './settings';
import { type TaskEnvironment, TaskFunction } from './task-function';

/** Properties of `RecordArchive`. */
export interface RecordArchiveProps {
  /** The site machine, whose executions are recorded. */
  readonly siteMachine: StateMachine;
  readonly settings: ArchiveSettings;
  /** In which functions log the commands that they run. */
  readonly logGroup: LogGroup;
  /** Of everything that is kept. @default - keys of AWS */
  readonly key?: IKey;
}

/** So long an event is tried to be delivered and handled: what is wrong for longer, people know of. */
export const PATIENCE = Duration.hours(6);

/**
 * Keeps a record of every execution in a bucket with versions: an event of Step Functions starts the function that writes it
 * once the execution has ended, whichever way. Only then its history is complete, and no path of the machine can miss it.
 */
export class RecordArchive extends Construct {
  readonly bucket: Bucket;
  /** The function that writes the record of an execution that has ended, once. */
  readonly writer: TaskFunction;
  /** The function that writes the record of a look, by what its execution tells: it reads no execution. */
  readonly lookWriter: TaskFunction;
  /** Events whose execution could not be archived. */
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, props: RecordArchiveProps) {
    super(scope, id);
    const { siteMachine, settings, key } = props;
    this.bucket = this.makeBucket(settings, key);
    this.deadLetterQueue = this.makeQueue(key);
    new StringParameter(this, 'Parameter', {
      description: 'The bucket with the records of executions',
      parameterName: archiveParameter(Stack.of(this).stackName),
      stringValue: this.bucket.bucketName,
    });
    this.writer = this.makeArchive(props);
    this.lookWriter = this.makeFunction(ARCHIVE_LOOK, props, Duration.minutes(1));
    if (key) this.lookWriter.addToRolePolicy(useOfKey(key, Stack.of(this).region, ['s3']));
    new Rule(this, 'Ended', {
      description: 'Executions of the site machine that have ended, whichever way',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [siteMachine.stateMachineArn],
          status: ['SUCCEEDED', 'FAILED', 'ABORTED', 'TIMED_OUT'],
        },
      },
      targets: [new LambdaFunction(this.writer, { deadLetterQueue: this.deadLetterQueue, maxEventAge: PATIENCE })],
    });
  }

  private makeBucket({ retentionDays }: ArchiveSettings, key: IKey | undefined): Bucket {
    const bucket = new Bucket(this, 'Records', {
      ...bucketEncryption(key),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      // It can be switched on only when the bucket is made; whether records are put with a lock is a setting.
      objectLockEnabled: true,
      lifecycleRules: [
        // What was put over a record, or deleted it, shows for a while; heads are put over all the time.
        {
          prefix: 'records/',
          expiration: Duration.days(retentionDays + 1),
          noncurrentVersionExpiration: Duration.days(90),
        },
        { prefix: 'heads/', noncurrentVersionExpiration: Duration.days(30) },
        { expiredObjectDeleteMarker: true, abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'Who reads records is seen in CloudTrail, if its data events are wanted; what was changed, by verify.',
    });
    return bucket;
  }

  private makeQueue(key: IKey | undefined): Queue {
    const queue = new Queue(this, 'NotArchived', {
      ...(key
        ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key }
        : { encryption: QueueEncryption.SQS_MANAGED }),
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is a dead-letter queue itself, of the archive.',
    });
    return queue;
  }

  private makeArchive(props: RecordArchiveProps): TaskFunction {
    const { logGroup, key } = props;
    const archive = this.makeFunction(ARCHIVE, props, Duration.minutes(5), { LOG_GROUP: logGroup.logGroupName });
    archive.configureAsyncInvoke({
      onFailure: new SqsDestination(this.deadLetterQueue),
      retryAttempts: 2,
      maxEventAge: PATIENCE,
    });
    const { stackName } = Stack.of(this);
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${stackName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    allow(archive, 'ReadExecutions', ['states:DescribeExecution', 'states:GetExecutionHistory'], [executions]);
    allow(archive, 'ReadCommands', ['logs:FilterLogEvents'], [logGroup.logGroupArn]);
    Validations.of(archive.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${stackName}:*]`,
      reason: 'It records all executions of the site machine, and may read no others.',
    });
    if (key) {
      archive.addToRolePolicy(useOfKey(key, Stack.of(this).region, ['s3', 'states']));
      Validations.of(archive.role).acknowledge(
        ...['GenerateDataKey', 'ReEncrypt'].map((action) => ({
          id: `AwsSolutions-IAM5[Action::kms:${action}*]` as const,
          reason: 'With the key of the dead-letter queue, which CDK grants so to what sends to it.',
        })),
      );
    }
    return archive;
  }

  /** A function that writes records. */
  private makeFunction(
    task: string,
    { settings, logGroup }: RecordArchiveProps,
    timeout: Duration,
    more: TaskEnvironment = {},
  ): TaskFunction {
    const { retentionDays, objectLock } = settings;
    const made = withBundles(
      this,
      (code) =>
        new TaskFunction(this, task === ARCHIVE ? 'Archive' : 'ArchiveLook', {
          ...{ task, code: code(task), timeout, logGroup },
          environment: {
            ARCHIVE_BUCKET: this.bucket.bucketName,
            RETENTION_DAYS: String(retentionDays),
            ...(objectLock ? { OBJECT_LOCK: objectLock } : {}),
            ...more,
          },
        }),
    );
    this.grantWrite(made, objectLock !== undefined);
    return made;
  }

  private grantWrite(writer: TaskFunction, locks: boolean): void {
    const { bucketArn } = this.bucket;
    allow(
      writer,
      'KeepRecords',
      ['s3:GetObject', 's3:PutObject', ...(locks ? ['s3:PutObjectRetention'] : [])],
      [`${bucketArn}/records/*`, `${bucketArn}/heads/*`],
    );
    // Without it, what is not there could not be told from what is forbidden.
    allow(writer, 'TellWhatIsMissing', ['s3:ListBucket'], [bucketArn]);
    const logicalId = Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket);
    Validations.of(writer.role).acknowledge(
      ...['records', 'heads'].map((prefix) => ({
        id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/${prefix}/*]` as const,
        reason: 'A record is named by its execution.',
      })),
    );
  }
}

function allow(writer: TaskFunction, sid: string, actions: string[], resources: string[]): void {
  writer.addToRolePolicy(new PolicyStatement({ sid, actions, resources }));
}
