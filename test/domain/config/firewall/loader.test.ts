import { loaderOf, loaderWords } from '../../../../domain/config/firewall/loader';

const DEBIAN = '/etc/iptables/rules.v4';
const RPM = '/etc/sysconfig/iptables';
const PLUGIN = `/usr/share/netfilter-persistent/plugins.d/15-ip4tables:${DEBIAN}`;

/*
 * From the packages: netfilter-persistent 1.0.20 (unit, init script) with the plugin of iptables-persistent, iptables-persistent 0.5.7
 * of Ubuntu 14.04 (its init script names the file), iptables-services (iptables.service); and what operators write by hand.
 */
it.each<[string, string, readonly string[], string | undefined]>([
  [
    'netfilter-persistent of systemd, with the plugin of iptables-persistent',
    DEBIAN,
    ['/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service:netfilter-persistent', PLUGIN],
    '/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service',
  ],
  [
    'netfilter-persistent of System V init',
    DEBIAN,
    ['/etc/rcS.d/S15netfilter-persistent:netfilter-persistent', PLUGIN],
    '/etc/rcS.d/S15netfilter-persistent',
  ],
  [
    'netfilter-persistent without a plugin: it loads nothing',
    DEBIAN,
    ['/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service:netfilter-persistent'],
    undefined,
  ],
  ['the plugin without netfilter-persistent', DEBIAN, [PLUGIN], undefined],
  [
    'netfilter-persistent that is not enabled',
    DEBIAN,
    ['/etc/systemd/system/netfilter-persistent.service:netfilter-persistent', PLUGIN],
    undefined,
  ],
  [
    'netfilter-persistent, for a file that no plugin of it loads',
    '/etc/iptables.rules',
    ['/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service:netfilter-persistent', PLUGIN],
    undefined,
  ],
  [
    'iptables-persistent of Ubuntu 14.04',
    DEBIAN,
    [`/etc/rcS.d/S37iptables-persistent:${DEBIAN}`],
    '/etc/rcS.d/S37iptables-persistent',
  ],
  ['the same, disabled', DEBIAN, [`/etc/rcS.d/K63iptables-persistent:${DEBIAN}`], undefined],
  [
    'iptables-services',
    RPM,
    ['/etc/systemd/system/basic.target.wants/iptables.service:iptables.init'],
    '/etc/systemd/system/basic.target.wants/iptables.service',
  ],
  [
    'iptables-services, for another file',
    '/etc/iptables.rules',
    ['/etc/systemd/system/basic.target.wants/iptables.service:iptables.init'],
    undefined,
  ],
  [
    'a script of ifupdown',
    '/etc/iptables.rules',
    ['/etc/network/if-pre-up.d/iptables:/etc/iptables.rules'],
    '/etc/network/if-pre-up.d/iptables',
  ],
  ['a line of interfaces', DEBIAN, [`/etc/network/interfaces:${DEBIAN}`], '/etc/network/interfaces'],
  ['rc.local', DEBIAN, [`/etc/rc.local:${DEBIAN}`], '/etc/rc.local'],
  ['nothing', DEBIAN, [], undefined],
  ['a line that is none of grep', DEBIAN, ['grep: /etc/rc.local: No such file or directory', ''], undefined],
])('%s', (_, file, found, expected) => {
  expect(loaderOf(found, file)).toBe(expected);
});

it('nothing but the file and the names of services is looked for, and so printed', () => {
  expect(loaderWords(DEBIAN)).toEqual([DEBIAN, 'netfilter-persistent', 'iptables.init']);
});
