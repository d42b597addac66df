import { Duration } from 'aws-cdk-lib';
import type { Site } from '../../domain/site/document';

/**
 * How long an execution can take at most. Step Functions ends it then without any Catch, so this must never happen while
 * HAProxy is disabled: it is the sum of what every state takes at worst, each task tried three times and timed out at
 * the last. Usual executions take a minute, and as long as Magnum needs for the clusters.
 *
 * A lock expires after this time too, but only where nobody can tell any more whether its owner still runs.
 */
export function executionTimeout(sites: readonly Site[]): Duration {
  return Duration.minutes(Math.max(...sites.map(worstCaseMinutes)));
}

/** Minutes until a task of 2 minutes, or one of 5, has been tried three times. */
const TASK = 7;
const LONG_TASK = 16;

function worstCaseMinutes({ controllers, haproxy, clusterTemplates, clusters }: Site): number {
  const recovery = 11 * 2.2 + 10 + haproxy.startTimeoutSeconds / 60 + TASK; // Enable HAProxy: eleven attempts
  const prepare = 23 + 5 * TASK + recovery; // Load site, the lock with its wait; Preflight thrice, Inspect controllers, Plan
  const bootstrap = 2 * LONG_TASK; // Bootstrap, Upgrade schema
  const configure = waves(controllers) * (LONG_TASK + TASK) + controllers.length * LONG_TASK; // restarts: one by one
  const cycle = TASK + haproxy.stopTimeoutSeconds / 60 + TASK; // with the last poll
  const verify = 3 + 2 * TASK;
  const templates = clusterTemplates.length * LONG_TASK; // one after another
  const longest = Math.max(0, ...clusters.map(({ deadlineMinutes }) => deadlineMinutes));
  const finish = 5; // Report, Release site lock
  return Math.ceil(
    prepare +
      bootstrap +
      configure +
      cycle +
      recovery +
      verify +
      templates +
      waves(clusters) * (LONG_TASK + longest + 2 * TASK) +
      finish,
  );
}

/** How often a Map starts anew that does forty items at a time. */
function waves(items: readonly unknown[]): number {
  return Math.ceil(items.length / 40);
}
