import type { DescribeExecutionOutput, HistoryEvent } from '@aws-sdk/client-sfn';
import type { Report } from '../domain/report/report';
import { type CommonOptions, type Context, EXIT, print, styleFor } from './context';
import { reportText } from './report-text';

/** An execution that has ended. */
export interface Ended {
  readonly execution: DescribeExecutionOutput;
  readonly events: readonly HistoryEvent[];
  /** JSON lines that its functions printed. */
  readonly logs?: readonly string[];
}

/** Prints what came of an execution. @returns the exit code */
export function conclude(context: Context, options: CommonOptions, { execution }: Ended): number {
  const { status, output, error, cause } = execution;
  const style = styleFor(context, options);
  if (status !== 'SUCCEEDED' || output === undefined) {
    print(
      context,
      options,
      { error, cause },
      () => `${style('red', error ?? String(status))}: ${cause ?? 'no cause was given'}`,
    );
    return EXIT.failed;
  }
  const report = JSON.parse(output) as Report;
  print(context, options, report, () => reportText(report, style));
  return report.outcome === 'drift' ? EXIT.drift : EXIT.done;
}
