import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab';
import { checked } from './checked';
import { PYTHON } from './measure';

/** Puts a delay line between the operator and the bastion while something is done. @param roundTrip in seconds */
export async function delayed<T>(lab: Lab, roundTrip: number, action: () => Promise<T>): Promise<T> {
  if (roundTrip === 0) return action();
  const bastion = lab.document.bastion.host;
  const pid = lab.pidOf('bastion');
  const script = join(__dirname, 'delay_line.py');
  const argv = ['--pdeathsig', 'SIGKILL', PYTHON, script, 'near', 'far', String(roundTrip / 2)];
  const line = spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(line, 'exit');
  try {
    const [first] = (await Promise.race([once(line.stdout, 'data'), ended])) as [unknown];
    if (!(first instanceof Buffer)) throw new Error('The delay line did not start: /dev/net/tun is needed');
    const there = ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];
    const operator = / src (\S+)/.exec(await checked('ip', 'route', 'get', bastion))?.[1] ?? '';
    await checked('ip', 'link', 'set', 'far', 'netns', String(pid));
    await checked('ip', 'link', 'set', 'near', 'up');
    await checked('ip', 'route', 'add', `${bastion}/32`, 'dev', 'near', 'src', operator);
    await checked(...there, 'ip', 'link', 'set', 'far', 'up');
    await checked(...there, 'ip', 'route', 'add', `${operator}/32`, 'dev', 'far', 'src', bastion);
    return await action();
  } finally {
    // Its devices go with it, and the routes with them.
    line.kill();
    await ended;
  }
}
