import { since } from '../generations';
import type { Pacemaker } from '../pacemaker';
import { failure, type Outcome, type Program } from './program';

/**
 * pcs resource disable|enable|manage|unmanage RESOURCE, and pcs property set maintenance-mode=true|false. Texts are those of
 * 0.10 to 0.12, which were recorded, and of 0.9.149 and 0.9.169 as their sources have them.
 */
export const pcs: Program = async ({ arguments: given, controller, pacemaker, sleep, timings, who }) => {
  const change = changeOf(given, controller.name, pacemaker);
  if (!change) return { exit: 1, stderr: `\nUsage: pcs ${given[0] ?? '[-f file] [-h] [commands]'}...\n` };
  await sleep(timings.cibChange);
  if (who.user !== 'root' || !pacemaker.view(controller.name)) return failure('Error: unable to get cib');
  const outcome = change();
  await sleep(timings.pcs - timings.cibChange);
  // 0.9 prints warnings that 0.10 does not print.
  const { stderr = '', exit } = outcome;
  const isOld = !since(versionOf(pacemaker), '0.10');
  return isOld && exit === 0 ? { ...outcome, stdout: stderr, stderr: '' } : outcome;
};

function versionOf({ generation }: Pacemaker): string {
  return generation.shells.pcs ?? '';
}

function changeOf(
  [area, verb, what = '', ...more]: readonly string[],
  from: string,
  pacemaker: Pacemaker,
): (() => Outcome) | undefined {
  if (more.length > 0) return undefined;
  const [, maintenance] = /^maintenance-mode=(true|false)$/.exec(what) ?? [];
  if (area === 'property' && verb === 'set' && maintenance !== undefined) {
    return () => {
      pacemaker.setMaintenance(maintenance === 'true');
      return { exit: 0, changed: true };
    };
  }
  if (area !== 'resource' || what === '') return undefined;
  const known = what === pacemaker.resource || what === pacemaker.clone;
  if (verb === 'disable' || verb === 'enable') return () => setDisabled(verb === 'disable');
  if (verb === 'manage' || verb === 'unmanage') {
    return () => {
      if (!known) return unknownResource(pacemaker, what);
      pacemaker.setManaged(verb === 'manage');
      return { exit: 0, changed: true };
    };
  }
  return undefined;

  function setDisabled(disabled: boolean): Outcome {
    const changed = pacemaker.setDisabled(from, what, disabled);
    if (changed === undefined) return unknownResource(pacemaker, what);
    const { managed, maintenance: idle } = pacemaker.view(from)?.policy ?? { managed: true, maintenance: false };
    // Enabling the primitive enables the clone too.
    const concerned = disabled ? [what] : [...new Set([pacemaker.clone, what])];
    const warnings = concerned.map((one) => `Warning: '${one}' is unmanaged\n`).join('');
    return { exit: 0, changed, stderr: managed && !idle ? '' : warnings };
  }
}

function unknownResource(pacemaker: Pacemaker, resource: string): Outcome {
  const version = versionOf(pacemaker);
  if (!since(version, '0.9.160')) {
    return failure(`Error: unable to find a resource/clone/master/group: ${resource}`);
  }
  if (!since(version, '0.10')) return failure(`Error: bundle/clone/group/master/resource '${resource}' does not exist`);
  return failure(
    `Error: bundle/clone/group/resource/tag '${resource}' does not exist\n` +
      'Error: Errors have occurred, therefore pcs is unable to continue',
  );
}
