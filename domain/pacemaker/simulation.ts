import { PacemakerUnavailable } from './status';

/** What pacemaker's own scheduler would do: IDs of primitives, without the numbers of instances. */
export interface Simulation {
  /** It would stop every instance, or some, and start none elsewhere. */
  readonly stopped: ReadonlySet<string>;
  /** It would stop and start again, there or elsewhere. */
  readonly interrupted: ReadonlySet<string>;
}

/**
 * The CIB with a resource disabled, to be read by `crm_simulate --xml-pipe --run`. Nothing of it reaches the cluster.
 *
 * @param cib output of `cibadmin -Q`
 * @param primitive ID of the primitive
 * @throws PacemakerUnavailable if the primitive is not in the text
 */
export function withDisabled(cib: string, primitive: string): string {
  const name = primitive.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const tag = new RegExp(`<primitive\\s(?:[^<>]*\\s)?id="${name}"[^<>]*>`).exec(cib);
  if (!tag) throw new PacemakerUnavailable(`The CIB has no primitive ${primitive}.`);
  const [found] = tag;
  // Of several sets the one with the highest score counts.
  const set =
    '<meta_attributes id="magnum-ha-simulated" score="INFINITY">' +
    '<nvpair id="magnum-ha-simulated-target-role" name="target-role" value="Stopped"/></meta_attributes>';
  const opened = found.endsWith('/>') ? `${found.slice(0, -2)}>${set}</primitive>` : `${found}${set}`;
  return cib.slice(0, tag.index) + opened + cib.slice(tag.index + found.length);
}

/**
 * Reads what `crm_simulate --run` prints, whose words are the same from pacemaker 1.1.10 to 3.0: " * Stop vip (node-1)".
 *
 * @throws PacemakerUnavailable if the text has no such summary
 */
export function parseSimulation(text: string, where: string): Simulation {
  const [, summary] = text.split(/^Transition Summary:$/m);
  if (summary === undefined) {
    throw new PacemakerUnavailable(
      `crm_simulate on the ${where} printed no summary. Check pacemaker there: crm_simulate --live-check --run`,
    );
  }
  const stopped = new Set<string>();
  const interrupted = new Set<string>();
  for (const line of summary.split('\n')) {
    const [, action = '', instance = ''] = /^ +\* (\w+) +(\S+)\s+\(/.exec(line) ?? [];
    const id = instance.replace(/:\d+$/, '');
    // What it would like to do, and cannot.
    if (/\bblocked\)?$/.test(line)) continue;
    if (action === 'Stop') stopped.add(id);
    else if (['Restart', 'Recover', 'Move', 'Migrate', 'Demote'].includes(action)) interrupted.add(id);
  }
  return { stopped, interrupted };
}

/**
 * What goes down with a resource: what pacemaker would do if it was disabled, less what it would do anyway.
 *
 * @param primitive its ID, which is left out
 * @param anyway the simulation of the CIB as it is
 */
export function downWith(primitive: string, disabled: Simulation, anyway: Simulation): string[] {
  const all = [...disabled.stopped, ...disabled.interrupted];
  return [...new Set(all)].filter((id) => id !== primitive && !anyway.stopped.has(id) && !anyway.interrupted.has(id));
}
