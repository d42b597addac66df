import { Stack } from 'aws-cdk-lib';
import { type LogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/**
 * A saved query of CloudWatch Logs Insights: every command that one execution ran, on every controller, in order. Put the
 * execution's ARN, or a part of it, between the slashes.
 */
export class CommandsQuery extends Construct {
  constructor(scope: Construct, id: string, { logGroup }: { readonly logGroup: LogGroup }) {
    super(scope, id);
    new QueryDefinition(this, 'Query', {
      queryDefinitionName: `${Stack.of(this).stackName}/Commands of an execution`,
      queryString: new QueryString({
        fields: ['@timestamp', 'message.state', 'message.controller', 'message.command', 'message.exitCode'],
        filterStatements: ['message.execution like /EXECUTION/', 'ispresent(message.command)'],
        sort: '@timestamp asc',
        limit: 10_000,
      }),
      logGroups: [logGroup],
    });
  }
}
