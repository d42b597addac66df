import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, type CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { fleetParameter, MATRICES, RESULTS } from '../domain/audit/fleet';
import { LAST_CHECKS } from '../domain/audit/last-checks';
import { bucketEncryption, useOfKey } from './encryption';
import { FLEET_MATRIX, withBundles } from './bundles';
import { TaskFunction } from './task-function';

/** Properties of `FleetResults`. */
export interface FleetResultsProps {
  readonly logGroup: LogGroup;
  /** Of what is kept. @default - a key of S3's own */
  readonly key?: IKey;
}

/** Where the fleet machine's Map writes what came of each site, and the function that makes one matrix of it. Both are kept for 90 days. */
export class FleetResults extends Construct {
  readonly bucket: Bucket;
  readonly matrix: TaskFunction;

  constructor(scope: Construct, id: string, { logGroup, key }: FleetResultsProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      ...bucketEncryption(key),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(90), abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'What is in it can be made again by another run, and the records of looks are in the archive.',
    });
    new StringParameter(this, 'Name', {
      parameterName: fleetParameter(Stack.of(this).stackName),
      description: 'Bucket of the results of the fleet machine',
      stringValue: this.bucket.bucketName,
    });
    this.matrix = this.makeFunction(logGroup, key);
  }

  private makeFunction(logGroup: LogGroup, key: IKey | undefined): TaskFunction {
    const made = withBundles(
      this,
      (code) =>
        new TaskFunction(this, 'Matrix', {
          ...{ task: FLEET_MATRIX, code: code(FLEET_MATRIX), timeout: Duration.minutes(2), logGroup },
          environment: { FLEET_BUCKET: this.bucket.bucketName },
        }),
    );
    const allow = (sid: string, actions: string[], resources: string[]) => {
      made.addToRolePolicy(new PolicyStatement({ sid, actions, resources }));
    };
    const objects = (...keys: string[]) => keys.map((one) => this.bucket.arnForObjects(one));
    allow('ReadResults', ['s3:GetObject'], objects(`${RESULTS}*`, LAST_CHECKS));
    allow('WriteMatrix', ['s3:PutObject'], objects(`${MATRICES}*`, LAST_CHECKS));
    // Without it, what is not there could not be told from what is forbidden.
    allow('TellWhatIsMissing', ['s3:ListBucket'], [this.bucket.bucketArn]);
    if (key) made.addToRolePolicy(useOfKey(key, Stack.of(this).region, ['s3']));
    const logicalId = Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket);
    Validations.of(made.role).acknowledge(
      ...[RESULTS, MATRICES].map((prefix) => ({
        id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/${prefix}*]` as const,
        reason: 'They are named by the run.',
      })),
    );
    return made;
  }
}
