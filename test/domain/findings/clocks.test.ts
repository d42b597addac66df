import { checkClocks } from '../../../domain/findings/clocks';
import { checkPacemaker } from '../../../domain/findings/pacemaker';
import { connectSite } from '../../../domain/commands/site-connection';
import { simulate } from '../simulated';
import { site } from '../sites';

const views = (...ahead: number[]) =>
  ahead.map((seconds, index) => ({ controller: `node-${index + 1}`, ahead: seconds }));

test.each([
  ['that agree', views(0.2, -0.4, 1.1), []],
  ['all of which differ from ours', views(3600, 3601, 3600.5), []],
  ['of which one is slow', views(0.2, -59.6, 1.1), ['The clock of node-3 is 61 s ahead of that of node-2']],
  ['of which one is fast', views(0, 3600, 0), ['The clock of node-2 is 3600 s ahead of that of node-1']],
])('clocks %s', (_, seen, evidence) => {
  expect(checkClocks(seen).map((one) => one.evidence)).toEqual(evidence);
});

test('are those of the controllers', async () => {
  const golden = site('golden');
  const simulated = simulate(golden);
  simulated.site.faults.setClock('node-2', 90_000);

  const connection = await simulated.clock.drive(connectSite(simulated.world, golden, {}));
  const { findings } = await simulated.clock.drive(checkPacemaker(connection.nodes));
  connection.close();
  await simulated.end();

  expect(findings.map(({ name, evidence }) => [name, evidence])).toEqual([
    ['ClocksDiffer', expect.stringMatching(/^The clock of node-2 is (89|90|91) s ahead of that of node-/)],
  ]);
});
