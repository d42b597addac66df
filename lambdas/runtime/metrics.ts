import type { Matrix } from '../../domain/audit/fleet-results';
import { isOverBudget } from '../../domain/report/outage-budget';
import type { TaskOutput } from '../../domain/tasks';

/** The namespace of the metrics in CloudWatch. */
export const NAMESPACE = 'magnum-ha';

/**
 * Prints a report's metrics in CloudWatch's embedded metric format: for all sites together, and for a site that is not, or was not, as
 * wanted. A metric costs for each hour in which it is sent: thousands of sites that are well must not. It goes past `console`,
 * which would put the line into Lambda's own JSON.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @returns what it was given
 */
export function measured(output: TaskOutput<'report'>): TaskOutput<'report'> {
  const { site, mode, outcome, outageMs, reportedAt, failure } = output.report;
  const values = {
    // One that failed has not checked.
    ...(failure ? {} : mode === 'check' ? { Checks: 1 } : { Applies: 1 }),
    Failed: failure ? 1 : 0,
    Drifted: outcome === 'drift' ? 1 : 0,
    ...(outageMs === null ? {} : { OutageMs: outageMs }),
    ...(isOverBudget(output.report) ? { OutageOverBudget: 1 } : {}),
  };
  const dimensions = outcome === 'unchanged' || outcome === 'waived' ? [[]] : [[], ['Site']];
  print(reportedAt, dimensions, { Site: site }, values);
  return output;
}

/** The same of a run of the fleet machine: its sites together, none of their own. @returns the matrix it was given */
export function measuredFleet({ endedAt }: { readonly endedAt: string }, matrix: Matrix): Matrix {
  const { sites, counts } = matrix.summary;
  print(
    endedAt,
    [[]],
    {},
    {
      FleetSites: sites,
      FleetNotAsWanted: counts['check-started'],
      FleetNotChecked: counts['could-not-start'] + counts['not-told'],
      HoursSinceCheck: matrix.hoursSinceCheck,
    },
  );
  return matrix;
}

/** Prints that a recovery has brought a site back. @param at in milliseconds since 1970 @returns what it was given */
export function measuredRecovery<T>(at: number, cleared: T): T {
  print(new Date(at).toISOString(), [[]], {}, { Recoveries: 1 });
  return cleared;
}

function print(
  at: string,
  Dimensions: readonly (readonly string[])[],
  properties: Readonly<Record<string, string>>,
  values: Readonly<Record<string, number>>,
): void {
  const Metrics = Object.keys(values).map((Name) => ({
    Name,
    Unit: Name === 'OutageMs' ? 'Milliseconds' : 'Count',
  }));
  const CloudWatchMetrics = [{ Namespace: NAMESPACE, Dimensions, Metrics }];
  const line = { _aws: { Timestamp: Date.parse(at), CloudWatchMetrics }, ...properties, ...values };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
