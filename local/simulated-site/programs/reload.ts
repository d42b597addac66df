import type { Generation } from '../generations';
import { failure, type Invocation, type Outcome, type Program } from './program';

/**
 * What pacemaker starts HAProxy with, as far as it reloads it: Fuel's agent (fuel-library, files/fuel-ha-utils/ocf/ns_haproxy), or
 * Debian's init script (debian/haproxy.init). Both start HAProxy with -sf and the number in the PID file, or anew if it does not run,
 * and fail if the new process does: then the old one serves on.
 */
export function reloadsOf({ haproxyAgent }: Generation): readonly (readonly [path: string, program: Program])[] {
  const { class: standard, provider = '', type } = haproxyAgent;
  if (standard === 'lsb') return [[`/etc/init.d/${type}`, initScript]];
  if (standard === 'ocf') return [[`/usr/lib/ocf/resource.d/${provider}/${type}`, agent]];
  return [];
}

const initScript: Program = async (invocation) => {
  if (invocation.arguments.join(' ') !== 'reload') return failure('Usage: /etc/init.d/haproxy reload', 2);
  const reloaded = await reload(invocation);
  return reloaded
    ? { exit: 0, stdout: 'Reloading haproxy: haproxy.\n', changed: true }
    : { exit: 2, stdout: 'Reloading haproxy: haproxy failed!\n' };
};

const agent: Program = async (invocation) => {
  if (invocation.arguments.join(' ') !== 'reload') return failure('Usage: ns_haproxy reload', 3);
  const reloaded = await reload(invocation);
  return reloaded ? { exit: 0, changed: true } : failure('ocf-exit-reason:Error. haproxy daemon returned error 1.');
};

/** ExecReload of haproxy.service: `haproxy -c`, then SIGUSR2 to the master, of which nobody waits what it comes to. */
export async function reloadUnit(invocation: Invocation): Promise<Outcome> {
  const { controller, who } = invocation;
  if (controller.generation.haproxyAgent.class !== 'systemd' || !controller.runsHaproxy) {
    return failure('haproxy.service is not active, cannot reload.');
  }
  if (who.user !== 'root') return failure('Failed to reload haproxy.service: Interactive authentication required.', 4);
  const reloaded = await reload(invocation);
  if (reloaded || controller.haproxyWillNotStart) return { exit: 0, changed: reloaded };
  return failure('Job for haproxy.service failed.\nSee "systemctl status haproxy.service" for details.');
}

async function reload({ controller, sleep, timings, who }: Invocation): Promise<boolean> {
  if (who.user !== 'root') return false;
  // The number is read first, and the new process takes over when it has read its configuration.
  const of = controller.haproxyPid;
  await sleep(timings.haproxyCheck);
  return controller.reload({ ...(of !== undefined && { of }) });
}
