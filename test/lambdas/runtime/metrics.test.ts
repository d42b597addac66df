import { measured, measuredFleet, measuredRecovery } from '../../../lambdas/runtime/metrics';
import { metricsIn } from '../../../local/emulator/aws/metrics';
import type { TaskOutput } from '../../../domain/tasks';

/** The metrics that a report leads to. */
function metricsOf(report: object) {
  return metricsOfPrinted(() =>
    measured({
      report: { site: 'golden', reportedAt: '2030-01-01T00:00:00Z', failure: null, ...report },
      telling: null,
    } as unknown as TaskOutput<'report'>),
  );
}

function metricsOfPrinted(print: () => unknown) {
  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  print();
  write.mockRestore();
  return lines.flatMap(metricsIn).map(({ name, value, dimensions }) => [name, value, dimensions]);
}

test('a check counts, and says whether its site has drifted, for all sites and for its own', () => {
  expect(metricsOf({ mode: 'check', outcome: 'drift', outageMs: null })).toEqual([
    ['Checks', 1, {}],
    ['Failed', 0, {}],
    ['Drifted', 1, {}],
    ['Checks', 1, { Site: 'golden' }],
    ['Failed', 0, { Site: 'golden' }],
    ['Drifted', 1, { Site: 'golden' }],
  ]);
});

test('a site that is as wanted has no metric of its own, which would cost', () => {
  expect(metricsOf({ mode: 'check', outcome: 'unchanged', outageMs: null })).toEqual([
    ['Checks', 1, {}],
    ['Failed', 0, {}],
    ['Drifted', 0, {}],
  ]);
});

test('a run of the fleet machine has four metrics, however many sites there are', () => {
  const counts = { 'as-wanted': 195, 'check-started': 2, busy: 0, 'could-not-start': 1, 'not-told': 2 };
  const summary = { matrix: '', page: '', sites: 200, counts, uncheckedPercentage: 1.5 };

  expect(
    metricsOfPrinted(() =>
      measuredFleet({ endedAt: '2030-01-01T00:00:00Z' }, { summary, telling: null, hoursSinceCheck: 1.5 }),
    ),
  ).toEqual([
    ['FleetSites', 200, {}],
    ['FleetNotAsWanted', 2, {}],
    ['FleetNotChecked', 3, {}],
    ['HoursSinceCheck', 1.5, {}],
  ]);
});

test('a recovery counts, and gives what it came to', () => {
  let given: unknown;

  const metrics = metricsOfPrinted(() => (given = measuredRecovery(0, ['node-1'])));

  expect([given, metrics]).toEqual([['node-1'], [['Recoveries', 1, {}]]]);
});

test('an apply with a cycle has its outage', () => {
  expect(metricsOf({ mode: 'apply', outcome: 'changed', outageMs: 612 })).toContainEqual(['OutageMs', 612, {}]);
});

test('one that failed counts as that, for its site, too, and is no check: the alarm no-check still rings', () => {
  const failure = { error: 'BastionUnreachable', cause: '', state: 'Preflight' };

  const metrics = metricsOf({ mode: 'check', outcome: 'failed', outageMs: null, failure });

  expect(metrics).toContainEqual(['Failed', 1, {}]);
  expect(metrics).toContainEqual(['Failed', 1, { Site: 'golden' }]);
  expect(metrics.map(([name]) => name)).not.toContain('Checks');
});
