import { failure, type Program } from './program';

/** service NAME start|stop|restart|status, as init scripts of the LSB answer. */
export const service: Program = async (invocation) => {
  const [name, verb] = invocation.arguments;
  if (name === undefined)
    return failure('Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]');
  const found = invocation.controller.services.get(name);
  if (!found) return failure(`${name}: unrecognized service`);
  const { timings, who } = invocation;
  if (verb === 'status') {
    return found.running
      ? { exit: 0, stdout: `${name} is running.\n` }
      : { exit: 3, stdout: `${name} is not running ... failed!\n` };
  }
  if (verb !== 'start' && verb !== 'stop' && verb !== 'restart') {
    return { exit: 2, stdout: `usage: /etc/init.d/${name} {start|stop|restart|status}\n` };
  }
  if (who.user !== 'root') return failure(`start-stop-daemon: unable to stat /run/${name}.pid (Permission denied)`, 2);
  let stdout = '';
  if (verb !== 'start') {
    if (found.running && found.ignoresStop) await invocation.sleep(timings.serviceKill);
    found.stop();
    await invocation.sleep(timings.serviceStop);
    stdout += `Stopping ${name}:.\n`;
  }
  if (verb !== 'stop') {
    found.start();
    await invocation.sleep(timings.serviceStart);
    stdout += `Starting ${name}:.\n`;
  }
  return { exit: 0, stdout, changed: true };
};
