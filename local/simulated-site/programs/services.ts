import type { Service } from '../services';
import { failure, type Invocation, type Outcome, type Program } from './program';
import { reloadUnit } from './reload';

type Verb = 'start' | 'stop' | 'restart' | 'status';

/**
 * service NAME start|stop|restart|status. Of sysvinit the texts are those of Debian's init scripts; upstart's are of util/initctl.c;
 * with systemd it runs systemctl, which CentOS 7's initscripts say.
 */
export const service: Program = async (invocation) => {
  const [name, verb] = invocation.arguments;
  const { controller } = invocation;
  const { init } = controller.generation;
  if (name === undefined)
    return failure('Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]');
  if (init === 'systemd') {
    const outcome = await systemctl({ ...invocation, arguments: [verb ?? '', name] });
    const redirected = controller.generation.services.web === 'httpd';
    const said = redirected ? `Redirecting to /bin/systemctl ${verb ?? ''} ${name}.service\n` : '';
    return { ...outcome, stderr: said + (outcome.stderr ?? '') };
  }
  const found = controller.services.get(name);
  if (!found) return failure(`${name}: unrecognized service`);
  const upstart = init === 'upstart';
  if (verb === 'status') return upstart ? { exit: 0, stdout: `${job(found)}\n` } : lsbStatus(found);
  if (!isVerb(verb)) {
    return upstart
      ? failure(`initctl: invalid command: ${verb ?? ''}\nTry \`initctl --help' for more information.`)
      : { exit: 2, stdout: `usage: /etc/init.d/${name} {start|stop|restart|status}\n` };
  }
  if (invocation.who.user !== 'root') {
    return upstart
      ? failure('stop: Rejected send message, 1 matched rules; type="method_call"')
      : failure(`start-stop-daemon: unable to stat /run/${name}.pid (Permission denied)`, 2);
  }
  const said = await change(invocation, found, verb);
  if (!upstart) return { exit: 0, stdout: said.map((done) => `${done} ${name}:.\n`).join(''), changed: true };
  const states = said.map((done) => (done === 'Stopping' ? `${name} stop/waiting` : job(found)));
  return { exit: 0, stdout: states.map((state) => `${state}\n`).join(''), changed: true };
};

/** systemctl start|stop|restart|status|is-active NAME, of a unit or a service, and systemctl reload haproxy. */
export const systemctl: Program = async (invocation) => {
  const [verb = '', unit = '', ...more] = invocation.arguments;
  if (invocation.controller.generation.init !== 'systemd') {
    const reason = "System has not been booted with systemd as init system (PID 1). Can't operate.";
    return failure(`${reason}\nFailed to connect to bus: Host is down`);
  }
  const name = unit.replace(/\.service$/, '');
  const found = invocation.controller.services.get(name);
  if (more.length > 0 || unit === '') return failure('Too few arguments.');
  if (verb === 'is-active') return { exit: found?.running ? 0 : 3, stdout: found?.running ? 'active\n' : 'inactive\n' };
  if (verb === 'status') {
    if (!found) return failure(`Unit ${name}.service could not be found.`, 4);
    return {
      exit: found.running ? 0 : 3,
      stdout: `   Active: ${found.running ? 'active (running)' : 'inactive (dead)'}\n`,
    };
  }
  if (verb === 'reload' && name === 'haproxy') return reloadUnit(invocation);
  if (!isVerb(verb)) return failure(`Unknown operation ${verb}.`);
  if (!found) return failure(`Failed to ${verb} ${name}.service: Unit ${name}.service not found.`, 5);
  if (invocation.who.user !== 'root') {
    return failure(`Failed to ${verb} ${name}.service: Interactive authentication required.`, 4);
  }
  await change(invocation, found, verb);
  return { exit: 0, changed: true };
};

/** Does it. @returns what it did, as init scripts say it */
async function change(
  { sleep, timings }: Invocation,
  found: Service,
  verb: Exclude<Verb, 'status'>,
): Promise<('Stopping' | 'Starting')[]> {
  const done: ('Stopping' | 'Starting')[] = [];
  if (verb !== 'start') {
    if (found.running && found.ignoresStop) await sleep(timings.serviceKill);
    found.stop();
    await sleep(timings.serviceStop);
    done.push('Stopping');
  }
  if (verb !== 'stop') {
    found.start();
    await sleep(timings.serviceStart);
    done.push('Starting');
  }
  return done;
}

function isVerb(verb: string | undefined): verb is Exclude<Verb, 'status'> {
  return verb === 'start' || verb === 'stop' || verb === 'restart';
}

function lsbStatus({ name, running }: Service): Outcome {
  return running
    ? { exit: 0, stdout: `${name} is running.\n` }
    : { exit: 3, stdout: `${name} is not running ... failed!\n` };
}

function job({ name, running, pid }: Service): string {
  return running ? `${name} start/running, process ${pid}` : `${name} stop/waiting`;
}
