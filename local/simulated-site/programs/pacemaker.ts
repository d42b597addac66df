import { crmMonXml, NOT_CONNECTED } from '../crm-mon';
import type { Pacemaker } from '../pacemaker';
import { failure, type Outcome, type Program } from './program';

const VERSION = `Pacemaker 2.1.5
Written by Andrew Beekhof and the Pacemaker project contributors
`;

/** crm_mon -1 -r --output-as=xml, and crm_mon --version */
export const crmMon: Program = async ({ arguments: options, controller, pacemaker, sleep, timings, who }) => {
  if (options.join(' ') === '--version') return { exit: 0, stdout: VERSION };
  if (options.join(' ') !== '-1 -r --output-as=xml') return failure(`crm_mon: Unknown option ${options[0] ?? ''}`, 64);
  await sleep(timings.crmMon);
  const view = who.user === 'root' ? pacemaker.view(controller.name) : undefined;
  if (!view) return { exit: 102, stdout: NOT_CONNECTED };
  return { exit: 0, stdout: crmMonXml(pacemaker, view) };
};

/** pcs resource disable|enable|manage|unmanage RESOURCE, and pcs property set maintenance-mode=true|false */
export const pcs: Program = async ({ arguments: given, controller, pacemaker, sleep, timings, who }) => {
  const change = changeOf(given, controller.name, pacemaker);
  if (!change) return { exit: 1, stderr: `\nUsage: pcs ${given[0] ?? '[-f file] [-h] [commands]'}...\n` };
  await sleep(timings.cibChange);
  if (who.user !== 'root' || !pacemaker.view(controller.name)) return failure('Error: unable to get cib');
  const outcome = change();
  await sleep(timings.pcs - timings.cibChange);
  return outcome;
};

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
      if (!known) return unknownResource(what);
      pacemaker.setManaged(verb === 'manage');
      return { exit: 0, changed: true };
    };
  }
  return undefined;

  function setDisabled(disabled: boolean): Outcome {
    const changed = pacemaker.setDisabled(from, what, disabled);
    if (changed === undefined) return unknownResource(what);
    const { managed, maintenance: idle } = pacemaker.view(from)?.policy ?? { managed: true, maintenance: false };
    // Whoever enables the primitive enables the clone too.
    const concerned = disabled ? [what] : [...new Set([pacemaker.clone, what])];
    const warnings = concerned.map((one) => `Warning: '${one}' is unmanaged\n`).join('');
    return { exit: 0, changed, stderr: managed && !idle ? '' : warnings };
  }
}

function unknownResource(resource: string): Outcome {
  return failure(
    `Error: bundle/clone/group/resource/tag '${resource}' does not exist\n` +
      'Error: Errors have occurred, therefore pcs is unable to continue',
  );
}
