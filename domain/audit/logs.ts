import { type CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import type { EndedExecution } from './record';

/** The log group of all functions of a stack. */
export function logGroupOf(stack: string): string {
  return `/${stack}/functions`;
}

/** What a function logs may come so long after the end of an execution: one that nobody waits for any more goes on. */
const AFTER_MS = 60_000;

/** What the functions logged of an execution, in order. */
export async function logsOf(
  client: CloudWatchLogsClient,
  group: string,
  execution: EndedExecution,
): Promise<string[]> {
  const { executionArn = '', startDate = 0, stopDate } = execution;
  const input = {
    logGroupName: group,
    filterPattern: JSON.stringify(executionArn),
    startTime: new Date(startDate).getTime(),
    ...(stopDate === undefined ? {} : { endTime: new Date(stopDate).getTime() + AFTER_MS }),
  };
  const lines: string[] = [];
  for await (const { events = [] } of paginateFilterLogEvents({ client }, input)) {
    lines.push(...events.flatMap(({ message }) => message ?? []));
  }
  return lines;
}
