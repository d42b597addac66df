import type { Node } from '../commands/node';
import type { Cib, Resource } from './cib';
import { stoppedWith } from './dependencies';
import { downWith, parseSimulation } from './simulation';
import { PacemakerUnavailable, rootOf } from './status';
import { all, type Element } from './xml';

/** What is down while HAProxy is disabled. */
export interface BlastRadius {
  /** HAProxy's listeners, one a line: the section's name, and where it listens. */
  readonly listeners: readonly string[];
  /** IDs of the pacemaker resources that it takes down with it, the VIPs above all. */
  readonly resources: readonly string[];
}

/** What pacemaker stops with HAProxy, and how we know. */
export interface DownWith {
  /** IDs of primitives. */
  readonly resources: readonly string[];
  /** Pacemaker's own scheduler said so, or we have read the CIB ourselves. */
  readonly readBy: 'crm_simulate' | 'ourselves';
}

/** What `crm_simulate --xml-pipe --run` printed. */
export interface Simulations {
  /** For the CIB with HAProxy disabled: see `withDisabled`. */
  readonly disabled: string;
  /** For the CIB as it is. */
  readonly anyway: string;
}

/**
 * What pacemaker stops with HAProxy, of what runs.
 *
 * @param running IDs of the primitives that run somewhere, from `ClusterStatus`
 * @param simulations none if the site has no crm_simulate
 * @throws PacemakerUnavailable if crm_simulate printed something else
 */
export function downWithHaproxy(
  cib: Cib,
  haproxy: Resource,
  running: ReadonlySet<string>,
  simulations: Simulations | undefined,
  where: string,
): DownWith {
  if (simulations) {
    const disabled = parseSimulation(simulations.disabled, where);
    const anyway = parseSimulation(simulations.anyway, where);
    return { resources: downWith(haproxy.id, disabled, anyway), readBy: 'crm_simulate' };
  }
  const stopped = stoppedWith(cib, haproxy).map(({ id }) => id);
  return { resources: stopped.filter((id) => running.has(id)), readBy: 'ourselves' };
}

/** HAProxy's listeners and pacemaker's constraints, as a controller has them. */
export interface Dependents {
  readonly listeners: readonly string[];
  readonly constraints: readonly Dependency[];
}

/** A resource that pacemaker stops where another one stops. */
interface Dependency {
  readonly resource: string;
  readonly on: string;
}

/**
 * Reads what depends on HAProxy from one controller. Nothing is changed.
 *
 * @throws PacemakerUnavailable, and what `run` throws
 */
export async function dependents(node: Node): Promise<Dependents> {
  const { commands } = node;
  const [listeners, constraints] = await Promise.all([
    node.attempt(commands.listeners),
    node.attempt(commands.constraints),
  ]);
  if (listeners.exitCode > 1) throw node.failure(commands.listeners, listeners);
  if (constraints.exitCode !== 0) {
    // As pacemaker says that it is not connected to its cluster: from 2.0 on 102, before with one of many numbers.
    if (!/not connected/i.test(constraints.stderr) && constraints.exitCode !== 102) {
      throw node.failure(commands.constraints, constraints);
    }
    throw new PacemakerUnavailable(`cibadmin on ${node.where} gives no constraints. Check pacemaker there: crm_mon -1`);
  }
  return {
    // 1 is that there is none.
    listeners: listeners.exitCode === 0 ? parseListeners(listeners.stdout) : [],
    constraints: parseConstraints(constraints.stdout, node.where),
  };
}

/** @param ids under which constraints may name HAProxy's resource: the primitive's, and its clone's */
export function blastRadius({ listeners, constraints }: Dependents, ids: readonly string[]): BlastRadius {
  const down = new Set(ids);
  // A set is iterated over what is added meanwhile too: what goes down takes others with it.
  for (const id of down) for (const { resource, on } of constraints) if (on === id) down.add(resource);
  return { listeners, resources: [...down].filter((id) => !ids.includes(id)) };
}

/**
 * Reads lines of HAProxy's configuration on which sections begin, and `bind` lines. Of these only the address counts:
 * what comes behind it names certificates and keys.
 */
export function parseListeners(lines: string): string[] {
  const sections: { name: string; addresses: string[] }[] = [];
  for (const line of lines.split('\n')) {
    const [keyword = '', first = '', second] = line.trim().split(/\s+/);
    if (keyword === 'bind') sections.at(-1)?.addresses.push(first);
    // Before HAProxy 1.5 a section could say itself where it listens.
    else if (keyword !== '') sections.push({ name: first, addresses: second?.includes(':') ? [second] : [] });
  }
  return sections.flatMap(({ name, addresses }) =>
    addresses.length > 0 ? [`${name} (${addresses.join(', ').replaceAll(/,(?=\S)/g, ', ')})`] : [],
  );
}

/**
 * Reads the output of `cibadmin -Q -o constraints`: colocations that are mandatory, and orders that are.
 *
 * @throws PacemakerUnavailable where the text is no such output
 */
export function parseConstraints(xml: string, where: string): Dependency[] {
  const problem = `cibadmin on the ${where} printed no constraints`;
  const constraints = rootOf(xml, ['constraints'], problem, 'cibadmin -Q -o constraints');
  return [
    ...all(constraints, 'rsc_colocation').filter(isInfinite).flatMap(colocated),
    ...all(constraints, 'rsc_order').filter(isMandatory).flatMap(ordered),
  ];
}

function isInfinite({ attributes: { score } }: Element): boolean {
  return /^\+?INFINITY$/i.test(String(score)) || Number(score) >= 1_000_000;
}

/** Of an order that is not symmetrical, or is one of other actions, a stop of the first stops nothing. */
function isMandatory({ attributes: order }: Element): boolean {
  const { kind, score, symmetrical } = order;
  const started = (action: unknown) => action === undefined || action === 'start';
  return (
    (kind === undefined ? score !== '0' : kind === 'Mandatory') &&
    symmetrical !== 'false' &&
    started(order['first-action']) &&
    started(order['then-action'])
  );
}

/** In a set each resource goes with the one before it; of several sets each goes with the one behind it. */
function colocated(colocation: Element): Dependency[] {
  const { rsc, 'with-rsc': withRsc } = colocation.attributes;
  if (typeof rsc === 'string' && typeof withRsc === 'string') return [{ resource: rsc, on: withRsc }];
  const sets = setsOf(colocation);
  return [...sets.flatMap(inSequence), ...sets.flatMap(({ ids }, index) => each(ids, sets[index + 1]?.ids ?? []))];
}

/** In a set, and of several sets, each comes after the one before it. */
function ordered(order: Element): Dependency[] {
  const { first, then } = order.attributes;
  if (typeof first === 'string' && typeof then === 'string') return [{ resource: then, on: first }];
  const sets = setsOf(order);
  return [...sets.flatMap(inSequence), ...sets.flatMap(({ ids }, index) => each(ids, sets[index - 1]?.ids ?? []))];
}

interface ResourceSet {
  readonly ids: readonly string[];
  readonly sequential: boolean;
}

function setsOf(constraint: Element): ResourceSet[] {
  return all(constraint, 'resource_set').map((set) => ({
    ids: all(set, 'resource_ref').map(({ attributes }) => attributes['id'] ?? ''),
    sequential: set.attributes['sequential'] !== 'false',
  }));
}

function inSequence({ ids, sequential }: ResourceSet): Dependency[] {
  return sequential ? ids.slice(1).map((resource, index) => ({ resource, on: ids[index] ?? '' })) : [];
}

function each(resources: readonly string[], on: readonly string[]): Dependency[] {
  return resources.flatMap((resource) => on.map((one) => ({ resource, on: one })));
}
