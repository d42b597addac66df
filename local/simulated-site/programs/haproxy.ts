import { since } from '../generations';
import type { Program } from './program';

/**
 * haproxy -c -f FILE -f DIRECTORY, haproxy -C DIRECTORY -c -f FILE, and haproxy -v; texts are those of 1.5 to 3.0, see
 * print_message of src/errors.c and, before 2.4, ha_alert of src/log.c.
 */
export const haproxy: Program = async ({ arguments: given, controller, sleep, timings, who }) => {
  const { version } = controller.generation.haproxy;
  if (given.join(' ') === '-v') return { exit: 0, stdout: versionText(controller.generation.haproxy) };
  const files: string[] = [];
  let workingDirectory = who.user === 'root' ? '/root' : `/home/${who.user}`;
  let check = false;
  for (let at = 0; at < given.length; at++) {
    const option = given[at] ?? '';
    const value = given[at + 1];
    if (option === '-c') check = true;
    else if ((option === '-f' || option === '-C') && value !== undefined) {
      if (option === '-f') files.push(value);
      else workingDirectory = value;
      at++;
    } else return { exit: 1, stdout: versionText(controller.generation.haproxy) + USAGE };
  }
  const [main, ...more] = files;
  // Without -c it would start a second HAProxy, which no command of the catalogue does.
  if (!check || main === undefined) return { exit: 1, stdout: versionText(controller.generation.haproxy) + USAGE };

  await sleep(timings.haproxyCheck);
  const say = speaker(version, controller.now());
  const notice = since(version, '2.2')
    ? say('NOTICE', `haproxy version is ${version}`) + say('NOTICE', 'path to executable is /usr/sbin/haproxy')
    : '';
  if (!controller.files.isDirectory(workingDirectory) && given.includes('-C')) {
    const alert = `Could not change to directory ${workingDirectory} : No such file or directory`;
    return { exit: 1, stderr: notice + say('ALERT', alert) };
  }
  const { alerts, warnings, proxies } = controller.parseHaproxy(main, workingDirectory, more, who);
  const config = since(version, '2.4') ? 'config : ' : '';
  const warned = warnings.map((warning) => say('WARNING', config + warning)).join('');
  if (alerts.length > 0) {
    const last = /^(Cannot|Could not) open/.test(alerts[0] ?? '') ? [] : ['Fatal errors found in configuration.'];
    const lines = [...alerts, ...last].map((alert) => say('ALERT', config + alert));
    return { exit: 1, stderr: notice + warned + lines.join('') };
  }
  if (!proxies.some(({ binds }) => binds.length > 0)) {
    return { exit: 2, stdout: 'Configuration file has no error but will not start (no listener) => exit(2).\n' };
  }
  // 3.0 says so only if it is asked to say more.
  const valid = since(version, '2.9') ? '' : 'Configuration file is valid\n';
  if (warned === '') return { exit: 0, stdout: valid };
  return { exit: 0, stdout: (since(version, '2.0') ? 'Warnings were found.\n' : '') + valid, stderr: notice + warned };
};

/** How a message begins: before 2.4 with day of the year and time. */
function speaker(version: string, now: number): (level: 'NOTICE' | 'WARNING' | 'ALERT', message: string) => string {
  if (since(version, '2.4')) return (level, message) => `${`[${level}]`.padEnd(11)}(${PID}) : ${message}\n`;
  const date = new Date(now);
  const day = Math.floor((now - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);
  const time = date.toISOString().slice(11, 19).replaceAll(':', '');
  return (level, message) => `[${level}] ${String(day).padStart(3, '0')}/${time} (${PID}) : ${message}\n`;
}

function versionText({ version, date }: { readonly version: string; readonly date: string }): string {
  if (!since(version, '2.0')) {
    return `HA-Proxy version ${version} ${date}\nCopyright 2000-${date.slice(0, 4)} Willy Tarreau <willy@haproxy.org>\n\n`;
  }
  return `${since(version, '2.4') ? 'HAProxy' : 'HA-Proxy'} version ${version} ${date} - https://haproxy.org/\n`;
}

/** Process IDs differ from run to run; here they do not. */
const PID = 8920;

const USAGE = `Usage : haproxy [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n <maxconn> ] [ -N <maxpconn> ]
        [ -p <pidfile> ] [ -m <max megs> ] [ -C <dir> ] [-- <cfgfile>*]
`;
