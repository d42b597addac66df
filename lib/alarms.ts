import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { NAMESPACE } from '../lambdas/runtime/metrics';

/** Properties of `Alarms`. */
export interface AlarmsProps {
  /** Whom they tell. */
  readonly topic: ITopic;
  readonly stateMachine: StateMachine;
  /** What follows applies that failed. */
  readonly recovery: StateMachine;
  /** What looks at all sites. */
  readonly fleet: StateMachine;
  /** What tells people of each week. */
  readonly weekly: StateMachine;
  /** What writes the records that are missing. */
  readonly sweep: StateMachine;
  /** Of schedules and events that could not start an execution. */
  readonly deadLetterQueue: IQueue;
  /** Of executions that could not be archived. */
  readonly notArchived: IQueue;
  /** So many hours may pass until a site is looked at again. */
  readonly alarmAfterHours: number;
}

/** What one alarm watches. Each has a section in docs/runbook.md, by its name. */
interface Watched {
  readonly metric: IMetric;
  /** @default 1 */
  readonly periods?: number;
  /** @default that something is there */
  readonly when?: 'some' | 'none';
  /** @default 1 */
  readonly threshold?: number;
}

const DAY = Duration.days(1);
const HOUR = Duration.hours(1);
/** CloudWatch looks back for seven days at most. */
const LONGEST_ALARM_HOURS = 168;

/** Alarms on what nobody looks at by himself, and a dashboard of the same. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { topic, stateMachine, recovery, fleet, weekly, sweep } = props;
    const often = { period: Duration.minutes(5), statistic: 'Sum' };
    const waiting = (queue: IQueue) =>
      queue.metricApproximateNumberOfMessagesVisible({ ...often, statistic: 'Maximum' });
    const drifted = new Metric({ namespace: NAMESPACE, metricName: 'Drifted', period: DAY, statistic: 'Maximum' });
    const checks = new Metric({ namespace: NAMESPACE, metricName: 'Checks', period: DAY, statistic: 'Sum' });
    const outage = new Metric({ namespace: NAMESPACE, metricName: 'OutageMs', period: DAY, statistic: 'Maximum' });
    const fleetSites = ['FleetSites', 'FleetNotAsWanted', 'FleetNotChecked'].map(
      (metricName) => new Metric({ namespace: NAMESPACE, metricName, period: HOUR, statistic: 'Maximum' }),
    );
    const waited = new Metric({
      ...{ namespace: NAMESPACE, metricName: 'HoursSinceCheck', period: HOUR, statistic: 'Maximum' },
    });
    const overBudget = new Metric({ namespace: NAMESPACE, metricName: 'OutageOverBudget', ...often });
    const watched: Readonly<Record<string, Watched>> = {
      failed: { metric: stateMachine.metricFailed(often) },
      aborted: { metric: stateMachine.metricAborted(often) },
      'timed-out': { metric: stateMachine.metricTimedOut(often) },
      recovered: { metric: new Metric({ namespace: NAMESPACE, metricName: 'Recoveries', ...often }) },
      'not-recovered': { metric: recovery.metricFailed(often) },
      'not-checked': { metric: fleet.metricFailed(often) },
      'not-summarized': { metric: weekly.metricFailed(often) },
      'not-swept': { metric: sweep.metricFailed(often) },
      'not-started': { metric: waiting(props.deadLetterQueue) },
      'not-archived': { metric: waiting(props.notArchived) },
      'outage-over-budget': { metric: overBudget },
      'drift-left': { metric: drifted, periods: 2 },
      'no-check': {
        metric: checks.with({ period: HOUR }),
        periods: Math.min(props.alarmAfterHours, LONGEST_ALARM_HOURS),
        when: 'none',
      },
      'site-waits': { metric: waited, threshold: props.alarmAfterHours },
    };
    for (const [name, one] of Object.entries(watched)) this.watch(name, one, topic);
    new Dashboard(this, 'Dashboard', {
      dashboardName: Stack.of(this).stackName,
      widgets: [
        [
          new GraphWidget({
            title: 'Executions',
            width: 12,
            left: [stateMachine.metricSucceeded(), stateMachine.metricFailed(), stateMachine.metricAborted()],
          }),
          new GraphWidget({ title: 'Checks, and sites with drift', width: 12, left: [checks, drifted] }),
        ],
        [
          new GraphWidget({ title: 'Longest outage of a day, ms', width: 12, left: [outage] }),
          new GraphWidget({
            title: 'Sites in runs of the fleet machine',
            width: 12,
            left: fleetSites,
            right: [waited],
          }),
        ],
      ],
    });
  }

  private watch(name: string, { metric, periods = 1, when = 'some', threshold = 1 }: Watched, topic: ITopic): void {
    const none = when === 'none';
    const alarm = new Alarm(this, name, {
      alarmName: `${Stack.of(this).stackName}-${name}`,
      alarmDescription: `What it means and what to do: docs/runbook.md#${name}`,
      metric,
      threshold,
      comparisonOperator: none
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: none ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
  }
}
