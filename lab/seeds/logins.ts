import { sudoers } from '../../domain/commands/sudoers';
import { atBoot, edit, onControllers, put, type Variant } from './hosts';

/** An address of the management network that nobody has. */
const NOBODY = '10.21.22.99';

/** Every user sees his own processes only, as hardened hosts have it: proc(5), hidepid. */
export const hiddenProcesses: Variant = onControllers((seeds, host) => {
  atBoot(seeds, host, 'hidepid', 'mount -o remount,hidepid=2 /proc\n');
});

/** sudo lets the document's SSH user run the commands of the catalogue. */
export const allowedBySudo: Variant = onControllers((seeds, host, site) => {
  put(seeds, host, { path: '/etc/sudoers.d/magnum-ha', content: sudoers(site), mode: 0o440 });
});

/** sshd looks clients up by name, and nobody answers: a login takes ten seconds. */
export const deadNameServer: Variant = onControllers((seeds, host) => {
  put(seeds, host, { path: '/etc/resolv.conf', content: `nameserver ${NOBODY}\n` });
  put(seeds, host, { path: '/etc/ssh/sshd_config.d/names.conf', content: 'UseDNS yes\n' });
});

/** A controller does not know itself by name: sudo prints that before everything else. */
export const unknownToItself: Variant = onControllers((seeds, host) => {
  edit(seeds, host, '/etc/hosts', (hosts) => hosts.replace(new RegExp(`^.* ${host}\\n`, 'm'), ''));
});
