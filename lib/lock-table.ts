import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * One item for each site in work: `hostKey` (what pins the site, see `domain/site/lock.ts`), `site` (its name), `owner`
 * (execution ARN), `takenAt`, `expiresAt` (seconds since 1970).
 */
export class LockTable extends Table {
  /** @param props `key` encrypts it; without, a key that DynamoDB owns */
  constructor(scope: Construct, id: string, { key }: { readonly key?: IKey } = {}) {
    super(scope, id, {
      partitionKey: { name: 'hostKey', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...(key ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key } : {}),
      // Nothing here is worth keeping after an execution: its history is the record.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
