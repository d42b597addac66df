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
  const { site, mode, outcome, outageMs, reportedAt } = output.report;
  const values = {
    ...(mode === 'check' ? { Checks: 1 } : { Applies: 1 }),
    Drifted: outcome === 'drift' ? 1 : 0,
    ...(outageMs === null ? {} : { OutageMs: outageMs }),
    ...(isOverBudget(output.report) ? { OutageOverBudget: 1 } : {}),
  };
  const line = {
    _aws: {
      Timestamp: Date.parse(reportedAt),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: outcome === 'unchanged' || outcome === 'waived' ? [[]] : [[], ['Site']],
          Metrics: Object.keys(values).map((Name) => ({ Name, Unit: Name === 'OutageMs' ? 'Milliseconds' : 'Count' })),
        },
      ],
    },
    Site: site,
    ...values,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  return output;
}
