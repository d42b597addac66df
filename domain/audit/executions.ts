import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  type HistoryEvent,
  paginateGetExecutionHistory,
  type SFNClient,
} from '@aws-sdk/client-sfn';

/** As many events as a page can have. */
const LARGEST_PAGE = 1000;

/** An execution as Step Functions has it: for 90 days after its end. */
export function describe(client: SFNClient, arn: string): Promise<DescribeExecutionOutput> {
  return client.send(new DescribeExecutionCommand({ executionArn: arn }));
}

/** The whole history, all pages. */
export async function history(client: SFNClient, arn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  const input = { executionArn: arn, maxResults: LARGEST_PAGE, includeExecutionData: true };
  for await (const page of paginateGetExecutionHistory({ client }, input)) events.push(...(page.events ?? []));
  return events;
}
