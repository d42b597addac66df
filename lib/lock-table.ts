import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

/** One item for each site in work: `site`, `owner` (execution ARN), `takenAt`, `expiresAt` (seconds since 1970). */
export class LockTable extends TableV2 {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      partitionKey: { name: 'site', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Nothing here is worth keeping after an execution: its history is the record.
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
