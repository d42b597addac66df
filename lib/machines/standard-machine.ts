import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  CustomerManagedEncryptionConfiguration,
  DefinitionBody,
  LogLevel,
  QueryLanguage,
  type State,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { timeLimit } from '../states/time-limit';

/** What a machine is made of. */
interface Machine {
  readonly name: string;
  readonly comment: string;
  /** The first of its states, all of which are made in its scope. */
  readonly start: State;
  /** Of its histories and its log group. @default - keys of AWS */
  readonly key: IKey | undefined;
}

/** A state machine with its log group, whose time limit is that of its states. */
export function standardMachine(scope: Construct, { name, comment, start, key }: Machine): StateMachine {
  return new StateMachine(scope, 'StateMachine', {
    // A name of its own, because roles may look at its executions and no others.
    stateMachineName: name,
    // Executions last hours, and their history is the audit: neither is for an express workflow.
    stateMachineType: StateMachineType.STANDARD,
    comment,
    queryLanguage: QueryLanguage.JSONATA,
    definitionBody: DefinitionBody.fromChainable(start),
    timeout: timeLimit(scope),
    tracingEnabled: true,
    ...(key ? { encryptionConfiguration: new CustomerManagedEncryptionConfiguration(key) } : {}),
    logs: {
      level: LogLevel.ALL,
      // Payloads stay in the history, which fewer people can read than logs.
      includeExecutionData: false,
      destination: new LogGroup(scope, 'Logs', {
        // Below this prefix a log group does not count against the size of CloudWatch Logs' resource policy.
        logGroupName: `/aws/vendedlogs/states/${name}`,
        // As long as Step Functions keeps histories.
        retention: RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
        ...(key ? { encryptionKey: key } : {}),
      }),
    },
  });
}
