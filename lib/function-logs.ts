import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { logGroupOf } from '../domain/audit/logs';

/** The log of all functions: what an execution did on which controller, in order, is one list. */
export class FunctionLogs extends LogGroup {
  /** @param props `key` encrypts it; without, one of CloudWatch Logs */
  constructor(scope: Construct, id: string, { key }: { readonly key?: IKey } = {}) {
    super(scope, id, {
      logGroupName: logGroupOf(Stack.of(scope).stackName),
      // Three months, as long as Step Functions keeps the history that the log explains; records have it for good.
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key ? { encryptionKey: key } : {}),
    });
  }
}
