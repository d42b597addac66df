import { childrenOf, type Cib, descendants, type Element, VIRTUAL_IP } from './cib';

/** A node on which a resource may not run at the moment. */
export interface Ban {
  /** Of the rule, or of the constraint if that has none. */
  readonly id: string;
  readonly resource: string;
  readonly node: string;
}

/** What the configuration asks for at a moment. */
export interface Policy {
  /** The effective `target-role` of HAProxy's primitive, and the clone's own. */
  readonly targetRole: string | undefined;
  readonly cloneTargetRole: string | undefined;
  readonly managed: boolean;
  readonly maintenance: boolean;
  readonly bans: readonly Ban[];
  /** Whether there are rules of time, in effect or not. */
  readonly timed: boolean;
  /** When one of them ceases to be in effect, in milliseconds since 1970. */
  readonly changesAt: number | undefined;
}

/** What a configuration asked for when it was last read: it never changes, but its rules of time do their work. */
const known = new WeakMap<Element, { readonly seconds: number; readonly policy: Policy }>();

/**
 * Reads the configuration as pacemaker's scheduler does, by the caller's clock, in whole seconds.
 *
 * @param now in milliseconds since 1970
 */
export function policyOf({ root }: Cib, resource: string, now: number): Policy {
  const seconds = Math.floor(now / 1000) * 1000;
  const last = known.get(root);
  if (last && (last.seconds === seconds || !last.policy.timed)) return last.policy;
  const policy = readPolicy(root, resource, seconds);
  known.set(root, { seconds, policy });
  return policy;
}

function readPolicy(root: Element, resource: string, seconds: number): Policy {
  const all = descendants(root);
  const clone = cloneAround(all, resource);
  const find = (id: string) => all.find((one) => one.attributes['id'] === id);
  const own = (id: string, name: string) => metaOf(find(id), name, seconds);
  const inClone = (name: string) => own(resource, name) ?? own(clone, name);
  const dates = all.filter(({ name }) => name === 'date_expression');
  const ends = dates.flatMap((date) => endOf(date) ?? []).filter((end) => end > seconds);
  const maintenance = all.find(({ attributes }) => attributes['name'] === 'maintenance-mode');
  return {
    targetRole: inClone('target-role'),
    cloneTargetRole: own(clone, 'target-role'),
    managed: inClone('is-managed') !== 'false',
    maintenance: maintenance?.attributes['value'] === 'true',
    bans: bansOf(all, resource, clone, seconds),
    timed: dates.length > 0,
    changesAt: ends.length > 0 ? Math.min(...ends) : undefined,
  };
}

/** Whether HAProxy is to be stopped everywhere. Pacemaker takes role names in any case. */
export function isDisabled({ targetRole }: Policy): boolean {
  return targetRole?.toLowerCase() === 'stopped';
}

/** Whether a resource may not run on a node; the clone's bans are its primitive's. */
export function isBanned({ bans }: Policy, resource: 'haproxy' | 'virtual IP', node: string): boolean {
  return bans.some((ban) => ban.node === node && (ban.resource === VIRTUAL_IP) === (resource === 'virtual IP'));
}

/** ID of the clone of a primitive. */
function cloneAround(all: readonly Element[], primitive: string): string {
  const clone = all.find(
    ({ name, children }) => name === 'clone' && children.some((one) => one.attributes['id'] === primitive),
  );
  return clone?.attributes['id'] ?? '';
}

/** The set with the highest score wins, and of several with the same one the last. */
function metaOf(resource: Element | undefined, name: string, now: number): string | undefined {
  if (!resource) return undefined;
  return childrenOf(resource, 'meta_attributes')
    .filter((set) => childrenOf(set, 'rule').every((rule) => holds(rule, undefined, now)))
    .sort((one, other) => scoreOf(one) - scoreOf(other))
    .flatMap((set) => childrenOf(set, 'nvpair').filter((option) => option.attributes['name'] === name))
    .at(-1)?.attributes['value'];
}

function scoreOf({ attributes: { score = '0' } }: Element): number {
  return score === 'INFINITY' ? 1_000_000 : Number(score);
}

/** Of constraints with a score of -INFINITY; pacemaker lists them from the last node on, under the clone's name. */
function bansOf(all: readonly Element[], resource: string, clone: string, now: number): Ban[] {
  const nodes = all.filter(({ name }) => name === 'node').reverse();
  const constraints = all.filter(({ name }) => name === 'rsc_location');
  return constraints.flatMap(({ attributes, children }) => {
    const { id = '', rsc = '', node: only } = attributes;
    const banned = rsc === resource ? clone : rsc;
    const ban = (rule: string, node: string): Ban => ({ id: rule, resource: banned, node });
    if (only !== undefined) return attributes['score'] === '-INFINITY' ? [ban(id, only)] : [];
    return children.flatMap((rule) => {
      if (rule.attributes['score'] !== '-INFINITY') return [];
      return nodes
        .filter((node) => holds(rule, node, now))
        .map((node) => ban(rule.attributes['id'] ?? '', node.attributes['uname'] ?? ''));
    });
  });
}

/** Whether a rule is in effect; on a node, if it speaks of nodes. */
function holds({ attributes, children }: Element, node: Element | undefined, now: number): boolean {
  const each = children.map((child) => {
    if (child.name === 'rule') return holds(child, node, now);
    if (child.name === 'expression') return node !== undefined && isNode(child, node);
    const end = endOf(child);
    return end !== undefined && now < end;
  });
  return attributes['boolean-op'] === 'or' ? each.some(Boolean) : each.every(Boolean);
}

function isNode({ attributes: { attribute, operation, value } }: Element, { attributes: node }: Element): boolean {
  const own = new Map([
    ['#uname', node['uname']],
    ['#id', node['id']],
  ]).get(attribute ?? '');
  if (own === undefined) return false;
  return operation === 'ne' ? value !== own : value === own;
}

/** The end of `operation="lt"`, the only one that is used here, in milliseconds since 1970. */
function endOf({ attributes: { operation, end } }: Element): number | undefined {
  if (operation !== 'lt' || end === undefined) return undefined;
  const [, day, time = '00:00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?: ?(Z|[+-]\d\d:\d\d))?)?$/.exec(end) ?? [];
  const at = day === undefined ? NaN : Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(at) ? undefined : at;
}
