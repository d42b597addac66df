import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * What executions leave for later ones, and for people: `outage LOCK` has a site's last outage (`site`, `ms`, `at`), `mend LOCK DIGEST` a drift for which a check has
 * started an apply (`site`, `execution`, `expiresAt`), `approval EXECUTION` the
 * token of an apply that waits for approval (`token`, `site`, `digest`, `startedBy`, `expiresAt`).
 */
export class NotesTable extends Table {
  /** @param props `key` encrypts it; without, a key that DynamoDB owns */
  constructor(scope: Construct, id: string, { key }: { readonly key?: IKey } = {}) {
    super(scope, id, {
      partitionKey: { name: 'note', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...(key ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key } : {}),
      // Without them the next execution knows less, and goes on.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
