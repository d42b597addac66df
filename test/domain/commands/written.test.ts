import { parseWritten } from '../../../domain/commands/written';

test('says how long ago the workflow wrote each file, by what grep prints', () => {
  const printed =
    '/proc/uptime:350735.47 234388.90\n' +
    '/run/magnum-ha-magnum.conf:350705.12 234370.01\n' +
    '/run/magnum-ha-fragment:350700.47 234369.88\n';

  const written = parseWritten(printed);

  expect(written.magnumConf).toBeCloseTo(30.35);
  expect(written.fragment).toBeCloseTo(35);
});

test.each([
  ['nothing was written since the boot', '/proc/uptime:350735.47 234388.90\n'],
  ['what is kept is cut off', '/proc/uptime:35.47 23.90\n/run/magnum-ha-fragment:3\n'],
  ['the controller does not say how long it has been up', '/run/magnum-ha-fragment:35.47 23.90\n'],
  ['grep cannot run', ''],
])('nothing is known where %s', (_, printed) => {
  expect(parseWritten(printed)).toEqual({});
});
