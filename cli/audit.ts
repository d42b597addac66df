import { existsSync, writeFileSync } from 'node:fs';
import { ExecutionDoesNotExist } from '@aws-sdk/client-sfn';
import { audit as auditOf, type ExecutionRecord } from '../domain/audit/audit';
import { isLook, nameOf } from '../domain/audit/look';
import { page } from '../domain/audit/page';
import { intactRecord, keyTimeOf, RECORD_FILE } from '../domain/audit/record';
import { auditText } from './audit-text';
import { archiveOf, withArchive } from './archive-files';
import { auditSince, type SinceOptions } from './audit-since';
import { withLogs, withStepFunctions } from './aws';
import { exitCode } from './conclude';
import { type Context, print, styleFor, UsageError } from './context';
import { describe, history } from '../domain/audit/executions';
import { logGroupOf, logsOf } from '../domain/audit/logs';
import { executionArn } from './executions';
import { refuseUnwritable, textAt } from './files';
import type { FollowOptions } from './follow';
import type { Verb } from './program';

interface AuditOptions extends FollowOptions, Partial<Pick<SinceOptions, 'since' | 'site' | 'archive'>> {
  readonly html?: string;
  readonly logs?: string;
}

/** `audit`: what an execution found and did, from its history; or all of a time, from their records. */
export const audit: Verb = (parent, run) => {
  parent
    .command('audit [execution]')
    .summary('print what executions found and did')
    .description(
      'Prints what an execution found and did: from its history on AWS, by its ARN or its name, or from its record in the ' +
        'archive where AWS has forgotten it; or from a file: a record, or what rehearse --history or `aws stepfunctions ' +
        'get-execution-history` wrote. With --since, a summary of all executions by the records in the archive.',
    )
    .option('--since <time>', 'summary of a time: 30d, 12h, 8w or a date')
    .option('--site <name>', 'with --since: of this site only')
    .option('--archive <archive>', "s3://BUCKET or a copy of one (default: the stack's)")
    .option('--html <file>', 'write it as one page, which needs nothing else')
    .option('--logs <file>', 'log lines of the functions, JSON: then the commands are in it')
    .option('--stack <name>', 'name of the deployed stack', 'magnum-ha')
    .option('--plain', 'no colour')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha audit golden-apply-20261126T214000Z --html audit.html\n  magnum-ha audit record.json --json\n' +
        '  magnum-ha audit --since 30d --html month.html',
    )
    .action(run(show));
};

async function show(context: Context, execution: string | undefined, options: AuditOptions): Promise<number> {
  const { html, logs, since } = options;
  if (since !== undefined && execution === undefined) return auditSince(context, { ...options, since });
  if (since !== undefined || execution === undefined) throw new UsageError('Name an execution or a file, or --since.');
  if (html !== undefined) refuseUnwritable(html);
  const lines = logs === undefined ? {} : { logs: textAt(logs, 'The log').split('\n') };
  const record = await recordOf(execution, options);
  const result = auditOf({ ...record, ...lines });
  if (html !== undefined) writeFileSync(html, page(result));
  print(context, options, result, () => auditText(result, styleFor(context, options)));
  return exitCode(result);
}

/** From a file, or from AWS. @param execution a file, a name or an ARN @throws UsageError, AwsUnavailable */
export async function recordOf(
  execution: string,
  options: Pick<AuditOptions, 'stack' | 'archive'>,
): Promise<ExecutionRecord> {
  return existsSync(execution) || /\/|\.json$/.test(execution) ? recordAt(execution) : recordOnAws(execution, options);
}

/** From Step Functions; where it has forgotten the execution, from the archive. @throws UsageError, AwsUnavailable */
async function recordOnAws(
  execution: string,
  { stack, archive }: Pick<AuditOptions, 'stack' | 'archive'>,
): Promise<ExecutionRecord> {
  // Step Functions shows an Express execution to nobody.
  const own = isLook(execution)
    ? undefined
    : await withStepFunctions(async (client) => {
        const arn = await executionArn(client, execution, stack);
        try {
          return { execution: await describe(client, arn), events: await history(client, arn) };
        } catch (error) {
          if (error instanceof ExecutionDoesNotExist) return undefined;
          throw error;
        }
      });
  if (own) {
    return { ...own, logs: await withLogs((client) => logsOf(client, logGroupOf(stack), own.execution)) };
  }
  const name = nameOf(execution);
  const wanted = (file: string) => keyTimeOf(file) !== null && file.endsWith(`Z-${name}/${RECORD_FILE}`);
  const found = await withArchive(archive ?? (await archiveOf(stack)), async ({ path, files }) => {
    for await (const { text } of files(path, wanted)) return intactRecord(text);
    return undefined;
  });
  if (found) return found;
  throw new UsageError(
    `There is no execution ${name}: neither Step Functions has it, which forgets after 90 days, nor has the archive a record ` +
      'of it that is as it was written.',
  );
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
