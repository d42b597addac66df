import { Stack, Validations } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, type CfnBucket } from 'aws-cdk-lib/aws-s3';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { bucketParameter, DOCUMENT_KEYS } from '../domain/site/bucket';
import { bucketEncryption } from './encryption';
import type { TaskFunction } from './task-function';

/**
 * The site documents, each in all its versions: they hold no secret. `magnum-ha site put` puts them there; a deploy knows of none.
 * They stay when the stack is destroyed.
 */
export class SiteDocuments extends Construct {
  readonly bucket: Bucket;

  /** @param props `key` encrypts them; without, a key of S3's own */
  constructor(scope: Construct, id: string, { key }: { readonly key?: IKey } = {}) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      ...bucketEncryption(key),
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'Its versions are the record of what changed, and data events of CloudTrail say who changed it.',
    });
    new StringParameter(this, 'Name', {
      parameterName: bucketParameter(Stack.of(this).stackName),
      description: 'Bucket of the site documents',
      stringValue: this.bucket.bucketName,
    });
  }

  /** Lets `task` learn which sites there are. */
  grantList(task: TaskFunction): void {
    Grant.addToPrincipal({ grantee: task, actions: ['s3:ListBucket'], resourceArns: [this.bucket.bucketArn] });
  }

  /** Lets `task` read the document of any site in any version, and learn that there is none of a name. */
  grantRead(task: TaskFunction): void {
    const { bucketArn, encryptionKey, node } = this.bucket;
    const keys = `${DOCUMENT_KEYS}*`;
    const read = ['s3:GetObject', 's3:GetObjectVersion'];
    Grant.addToPrincipal({ grantee: task, actions: read, resourceArns: [`${bucketArn}/${keys}`] });
    // Without it S3 says that access is denied to what is not there.
    this.grantList(task);
    if (encryptionKey) {
      Grant.addToPrincipal({
        grantee: task,
        actions: ['kms:Decrypt'],
        resourceArns: [encryptionKey.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(this).region}.amazonaws.com` } },
      });
    }
    const logicalId = Stack.of(this).getLogicalId(node.defaultChild as CfnBucket);
    Validations.of(task.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/${keys}]`,
      reason: 'Site documents only, which hold no secret. Which sites there are, the template does not know.',
    });
  }
}
