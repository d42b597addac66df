import { all, child, type Element } from './xml';

/** What a rule is about. */
export interface RuleFacts {
  /** The controller's clock, in seconds since 1970. */
  readonly now: number;
  /** A node's attributes; none if the rule is about no node. */
  readonly attributes?: ReadonlyMap<string, string>;
  /** Of the resource, as "class:provider:type". */
  readonly agent?: string;
  /** Finds an element by its ID. */
  readonly byId: ReadonlyMap<string, Element>;
}

/** The Earth's time zones differ from UTC by up to 14 hours. */
const ZONES_SECONDS = 14 * 3600;

/**
 * Whether a rule of the CIB holds; undefined if it depends on what we do not know: the time zone of the controller above all,
 * in which pacemaker reads a `date_spec` and times without a zone.
 */
export function holds(rule: Element, facts: RuleFacts): boolean | undefined {
  return evaluate(rule, facts, 0);
}

/** An element, or the one it refers to by `id-ref`. */
export function resolved(element: Element, byId: ReadonlyMap<string, Element>): Element {
  return byId.get(element.attributes['id-ref'] ?? '') ?? element;
}

function evaluate(reference: Element, facts: RuleFacts, depth: number): boolean | undefined {
  // References could go in a circle.
  if (depth > 10) return undefined;
  const rule = resolved(reference, facts.byId);
  const or = same(rule.attributes['boolean-op'], 'or');
  const results = rule.children.map((one) => {
    switch (one.name) {
      case 'rule':
        return evaluate(one, facts, depth + 1);
      case 'expression':
        return compare(one, facts.attributes);
      case 'date_expression':
        return dateHolds(one, facts.now);
      case 'rsc_expression':
        return agentMatches(one, facts.agent);
      default:
        return undefined;
    }
  });
  if (results.includes(or)) return or;
  return results.includes(undefined) ? undefined : !or;
}

function compare({ attributes: expression }: Element, attributes: ReadonlyMap<string, string> | undefined) {
  const { attribute = '', operation, value, type } = expression;
  const found = attributes?.get(attribute);
  // The value is then the name of a parameter or meta attribute.
  if (expression['value-source'] !== undefined && expression['value-source'] !== 'literal') return undefined;
  if (operation === 'defined') return found !== undefined;
  if (operation === 'not_defined') return found === undefined;
  if (found === undefined || value === undefined) {
    return operation === 'ne' ? found !== value : operation === 'eq' ? found === value : false;
  }
  const numbers = type === undefined ? ['lt', 'lte', 'gt', 'gte'].includes(operation ?? '') : type !== 'string';
  const order =
    type === 'version'
      ? compareVersions(found, value)
      : numbers && !Number.isNaN(Number(found)) && !Number.isNaN(Number(value))
        ? Math.sign(Number(found) - Number(value))
        : compareTexts(found.toLowerCase(), value.toLowerCase());
  switch (operation) {
    case 'eq':
      return order === 0;
    case 'ne':
      return order !== 0;
    case 'lt':
      return order < 0;
    case 'lte':
      return order <= 0;
    case 'gt':
      return order > 0;
    case 'gte':
      return order >= 0;
    default:
      return false;
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareVersions(a: string, b: string): number {
  const [first, second] = [a, b].map((version) => version.split('.').map(Number));
  for (let index = 0; index < Math.max(first?.length ?? 0, second?.length ?? 0); index++) {
    const difference = (first?.[index] ?? 0) - (second?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function agentMatches({ attributes }: Element, agent: string | undefined): boolean {
  const [standard, ...rest] = agent?.split(':') ?? [];
  const [provider, type] = rest.length > 1 ? rest : [undefined, rest[0]];
  const wanted = { class: standard, provider, type };
  return Object.entries(wanted).every(([name, value]) => attributes[name] === undefined || attributes[name] === value);
}

function dateHolds(expression: Element, now: number): boolean | undefined {
  const { operation, start, end } = expression.attributes;
  const from = start === undefined ? undefined : instant(start);
  const duration = child(expression, 'duration');
  const to = end !== undefined ? instant(end) : duration && from ? after(from, duration) : undefined;
  // Below 0 before that time, above 0 after it.
  const sinceStart = from && sinceThen(from, now);
  const sinceEnd = to && sinceThen(to, now);
  switch (operation ?? 'in_range') {
    case 'gt':
      return sinceStart === undefined ? undefined : sinceStart > 0;
    case 'lt':
      return sinceEnd === undefined ? undefined : sinceEnd < 0;
    case 'in_range': {
      const begun = start === undefined ? true : sinceStart === undefined ? undefined : sinceStart >= 0;
      const going = end === undefined && !duration ? true : sinceEnd === undefined ? undefined : sinceEnd <= 0;
      if (begun === false || going === false) return false;
      return begun && going;
    }
    default:
      return undefined;
  }
}

/** A moment in seconds since 1970, and whether its time zone is known. */
interface Instant {
  readonly at: number;
  readonly zoned: boolean;
}

function sinceThen({ at, zoned }: Instant, now: number): number | undefined {
  return !zoned && Math.abs(now - at) <= ZONES_SECONDS ? undefined : now - at;
}

/** A time in the forms of ISO 8601 that pacemaker, pcs and crmsh write. */
function instant(text: string): Instant | undefined {
  const parts =
    /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?$/i.exec(
      text.trim(),
    );
  if (!parts) return undefined;
  const [, year, month, day, hours = '00', minutes = '00', seconds = '00', zone] = parts;
  const utc = Date.parse(`${year}-${month}-${day}T00:00:00Z`) / 1000;
  if (Number.isNaN(utc)) return undefined;
  const at = utc + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const [, sign, zoneHours = '0', zoneMinutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone ?? '') ?? [];
  const offset = (sign === '-' ? -1 : 1) * (Number(zoneHours) * 3600 + Number(zoneMinutes) * 60);
  return { at: at - offset, zoned: zone !== undefined };
}

const UNITS: Readonly<Record<string, number>> = { weeks: 604_800, days: 86_400, hours: 3600, minutes: 60, seconds: 1 };

function after({ at, zoned }: Instant, { attributes }: Element): Instant | undefined {
  const date = new Date(at * 1000);
  date.setUTCMonth(date.getUTCMonth() + Number(attributes['years'] ?? 0) * 12 + Number(attributes['months'] ?? 0));
  const seconds = Object.entries(UNITS).reduce(
    (sum, [unit, length]) => sum + Number(attributes[unit] ?? 0) * length,
    0,
  );
  const end = date.getTime() / 1000 + seconds;
  return Number.isNaN(end) ? undefined : { at: end, zoned };
}

/** Sets of name-value pairs in the order in which pacemaker takes them: the first that has a name gives its value. */
export function inForce(
  parent: Element | undefined,
  kind: 'meta_attributes' | 'instance_attributes' | 'cluster_property_set',
  byId: ReadonlyMap<string, Element>,
): Element[] {
  return (
    all(parent, kind)
      .map((set) => resolved(set, byId))
      // Of sets with the same score pacemaker takes the last first.
      .reverse()
      .map((set) => ({ set, score: scoreOf(set.attributes['score']) }))
      .sort((a, b) => b.score - a.score)
      .map(({ set }) => set)
  );
}

/** A score of pacemaker's: its own infinity is a million. */
export function scoreOf(text: string | undefined): number {
  const infinite = /^([+-]?)infinity$/i.exec(text ?? '');
  const value = infinite ? Number(`${infinite[1] ?? ''}${INFINITY}`) : Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? 0 : Math.max(-INFINITY, Math.min(INFINITY, value));
}

/** Pacemaker's infinity. */
export const INFINITY = 1_000_000;

/** Whether two words are the same to pacemaker, which takes words in any case. */
export function same(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}

/** A truth value as pacemaker takes it. */
export function isTrue(text: string | undefined): boolean {
  return ['true', 'on', 'yes', 'y', '1'].includes(text?.toLowerCase() ?? '');
}

/** Whether a role is the promoted one, which pacemaker called master before 2.1. */
export function isPromoted(role: string | undefined): boolean {
  return same(role, 'master') || same(role, 'promoted');
}

/** Whether a target role is that of a resource that is disabled. */
export function isStopped(role: string | undefined): boolean {
  return same(role, 'stopped');
}
