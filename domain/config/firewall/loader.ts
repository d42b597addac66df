import { basename, dirname } from 'node:path';

/** The plugins of netfilter-persistent, each with the file that it loads. */
const PLUGINS = '/usr/share/netfilter-persistent/plugins.d';

/** Where Linux distributions, and operators, put what runs at boot. */
export const LOADER_PLACES = [
  ...[
    '/etc/systemd/system',
    '/etc/rcS.d',
    '/etc/rc2.d',
    '/etc/rc3.d',
    '/etc/init',
    '/etc/rc.local',
    '/etc/rc.d/rc.local',
  ],
  ...['/etc/network', '/etc/networkd-dispatcher', '/usr/lib/networkd-dispatcher', '/etc/NetworkManager/dispatcher.d'],
  ...['/etc/crontab', '/etc/cron.d', '/var/spool/cron', '/usr/local/sbin', '/usr/local/bin', PLUGINS],
];

/** What units and scripts of these services are known by: they do not name the file. */
const NETFILTER_PERSISTENT = 'netfilter-persistent';
const IPTABLES_SERVICES = 'iptables.init';
/** The only file that iptables-services loads. */
const IPTABLES_SERVICES_FILE = '/etc/sysconfig/iptables';

/** What to look for in those places. @param file of persistent rules */
export function loaderWords(file: string): string[] {
  return [file, NETFILTER_PERSISTENT, IPTABLES_SERVICES];
}

/**
 * What loads the file of persistent rules at boot; undefined if nothing does. A script that only names the file counts: what it
 * does with it cannot be told.
 *
 * @param found lines `PATH:WORD`, as grep prints them of the places and the words
 */
export function loaderOf(found: readonly string[], file: string): string | undefined {
  const hits = found.flatMap((line) => {
    const [, path = '', word = ''] = /^(\/[^:]+):(.+)$/.exec(line) ?? [];
    return path === '' ? [] : [{ path, word }];
  });
  const hasPlugin = hits.some(({ path, word }) => dirname(path) === PLUGINS && word === file);
  return hits.find(({ path, word }) => {
    if (dirname(path) === PLUGINS) return false;
    if (word === NETFILTER_PERSISTENT) return hasPlugin && isEnabled(path);
    if (word === IPTABLES_SERVICES) return file === IPTABLES_SERVICES_FILE && isEnabled(path);
    return word === file && !isKillScript(path);
  })?.path;
}

/** Whether init starts it: systemd by a link in a directory of wants, System V init by one whose name begins with S. */
function isEnabled(path: string): boolean {
  return /\.(wants|requires)\/[^/]+$/.test(path) || /\/rc[S\d]\.d\/S\d\d[^/]*$/.test(path);
}

function isKillScript(path: string): boolean {
  return /\/rc[S\d]\.d$/.test(dirname(path)) && basename(path).startsWith('K');
}
