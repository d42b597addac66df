import { existsSync, writeFileSync } from 'node:fs';
import { audit as auditOf, type ExecutionRecord } from '../domain/audit/audit';
import { page } from '../domain/audit/page';
import { auditText } from './audit-text';
import { withLogs, withStepFunctions } from './aws';
import { exitCode } from './conclude';
import { type Context, print, styleFor, UsageError } from './context';
import { describe, history } from '../domain/audit/executions';
import { logGroupOf, logsOf } from '../domain/audit/logs';
import { executionArn } from './executions';
import { refuseUnwritable, textAt } from './files';
import type { FollowOptions } from './follow';
import type { Verb } from './program';

interface AuditOptions extends FollowOptions {
  readonly html?: string;
  readonly logs?: string;
}

/** `audit`: what an execution found and did, from its history. */
export const audit: Verb = (parent, run) => {
  parent
    .command('audit <execution>')
    .summary('print what an execution found and did, from its history')
    .description(
      'Prints what an execution found and did: from its history on AWS, by its ARN or its name, or from a file that ' +
        'rehearse --history or `aws stepfunctions get-execution-history` wrote.',
    )
    .option('--html <file>', 'write it as one page, which needs nothing else')
    .option('--logs <file>', 'log lines of the functions, JSON: then the commands are in it')
    .option('--stack <name>', 'name of the deployed stack', 'magnum-ha')
    .option('--plain', 'no colour')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha audit golden-apply-20261126T214000Z --html audit.html\n  magnum-ha audit events.json --json',
    )
    .action(run(show));
};

async function show(context: Context, execution: string, options: AuditOptions): Promise<number> {
  const { html, logs, stack } = options;
  if (html !== undefined) refuseUnwritable(html);
  const lines = logs === undefined ? {} : { logs: textAt(logs, 'The log').split('\n') };
  const record =
    existsSync(execution) || /\/|\.json$/.test(execution) ? recordAt(execution) : await recordOnAws(execution, stack);
  const result = auditOf({ ...record, ...lines });
  if (html !== undefined) writeFileSync(html, page(result));
  print(context, options, result, () => auditText(result, styleFor(context, options)));
  return exitCode(result);
}

function recordOnAws(execution: string, stack: string): Promise<ExecutionRecord> {
  return withStepFunctions(async (client) => {
    const arn = await executionArn(client, execution, stack);
    const described = await describe(client, arn);
    const events = await history(client, arn);
    const logs = await withLogs((logClient) => logsOf(logClient, logGroupOf(stack), described));
    return { execution: described, events, logs };
  });
}

/** @throws UsageError */
function recordAt(file: string): ExecutionRecord {
  const text = textAt(file, 'The history');
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`${file} is not JSON. Write it with: magnum-ha rehearse --history ${file}`);
  }
  const { events } = (value ?? {}) as { events?: unknown };
  if (Array.isArray(events)) return value as ExecutionRecord;
  throw new UsageError(`${file} has no list "events", as GetExecutionHistory returns it.`);
}
