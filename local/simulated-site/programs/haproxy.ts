import { failure, type Program } from './program';

/** haproxy -v, haproxy -c -f FILE -f DIRECTORY, and haproxy -C DIRECTORY -c -f FILE */
export const haproxy: Program = async ({ arguments: given, controller, sleep, timings, who }) => {
  if (given.join(' ') === '-v') return { exit: 0, stdout: VERSION };
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
    } else return { exit: 1, stdout: USAGE };
  }
  const [main, ...more] = files;
  // Without -c it would start a second HAProxy, which no command of the catalogue does.
  if (!check || main === undefined) return { exit: 1, stdout: USAGE };

  await sleep(timings.haproxyCheck);
  const pid = PID;
  const notice = `[NOTICE]   (${pid}) : haproxy version is 2.6.12-1+deb12u4\n[NOTICE]   (${pid}) : path to executable is /usr/sbin/haproxy\n`;
  if (!controller.files.isDirectory(workingDirectory) && given.includes('-C')) {
    return failure(
      `${notice}[ALERT]    (${pid}) : Could not change to directory ${workingDirectory} : No such file or directory`,
    );
  }
  const { alerts, warnings, proxies } = controller.parseHaproxy(main, workingDirectory, more, who);
  const warned = warnings.map((warning) => `[WARNING]  (${pid}) : config : ${warning}\n`).join('');
  if (alerts.length > 0) {
    const last = alerts[0]?.startsWith('Cannot open') === true ? [] : ['Fatal errors found in configuration.'];
    const lines = [...alerts, ...last].map((alert) => `[ALERT]    (${pid}) : config : ${alert}\n`);
    return { exit: 1, stderr: notice + warned + lines.join('') };
  }
  if (!proxies.some(({ binds }) => binds.length > 0)) {
    return { exit: 2, stdout: 'Configuration file has no error but will not start (no listener) => exit(2).\n' };
  }
  const valid = 'Configuration file is valid\n';
  return warned === ''
    ? { exit: 0, stdout: valid }
    : { exit: 0, stdout: `Warnings were found.\n${valid}`, stderr: notice + warned };
};

/** Process IDs differ from run to run; here they do not. */
const PID = 8920;

const VERSION = `HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/
Status: long-term supported branch - will stop receiving fixes around Q2 2027.
`;

const USAGE = `HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/
Usage : haproxy [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n <maxconn> ] [ -N <maxpconn> ]
        [ -p <pidfile> ] [ -m <max megs> ] [ -C <dir> ] [-- <cfgfile>*]
`;
