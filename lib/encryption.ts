import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BucketEncryption, type BucketProps } from 'aws-cdk-lib/aws-s3';

/** How a bucket encrypts: with a key of one's own, or with S3's. */
export function bucketEncryption(key: IKey | undefined): Partial<BucketProps> {
  return key
    ? { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
    : { encryption: BucketEncryption.S3_MANAGED };
}

/** Lets somebody use a key of one's own for what is encrypted with it, through these services alone. */
export function useOfKey(
  key: IKey,
  region: string,
  services: readonly string[],
  actions: string[] = ['kms:Decrypt', 'kms:GenerateDataKey'],
): PolicyStatement {
  return new PolicyStatement({
    sid: 'UseTheKey',
    actions,
    resources: [key.keyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${region}.amazonaws.com`) },
    },
  });
}
