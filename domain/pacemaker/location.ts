import { ancestors, type Cib, type CibNode, type Resource } from './cib';
import { holds, INFINITY, isPromoted, isTrue, resolved, type RuleFacts, same, scoreOf } from './rules';
import { all, type Element } from './xml';

/** A location constraint that keeps a resource off a node. */
export interface Ban {
  /** ID of the constraint. */
  readonly id: string;
  /** ID of the resource that it names. */
  readonly resource: string;
  /** Whether `crm_resource --ban` or `--move` (and so pcs and crmsh) made it: `clear` removes it. */
  readonly cleared: boolean;
  /** Whether a rule may end it, by a date or an attribute. */
  readonly ruled: boolean;
}

/** Where pacemaker may run a resource. */
export interface Location {
  /** Whether its location constraints let it run on the node. */
  readonly allowed: boolean;
  /** The constraints that keep it off. None if it is not allowed: then no constraint lets it run on this node, which it needs. */
  readonly bans: readonly Ban[];
}

/** What the location constraints of an instance of a primitive come to on one node. */
export function locationOn(cib: Cib, primitive: Resource, node: CibNode): Location {
  const ids = new Set([primitive, ...ancestors(primitive)].map(({ id }) => id));
  const facts: RuleFacts = { now: cib.now, attributes: node.attributes, byId: cib.byId };
  const scores = cib.constraints
    .filter(({ name }) => name === 'rsc_location')
    .flatMap((constraint) =>
      namedIn(constraint, cib, ids).flatMap((resource) =>
        scoresOn(constraint, node, facts).map((one) => ({ ...one, constraint, resource })),
      ),
    );
  const symmetric = cib.properties.get('symmetric-cluster');
  const total = scores.some(({ score }) => score <= -INFINITY)
    ? -INFINITY
    : scores.reduce((sum, { score }) => sum + score, 0);
  const allowed = total >= 0 && (symmetric === undefined || isTrue(symmetric) || scores.length > 0);
  const bans = scores
    .filter(({ score }) => !allowed && score < 0)
    .map(({ constraint: { attributes }, resource, ruled }) => {
      const id = attributes['id'] ?? '';
      return { id, resource, cleared: /^cli-(ban|prefer|standby)-/.test(id), ruled };
    });
  return { allowed, bans };
}

/** Names of the nodes on which pacemaker may run a primitive, as far as its constraints go: also while it is stopped. */
export function mayRunOn(cib: Cib, primitive: Resource): string[] {
  return cib.nodes.filter((node) => locationOn(cib, primitive, node).allowed).map(({ name }) => name);
}

/** Those of these IDs that the constraint is about. */
function namedIn(constraint: Element, cib: Cib, ids: ReadonlySet<string>): string[] {
  const { rsc, 'rsc-pattern': pattern } = constraint.attributes;
  const named = [
    ...(rsc === undefined ? [] : [rsc]),
    ...all(constraint, 'resource_set').flatMap((set) =>
      all(resolved(set, cib.byId), 'resource_ref').map(({ attributes }) => attributes['id'] ?? ''),
    ),
  ].flatMap((id) => cib.standsFor.get(id)?.ids ?? [id]);
  const matches = pattern === undefined ? () => false : matcher(pattern);
  // A pattern is compared with what is outermost.
  const outermost = [...ids].at(-1) ?? '';
  return [...new Set([...named.filter((id) => ids.has(id)), ...(matches(outermost) ? [outermost] : [])])];
}

/** Patterns with repeated groups could take for ever, and nobody writes them: they match nothing here. */
function matcher(pattern: string): (id: string) => boolean {
  const inverted = pattern.startsWith('!');
  const expression = inverted ? pattern.slice(1) : pattern;
  if (!/^[\w.:^$|*+-]{1,200}$/.test(expression) || (expression.match(/[*+]/g)?.length ?? 0) > 3) return () => false;
  try {
    const compiled = new RegExp(expression);
    return (id) => compiled.test(id) !== inverted;
  } catch {
    return () => false;
  }
}

function scoresOn(constraint: Element, node: CibNode, facts: RuleFacts): { score: number; ruled: boolean }[] {
  const { node: name, score } = constraint.attributes;
  // One for promoted instances keeps none from running.
  if (name !== undefined && score !== undefined) {
    return same(name, node.name) && !isPromoted(constraint.attributes['role'])
      ? [{ score: scoreOf(score), ruled: false }]
      : [];
  }
  return all(constraint, 'rule')
    .map((rule) => resolved(rule, facts.byId))
    .filter((rule) => !isPromoted(rule.attributes['role']) && holds(rule, facts) === true)
    .map(({ attributes }) => {
      const attribute = attributes['score-attribute'];
      // A node without the attribute counts as one that is banned.
      const text = attribute === undefined ? attributes['score'] : (node.attributes.get(attribute) ?? '-INFINITY');
      return { score: scoreOf(text), ruled: true };
    });
}
