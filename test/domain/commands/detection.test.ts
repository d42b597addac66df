import { detection, type DetectionOutcomes, parseDetection } from '../../../domain/commands/detection';
import { parseProcesses } from '../../../domain/commands/process-list';
import type { Command, Outcome } from '../../../domain/ssh/command';
import { simulate } from '../simulated';
import { site } from '../sites';
import { connectSite } from '../../../domain/commands/site-connection';

const golden = site('golden');
const said = (stdout: string, exitCode = 0): Outcome => ({ exitCode, stdout, stderr: '' });
const MISSING = said('', 127);

/** A controller on which nothing is found, but for what is given. */
function told(given: Partial<DetectionOutcomes>) {
  const nothing = Object.fromEntries(Object.keys(detection(golden)).map((name) => [name, MISSING]));
  return parseDetection({ ...(nothing as DetectionOutcomes), ...given });
}

it('nothing is taken for granted', () => {
  expect(told({})).toEqual({
    programs: new Set(),
    services: new Set(),
    pacemaker: undefined,
    haproxy: undefined,
    python: undefined,
    ps: '',
    haproxyPrograms: undefined,
    includes: [],
    pidFile: undefined,
    namespace: undefined,
    agent: undefined,
    unknownToReload: [],
  });
});

/** As the tools' own sources print them: crm_mon.c of each tag, haproxy.c of each branch. */
it.each([
  ['Pacemaker 1.1.12\nWritten by Andrew Beekhof\n', '1.1.12'],
  ['Pacemaker 1.1.23-1.el7_9.1\nWritten by Andrew Beekhof\n', '1.1.23'],
  ['Pacemaker 2.1.5\nWritten by Andrew Beekhof and the Pacemaker project contributors\n', '2.1.5'],
  ['Pacemaker 3.0.0\nWritten by Andrew Beekhof and the Pacemaker project contributors\n', '3.0.0'],
])('the version of pacemaker: %j', (stdout, version) => {
  expect(told({ pacemakerVersion: said(stdout) }).pacemaker).toBe(version);
});

it.each([
  ['HA-Proxy version 1.5.3 2014/07/25\nCopyright 2000-2014 Willy Tarreau <w@1wt.eu>\n', '1.5.3'],
  ['HA-Proxy version 1.5-dev19 2013/06/17\nCopyright 2000-2013 Willy Tarreau <w@1wt.eu>\n', '1.5-dev19'],
  ['HA-Proxy version 1.8.8-1ubuntu0.13 2022/01/24\n', '1.8.8-1ubuntu0.13'],
  ['HA-Proxy version 2.2.9-2+deb11u6 2023/12/08 - https://haproxy.org/\n', '2.2.9-2'],
  ['HAProxy version 3.0.11-1+deb13u2 2025/10/03 - https://haproxy.org/\n', '3.0.11-1'],
])('the version of HAProxy: %j', (stdout, version) => {
  expect(told({ haproxyVersion: said(stdout) }).haproxy).toBe(version);
});

it.each([
  ['#!/usr/bin/python3\n# PBR Generated', '/usr/bin/python3'],
  ['#!/usr/bin/python3 -s\n', '/usr/bin/python3'],
  ['#! /usr/bin/python2.7\n', '/usr/bin/python2.7'],
  ['#!/usr/bin/python\n# PBR Generated', '/usr/bin/python'],
  ['#!/opt/magnum/bin/python3.11\n', '/opt/magnum/bin/python3.11'],
  ['#!/bin/sh\nexec python3 magnum', undefined],
  ['\u007fELF', undefined],
])('the Python of Magnum: %j', (stdout, python) => {
  expect(told({ magnumScript: said(stdout) }).python).toBe(python);
});

it('programs and services by where they lie', () => {
  const { programs, services } = told({
    // find says 1 because /etc/init is missing.
    installed: said(
      [
        '/usr/sbin/pcs',
        '/usr/bin/systemctl',
        '/usr/local/bin/python3',
        '/lib/systemd/system/openstack-magnum-api.service',
        '/etc/init.d/magnum-conductor',
        '/etc/init/magnum-api.conf',
        '',
      ].join('\n'),
      1,
    ),
  });

  expect(programs).toEqual(new Set(['pcs', 'systemctl', 'python3']));
  expect(services).toEqual(new Set(['openstack-magnum-api', 'magnum-conductor', 'magnum-api']));
});

it("Fuel's HAProxy: an include, a network namespace, and the PID file of its resource", () => {
  const { includes, namespace, pidFile } = told({
    haproxyStatements: said('  pidfile  /var/run/other.pid\ninclude conf.d/*.cfg\n'),
    resource: said(
      '<primitive class="ocf" id="p_haproxy" provider="fuel" type="ns_haproxy">\n' +
        '  <operations><op id="p_haproxy-monitor-30" interval="30" name="monitor" timeout="60"/></operations>\n' +
        '  <instance_attributes id="p_haproxy-instance_attributes">\n' +
        '    <nvpair id="p_haproxy-instance_attributes-ns" name="ns" value="haproxy"/>\n' +
        '    <nvpair id="p_haproxy-instance_attributes-pidfile" name="pidfile" value="/var/run/ns.pid"/>\n' +
        '  </instance_attributes>\n' +
        '  <meta_attributes id="m"><nvpair id="n" name="ns" value="other"/></meta_attributes>\n' +
        '</primitive>\n',
    ),
  });

  expect({ includes, namespace, pidFile }).toEqual({
    includes: ['conf.d/*.cfg'],
    namespace: 'haproxy',
    pidFile: '/var/run/ns.pid',
  });
});

it('the simulated site answers as its Debian 12 does', async () => {
  const { world, clock, end } = simulate(golden);
  const connection = await clock.drive(connectSite(world, golden, {}));
  const [node] = connection.nodes;
  const asked = Object.entries<Command>(detection(golden));

  const answers = await clock.drive(
    Promise.all(asked.map(async ([name, command]) => [name, await node.attempt(command)] as const)),
  );
  const found = parseDetection(Object.fromEntries(answers) as DetectionOutcomes);

  expect(found).toMatchObject({
    pacemaker: '2.1.5',
    haproxy: '2.6.12-1',
    python: '/usr/bin/python3',
    includes: [],
    pidFile: '/var/run/haproxy.pid',
    namespace: undefined,
  });
  expect([...found.programs]).toEqual(expect.arrayContaining(['pcs', 'service', 'systemctl', 'python3']));
  expect([...found.services]).toEqual(expect.arrayContaining(['magnum-api', 'magnum-conductor']));
  expect(parseProcesses(found.ps, node.where).byPid.get(1)?.words).toEqual(['/sbin/init']);
  expect(found.haproxyPrograms).toMatch(/^\/proc\/\d+ \/usr\/sbin\/haproxy\n$/);
  connection.close();
  await end();
});
