import type { FilterLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { ServiceError } from '../service-error';
import type { HttpServer } from './http-server';
import { ACCOUNT, REGION } from './intrinsics';
import { jsonServer } from './json-server';
import type { AuthorizeArn } from './s3-endpoint';

/** A line of a log. */
export interface LogEvent {
  /** In milliseconds since 1970. */
  readonly timestamp: number;
  readonly message: string;
}

/** The most events of a page. */
const PAGE = 10_000;

/**
 * An endpoint on loopback that speaks as much of CloudWatch Logs' API (JSON 1.1) as is needed to find the lines of an
 * execution: those of all functions are in one group.
 */
export function logsEndpoint(lines: readonly LogEvent[], authorize: AuthorizeArn = () => true): HttpServer {
  return jsonServer('1.1', (caller, action, body) => {
    if (action !== 'FilterLogEvents') throw new ServiceError('UnknownOperationException', `${action} is not simulated`);
    const { logGroupName = '', ...filter } = body as Partial<FilterLogEventsCommandInput>;
    const arn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${logGroupName}:*`;
    if (authorize(caller, 'logs:FilterLogEvents', arn)) return filtered(lines, filter);
    const message = `User: ${caller} is not authorized to perform: logs:FilterLogEvents on resource: ${arn}`;
    throw new ServiceError('AccessDeniedException', message);
  });
}

/** @throws ServiceError for a pattern that is no phrase in quotes: others are not simulated */
function filtered(lines: readonly LogEvent[], filter: Omit<Partial<FilterLogEventsCommandInput>, 'logGroupName'>) {
  const { filterPattern = '', startTime = 0, endTime = Infinity, nextToken = '0', limit = PAGE } = filter;
  const [, phrase] = /^"([^"\\]*)"$/.exec(filterPattern) ?? [];
  if (phrase === undefined) throw new ServiceError('InvalidParameterException', 'Invalid filter pattern');
  const found = lines.filter(
    ({ timestamp, message }) => timestamp >= startTime && timestamp <= endTime && message.includes(phrase),
  );
  const start = Number(nextToken);
  const end = start + Math.min(limit, PAGE);
  return { events: found.slice(start, end), ...(end < found.length && { nextToken: String(end) }) };
}
