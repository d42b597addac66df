import { ancestors, type Cib, metaAttribute, type Resource } from './cib';
import { INFINITY, isPromoted, isTrue, resolved, same, scoreOf } from './rules';
import { all, type Element } from './xml';

/**
 * What pacemaker stops when it stops a resource everywhere, as we read the CIB ourselves. `crm_simulate` knows better, as it
 * is pacemaker's own scheduler: this is for sites that do not have it.
 *
 * @returns the primitives besides it, in the order of the CIB
 */
export function stoppedWith(cib: Cib, primitive: Resource): Resource[] {
  const all = dependencies(cib);
  const waiting = new Map(all.map((one) => [one, one.any ? new Set(one.on).size : 1]));
  const on = indexed(all, (one) => one.on);
  return reached(cib, primitive, (id) =>
    (on.get(id) ?? []).flatMap((one) => {
      const left = (waiting.get(one) ?? 0) - 1;
      waiting.set(one, left);
      return left === 0 ? one.resources : [];
    }),
  );
}

/** The primitives without which this one cannot start, as we read the CIB. */
export function needs(cib: Cib, primitive: Resource): Resource[] {
  const of = indexed(dependencies(cib), (one) => one.resources);
  return reached(cib, primitive, (id) => (of.get(id) ?? []).flatMap(({ on, any }) => (any && on.length > 1 ? [] : on)));
}

/** The primitives that are reached from one, step by step; each step is asked for once. */
function reached(cib: Cib, from: Resource, step: (id: string) => readonly string[]): Resource[] {
  const found = new Set([from.id]);
  // A set is iterated over what is added meanwhile, too.
  for (const id of found) for (const next of step(id)) found.add(next);
  return [...cib.resources.values()].filter((one) => one.kind === 'primitive' && one !== from && found.has(one.id));
}

function indexed(all: readonly Dependency[], by: (one: Dependency) => readonly string[]): Map<string, Dependency[]> {
  const index = new Map<string, Dependency[]>();
  for (const one of all) {
    for (const id of new Set(by(one))) {
      const known = index.get(id);
      if (known) known.push(one);
      else index.set(id, [one]);
    }
  }
  return index;
}

/**
 * Resources that stop when one of others stops, or with `any` when all of them do. A primitive is its ID. What is around
 * primitives has two names: `in ID`, with which its members stop, and `out ID`, which stops with them.
 */
interface Dependency {
  readonly resources: readonly string[];
  readonly on: readonly string[];
  readonly any: boolean;
}

function dependencies(cib: Cib): Dependency[] {
  return [
    ...[...cib.resources.values()].flatMap((resource) => inside(cib, resource)),
    ...cib.constraints.filter(({ name }) => name === 'rsc_colocation').flatMap((one) => colocated(cib, one)),
    ...cib.constraints.filter(({ name }) => name === 'rsc_order').flatMap((one) => ordered(cib, one)),
  ];
}

/** Of what is around primitives: its members, and in a group each needs the one before it. */
function inside(cib: Cib, resource: Resource): Dependency[] {
  if (resource.kind === 'primitive') return [];
  const { id, children, kind } = resource;
  const isOff = (name: string) => {
    const setting = metaAttribute(cib, resource, name);
    return setting !== undefined && setting !== 'unknown' && !isTrue(setting.value);
  };
  const chained = kind === 'group' && !(isOff('ordered') && isOff('collocated'));
  return [
    { resources: children.map(into), on: [`in ${id}`], any: false },
    { resources: [`out ${id}`], on: children.map(out), any: false },
    ...(chained ? chain(children) : []),
  ];
}

function into({ kind, id }: Resource): string {
  return kind === 'primitive' ? id : `in ${id}`;
}

function out({ kind, id }: Resource): string {
  return kind === 'primitive' ? id : `out ${id}`;
}

/** What must run where this runs goes with it: of a group in a clone, pacemaker looks at the first member only. */
function place(resource: Resource): string {
  const [first] = resource.children;
  if (resource.kind === 'clone' && first) return place(first);
  return resource.kind === 'group' && resource.parent && first ? place(first) : out(resource);
}

/** What a constraint names: a resource, or those that a tag or template stands for. */
function named(cib: Cib, id: string | undefined): Resource[] {
  const ids = cib.standsFor.get(id ?? '')?.ids ?? [id ?? ''];
  return ids.flatMap((one) => {
    const resource = cib.resources.get(one);
    if (!resource) return [];
    // What is in a clone or a bundle stands for the whole of it.
    const whole = ancestors(resource).find(({ kind }) => kind === 'clone' || kind === 'bundle');
    return [whole ?? resource];
  });
}

/** The resources of a set, and what is said of them. */
interface ResourceSet {
  readonly resources: readonly Resource[];
  readonly sequential: boolean;
  readonly attributes: Element['attributes'];
}

function setsOf(cib: Cib, constraint: Element): ResourceSet[] {
  return all(constraint, 'resource_set').map((reference) => {
    const set = resolved(reference, cib.byId);
    return {
      resources: all(set, 'resource_ref').flatMap(({ attributes }) => named(cib, attributes['id'])),
      sequential: set.attributes['sequential'] === undefined || isTrue(set.attributes['sequential']),
      attributes: set.attributes,
    };
  });
}

function colocated(cib: Cib, element: Element): Dependency[] {
  const constraint = element.attributes;
  const infinite = (score: string | undefined) => scoreOf(score) >= INFINITY;
  const sets = setsOf(cib, element);
  if (sets.length === 0) {
    const { rsc, 'with-rsc': withRsc, score } = constraint;
    // Only its promoted role goes.
    if (!infinite(score) || isPromoted(constraint['rsc-role'])) return [];
    return [pair(named(cib, rsc), named(cib, withRsc), place)];
  }
  return sets.flatMap((set, index) => {
    const next = sets[index + 1];
    const { resources, sequential, attributes } = set;
    const chained =
      sequential && infinite(attributes['score'] ?? constraint['score']) && !isPromoted(attributes['role']);
    // In a set each goes with the one before it, or if it is merely listed with the one after it.
    const order = attributes['ordering'] === 'listed' ? [...resources].reverse() : resources;
    const between =
      next && infinite(constraint['score']) && !isPromoted(attributes['role'])
        ? [
            pair(
              sequential ? resources.slice(0, 1) : resources,
              next.sequential ? next.resources.slice(-1) : next.resources,
              place,
            ),
          ]
        : [];
    return [...(chained ? chain(order, place) : []), ...between];
  });
}

/**
 * Only orders that are mandatory, and only of starts. One that is not symmetrical counts, too: pacemaker 2.0 and later stop what
 * could not start any more, 1.1 does not.
 */
function ordered(cib: Cib, element: Element): Dependency[] {
  const constraint = element.attributes;
  const sets = setsOf(cib, element);
  const mandatory = (of: Element['attributes'] = {}) => {
    const { kind, score } = { ...constraint, ...of };
    return kind === undefined ? score === undefined || scoreOf(score) !== 0 : same(kind, 'mandatory');
  };
  if (sets.length === 0) {
    const first = constraint['first-action'] ?? 'start';
    const then = constraint['then-action'] ?? first;
    if (!mandatory() || !['start', 'promote'].includes(first) || then !== 'start') return [];
    return [pair(named(cib, constraint['then']), named(cib, constraint['first']))];
  }
  const starts = ({ attributes }: ResourceSet) => ['start', 'promote'].includes(attributes['action'] ?? 'start');
  return sets.flatMap((set, index) => {
    const next = sets[index + 1];
    const { resources, sequential, attributes } = set;
    const chained = sequential && mandatory(attributes) && (attributes['action'] ?? 'start') === 'start';
    const follows = next && mandatory() && starts(set) && (next.attributes['action'] ?? 'start') === 'start';
    const any = attributes['require-all'] !== undefined && !isTrue(attributes['require-all']);
    const between = follows ? [{ ...pair(next.resources, resources), any }] : [];
    return [...(chained ? chain(resources) : []), ...between];
  });
}

function pair(resources: readonly Resource[], on: readonly Resource[], name = out): Dependency {
  return { resources: resources.map(into), on: on.map(name), any: false };
}

function chain(resources: readonly Resource[], name = out): Dependency[] {
  return resources.slice(1).map((one, index) => pair([one], resources.slice(index, index + 1), name));
}
