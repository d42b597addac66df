import type { Node } from '../commands/node';
import { type HaproxySections, listenersOf, parseSections } from '../config/haproxy-sections';
import { withInput } from '../ssh/command';
import type { Cib, Resource } from './cib';
import { type CibWithText, readCib } from './cluster';
import { stoppedWith } from './dependencies';
import { isSupported, resourceForm } from './resource-form';
import { downWith, parseSimulation, withDisabled } from './simulation';
import { type ClusterStatus, PacemakerUnavailable } from './status';
import { type Hindrances, hindrances } from './ways';

/** What is down while HAProxy is disabled. */
export interface BlastRadius {
  /** HAProxy's listeners, one a line: the section's name, and where it listens. */
  readonly listeners: readonly string[];
  /** IDs of the pacemaker resources that it takes down with it, the VIPs above all. */
  readonly resources: readonly string[];
  /** Whether pacemaker's own scheduler said so, or we have read its CIB ourselves. */
  readonly readBy: 'crm_simulate' | 'ourselves';
  /** The ways in which HAProxy cannot be updated, each with why; a plan has them apart from the rest. */
  readonly hindrances?: Hindrances;
}

/** What `crm_simulate --xml-pipe --run` printed. */
export interface Simulations {
  /** For the CIB with HAProxy disabled: see `withDisabled`. */
  readonly disabled: string;
  /** For the CIB as it is. */
  readonly anyway: string;
}

/**
 * What would go down with HAProxy, as one controller has it. Nothing is changed.
 *
 * @param status as that controller sees it
 * @throws PacemakerUnavailable, and what `run` throws
 */
export async function blastRadius(node: Node, status: ClusterStatus): Promise<BlastRadius> {
  const [sections, { text, cib }] = await Promise.all([haproxySections(node), readCib(node)]);
  const form = resourceForm(cib, node.site.haproxy.resource);
  const listeners = listenersOf(sections);
  // A finding of Preflight.
  if (!isSupported(form)) return { listeners, resources: [], readBy: 'ourselves' };
  const simulations = await simulate(node, { text, cib }, form.primitive);
  return {
    listeners,
    ...downWithHaproxy(cib, form.primitive, status.running, simulations, node.where),
    hindrances: hindrances(node.site, cib, status, form),
  };
}

/** What HAProxy's configuration on a controller says of its sections. */
export async function haproxySections(node: Node): Promise<HaproxySections> {
  const command = node.commands.haproxySections;
  const outcome = await node.attempt(command);
  if (outcome.exitCode > 1) throw node.failure(command, outcome);
  // 1 is that there is none.
  return parseSections(outcome.exitCode === 0 ? outcome.stdout : '', node.site.haproxy);
}

/** @returns undefined if the site has no crm_simulate, or it does not do its work */
async function simulate(node: Node, { text }: CibWithText, primitive: Resource): Promise<Simulations | undefined> {
  const printed = await Promise.all(
    [withDisabled(text, primitive.id), text].map((cib) => node.attempt(withInput(node.commands.simulate, cib))),
  );
  const [disabled, anyway] = printed.map(({ exitCode, stdout }) => (exitCode === 0 ? stdout : undefined));
  return disabled === undefined || anyway === undefined ? undefined : { disabled, anyway };
}

/**
 * What pacemaker stops with HAProxy, of what runs.
 *
 * @param running IDs of the primitives that run somewhere, from `ClusterStatus`
 * @param simulations none if there are none
 */
export function downWithHaproxy(
  cib: Cib,
  haproxy: Resource,
  running: ReadonlySet<string>,
  simulations: Simulations | undefined,
  where: string,
): Pick<BlastRadius, 'resources' | 'readBy'> {
  try {
    if (simulations) {
      const disabled = parseSimulation(simulations.disabled, where);
      const anyway = parseSimulation(simulations.anyway, where);
      return { resources: downWith(haproxy.id, disabled, anyway), readBy: 'crm_simulate' };
    }
  } catch (error) {
    // It printed something else.
    if (!(error instanceof PacemakerUnavailable)) throw error;
  }
  const stopped = stoppedWith(cib, haproxy).map(({ id }) => id);
  return { resources: stopped.filter((id) => running.has(id)), readBy: 'ourselves' };
}
