import { audit, type Audit, type ExecutionRecord } from '../domain/audit/audit';
import { auditText } from './audit-text';
import { type CommonOptions, type Context, EXIT, print, styleFor } from './context';

/** Prints what came of an execution. @returns the exit code */
export function conclude(context: Context, options: CommonOptions, record: ExecutionRecord): number {
  const result = audit(record);
  print(context, options, result, () => auditText(result, styleFor(context, options)));
  return exitCode(result);
}

/** The exit code for what came of an execution. */
export function exitCode({ failure, verdict }: Audit): number {
  if (failure) return EXIT.failed;
  if (verdict.outcome === 'skipped') return EXIT.skipped;
  return verdict.outcome === 'drift' ? EXIT.drift : EXIT.done;
}
