import { measured } from '../../../lambdas/runtime/metrics';
import { metricsIn } from '../../../local/emulator/aws/metrics';
import type { TaskOutput } from '../../../domain/tasks';

/** The metrics that a report leads to. */
function metricsOf(report: object) {
  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  measured({
    report: { site: 'golden', reportedAt: '2030-01-01T00:00:00Z', ...report },
    telling: null,
  } as unknown as TaskOutput<'report'>);
  write.mockRestore();
  return lines.flatMap(metricsIn).map(({ name, value, dimensions }) => [name, value, dimensions]);
}

test('a check counts, and says whether its site has drifted, for all sites and for its own', () => {
  expect(metricsOf({ mode: 'check', outcome: 'drift', outageMs: null })).toEqual([
    ['Checks', 1, {}],
    ['Drifted', 1, {}],
    ['Checks', 1, { Site: 'golden' }],
    ['Drifted', 1, { Site: 'golden' }],
  ]);
});

test('a site that is as wanted has no metric of its own, which would cost', () => {
  expect(metricsOf({ mode: 'check', outcome: 'unchanged', outageMs: null })).toEqual([
    ['Checks', 1, {}],
    ['Drifted', 0, {}],
  ]);
});

test('an apply with a cycle has its outage', () => {
  expect(metricsOf({ mode: 'apply', outcome: 'changed', outageMs: 612 })).toContainEqual(['OutageMs', 612, {}]);
});
