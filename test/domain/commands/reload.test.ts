import { detection, type DetectionOutcomes, parseDetection } from '../../../domain/commands/detection';
import { platformOf } from '../../../domain/commands/platform';
import { reloadCommand } from '../../../domain/commands/reload';
import { catalogue } from '../../../domain/commands/catalogue';
import type { Outcome } from '../../../domain/ssh/command';
import { site } from '../sites';

const reloading = site('golden', ({ haproxy }) => {
  haproxy.update = 'reload';
});

/** What is found of a controller whose CIB says this of HAProxy's resource. */
function found(resource: string) {
  const nothing: Outcome = { exitCode: 1, stdout: '', stderr: '' };
  const outcomes = Object.fromEntries(Object.keys(detection(reloading)).map((name) => [name, nothing]));
  return parseDetection({ ...outcomes, resource: { ...nothing, exitCode: 0, stdout: resource } } as DetectionOutcomes);
}

const primitive = (agent: string, ...parameters: readonly [name: string, value: string][]) =>
  `<clone id="clone_p_haproxy"><primitive id="p_haproxy" ${agent}><instance_attributes id="a">` +
  parameters.map(([name, value]) => `<nvpair id="a-${name}" name="${name}" value="${value}"/>`).join('') +
  '</instance_attributes></primitive></clone>';
const FUEL = 'class="ocf" provider="fuel" type="ns_haproxy"';

test.each([
  [
    "Fuel's",
    primitive(FUEL, ['ns', 'haproxy'], ['debug', 'false']),
    'env OCF_ROOT=/usr/lib/ocf OCF_RESKEY_ns=haproxy /usr/lib/ocf/resource.d/fuel/ns_haproxy reload',
  ],
  [
    "Fuel's without a namespace",
    primitive(FUEL),
    'env OCF_ROOT=/usr/lib/ocf /usr/lib/ocf/resource.d/fuel/ns_haproxy reload',
  ],
  ["Debian's init script", primitive('class="lsb" type="haproxy"'), '/etc/init.d/haproxy reload'],
  ["systemd's unit", primitive('class="systemd" type="haproxy"'), 'systemctl reload haproxy'],
])('%s is reloaded by itself, and by nobody else meanwhile', (_, resource, command) => {
  const { reloadHaproxy } = catalogue(reloading, platformOf(reloading, found(resource), undefined));

  expect(reloadHaproxy?.argv.join(' ')).toBe(`flock -o /root ${command}`);
});

test.each([
  ['an agent of which nobody knows it', primitive('class="ocf" provider="heartbeat" type="haproxy"'), []],
  ['a unit of another name', primitive('class="systemd" type="haproxy@main"'), []],
  ["a file of the resource's own", primitive(FUEL, ['conffile', '/etc/other.cfg']), ['conffile']],
  ['further arguments', primitive(FUEL, ['ns', 'haproxy'], ['extraconf', '-f /x']), ['extraconf']],
  // Fuel's agent takes the namespace haproxy if it is told none.
  ['no namespace on purpose', primitive(FUEL, ['ns', '']), ['ns']],
  ['pacemaker that does not run', '', []],
])('%s: it is not', (_, resource, unknownToReload) => {
  const detected = found(resource);

  expect(detected.unknownToReload).toEqual(unknownToReload);
  expect(platformOf(reloading, detected, undefined).reload).toBeUndefined();
});

test('where the document does not want it no command is allowed for it', () => {
  const golden = site('golden');
  const platform = platformOf(golden, found(primitive(FUEL)), undefined);

  expect(catalogue(golden, platform)).not.toHaveProperty('reloadHaproxy');
});

test('it gets longer than a slow haproxy -c takes', () => {
  expect(reloadCommand('systemd:haproxy', undefined)).toMatchObject({ root: true, timeoutSeconds: 30 });
});
