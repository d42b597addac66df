import { intersect, type Intervals, subtract, union } from './intervals';
import { meaning, type Packets, type Space, spaceOf } from './meaning';
import type { Rule } from './rule';
import type { RuleTable } from './table';
import { parseNetwork, printAddress } from './values';

/** `undecidable`: the rules alone do not tell. */
export type Answer = 'accepted' | 'taken' | 'undecidable';

/** A rule and its place. */
export interface Place {
  /** Undefined for the table filter. */
  readonly table?: string;
  readonly chain: string;
  /** Its number in the chain, from 1; undefined for the policy. */
  readonly number?: number;
  /** The rule as it was read, or `-P INPUT DROP`. */
  readonly text: string;
}

/** What decided. */
export interface Cause extends Place {
  /** The target: ACCEPT, DROP, REJECT, or whatever the rule has. */
  readonly target: string;
  /** The rules that led to its chain, from INPUT on. */
  readonly through: readonly Place[];
  /** Why it cannot be decided: what this rule depends on. */
  readonly dependsOn?: string;
}

/** Packets that all meet the same. */
export interface Case {
  readonly answer: Answer;
  readonly cause: Cause;
  /** Addresses as numbers. */
  readonly sources: Intervals;
  readonly destinations: Intervals;
  readonly sourcePorts: Intervals;
  /** Of each kind of interface that the rules tell apart, one name. */
  readonly interfaces: readonly string[];
}

/** Whether the packets are accepted. `taken` if some are taken, `undecidable` if of some it cannot be told. */
export interface Decision {
  readonly answer: Answer;
  /** Of the answer. */
  readonly cause: Cause;
  /** All packets of the question, each in one of them. */
  readonly cases: readonly Case[];
  /** How many kinds of interfaces the rules tell apart. */
  readonly interfaces: number;
}

/**
 * New TCP connections that reach a controller: the first packet of each, SYN, which conntrack calls NEW, without NAT, not
 * fragmented, on any interface but lo.
 */
export interface Question {
  readonly sources: Intervals;
  readonly sourcePorts: Intervals;
  /** Own addresses of the controller. */
  readonly destinations: Intervals;
  readonly port: number;
  /** Where they arrive, if that is known. */
  readonly interface?: string;
}

/** Where packets meet rules. */
export interface Hook {
  readonly table: string;
  readonly chain: string;
}

/** The chains of iptables that a packet for this host meets. All have to let it pass. */
const HOOKS: readonly Hook[] = [
  { table: 'raw', chain: 'PREROUTING' },
  { table: 'mangle', chain: 'PREROUTING' },
  { table: 'mangle', chain: 'INPUT' },
  // It comes after the table filter, which makes no difference.
  { table: 'security', chain: 'INPUT' },
  { table: 'filter', chain: 'INPUT' },
];

/**
 * Decides what becomes of the packets, on all paths through the chains.
 *
 * @param tables of these, the table filter, and what is there of raw, mangle and security
 * @param further chains that they meet besides, see `parseNft`
 */
export function decide(tables: readonly RuleTable[], question: Question, further: readonly Hook[] = []): Decision {
  const space = spaceOf(tables, question);
  const finals: Final[] = [];
  let flows: readonly Flow[] = [{ packets: space.all }];
  // The cause that is told is that of the last one.
  const hooks = [...further, ...HOOKS];
  for (const [index, { table, chain }] of hooks.entries()) {
    const found = tables.find(({ name }) => name === table);
    const walk = new Walk(found ?? { name: table, chains: new Map(), policies: new Map() }, space);
    const decided = flows.flatMap((flow) => walk.hook(chain, flow));
    finals.push(...decided.filter(({ answer }) => index === hooks.length - 1 || answer === 'taken'));
    flows = decided
      .filter(({ answer }) => answer !== 'taken')
      .map(({ packets, answer, cause }) => ({
        packets,
        ...(answer === 'accepted' ? {} : { maybe: { taken: cause } }),
      }));
  }
  const cases = finals.map(({ packets: [sources, destinations, sourcePorts, interfaces], answer, cause }): Case => ({
    answer,
    cause,
    sources,
    destinations,
    sourcePorts,
    interfaces: space.interfaces.filter((_, index) => intersect(interfaces, [[index, index]]).length > 0),
  }));
  return decisionOf(cases, space.interfaces.length);
}

/** What of a decision concerns packets from these addresses, such as those of the other controllers. */
export function concerning({ cases, interfaces }: Decision, addresses: readonly string[]): Decision {
  const wanted = union(...addresses.map((address) => parseNetwork(address) ?? []));
  const narrowed = cases.map((one) => ({ ...one, sources: intersect(one.sources, wanted) }));
  return decisionOf(
    narrowed.filter(({ sources }) => sources.length > 0),
    interfaces,
  );
}

function decisionOf(cases: readonly Case[], interfaces: number): Decision {
  const [worst] = (['taken', 'undecidable', 'accepted'] as const).flatMap((answer) =>
    cases.filter((one) => one.answer === answer).sort((one, other) => size(other) - size(one)),
  );
  if (!worst) throw new Error('the question is about no packet');
  return { answer: worst.answer, cause: worst.cause, cases, interfaces };
}

/**
 * Whether each rule of INPUT by itself takes, or may take, some of the packets: also those that a rule before it
 * accepts. A rule that hands them to another chain is asked about that chain.
 */
export function takers(table: RuleTable, question: Question): readonly boolean[] {
  const space = spaceOf([table], question);
  const walk = new Walk(table, space);
  return (table.chains.get('INPUT') ?? []).map((rule) => {
    const { finals, left, on } = walk.step(rule, { chain: 'INPUT', text: rule.text }, { packets: space.all }, []);
    return (
      finals.some(({ answer }) => answer !== 'accepted') ||
      [...left, ...on].some(({ maybe }) => maybe?.taken) ||
      // What leaves INPUT meets the policy.
      (left.length > 0 && (table.policies.get('INPUT') ?? 'ACCEPT') !== 'ACCEPT')
    );
  });
}

/** What was decided, in words for an operator: half a sentence about the packet. */
export function explain({ answer, cause, cases, interfaces }: Decision): string {
  const { target, through, dependsOn } = cause;
  const name = ({ table, chain, number, text }: Place) =>
    `${number === undefined ? 'the policy' : `rule ${number}`} of ${chain}` +
    `${table === undefined ? '' : ` in the table ${table}`}, \`${text}\``;
  const what = through.map((place) => `${name(place)}, leads to `).join('') + name(cause);
  if (answer === 'accepted') return `${what}, which accepts it`;
  const hit = cases.filter((one) => one.answer === answer && isSamePlace(one.cause, cause));
  const names = new Set(hit.flatMap((one) => one.interfaces));
  const sources = union(...hit.map((one) => one.sources));
  const isAll = subtract(union(...cases.map((one) => one.sources)), sources).length === 0;
  const conditions = [
    ...(isAll ? [] : [`comes from ${some(sources.map(printRange))}`]),
    ...(names.size === interfaces ? [] : [`arrives on an interface such as ${some([...names])}`]),
  ];
  const condition = conditions.length === 0 ? '' : `, if it ${conditions.join(' and ')}`;
  if (dependsOn === undefined) return `${what}, which ${VERBS[target] ?? 'takes'} it${condition}`;
  return `${what}, which may decide it${condition}: that depends on ${dependsOn}`;
}

function some(list: readonly string[]): string {
  return list.length > 3 ? `${list.slice(0, 3).join(', ')} …` : list.join(', ');
}

function printRange([low, high]: readonly [number, number]): string {
  return low === high ? printAddress(low) : `${printAddress(low)}-${printAddress(high)}`;
}

function isSamePlace(one: Place, other: Place): boolean {
  return one.table === other.table && one.chain === other.chain && one.number === other.number;
}

const VERBS: Readonly<Record<string, string>> = { DROP: 'drops', REJECT: 'rejects' };

/** Packets on their way, with what rules of which nobody knows whether they match would have done with them already. */
interface Flow {
  readonly packets: Packets;
  readonly maybe?: { readonly accepted?: Cause; readonly taken?: Cause };
}

interface Final {
  readonly packets: Packets;
  readonly answer: Answer;
  readonly cause: Cause;
}

interface Result {
  /** Decided. */
  readonly finals: readonly Final[];
  /** Back in the chain that led here, or out of INPUT. */
  readonly left: readonly Flow[];
}

/** Targets after which a packet goes on: they note, count or mark it. */
const GO_ON = new Set(
  'AUDIT CHECKSUM CLASSIFY CONNMARK CONNSECMARK CT DSCP ECN HL HMARK IDLETIMER IPMARK LED LOG MARK NFLOG NOTRACK RATEEST'
    .concat(' SECMARK SET TCPMSS TCPOPTSTRIP TEE TOS TRACE TTL ULOG')
    .split(' '),
);
/** TARPIT, DELUDE and CHAOS (xtables-addons) answer in the place of the host. */
const TAKE = new Set(['DROP', 'REJECT', 'TARPIT', 'DELUDE', 'CHAOS', 'STEAL']);

/** Whether a packet that meets the target ends there. */
export function takes(target: string): boolean {
  return TAKE.has(target);
}

/** The kernel lets no chain lead back to itself, nor jump deeper. */
const DEEPEST = 64;

class Walk {
  readonly #meanings = new Map<Rule, ReturnType<typeof meaning>>();

  constructor(
    readonly table: RuleTable,
    readonly space: Space,
  ) {}

  /** What a built-in chain does, its policy at the end. */
  hook(chain: string, flow: Flow): readonly Final[] {
    const { finals, left } = this.chain(chain, flow, []);
    const policy = this.table.policies.get(chain) ?? 'ACCEPT';
    const cause: Cause = {
      ...this.#place(chain),
      text: policy === 'unsure' ? `-P ${chain}` : `-P ${chain} ${policy}`,
      target: policy,
      through: [],
      ...(policy === 'unsure'
        ? { dependsOn: "iptables' version: an earlier block of the file sets the policy, the last one does not" }
        : {}),
    };
    return [...finals, ...left.map((one) => final(one, cause))];
  }

  /** What a chain does, from rule `first` on (from 0). */
  chain(name: string, start: Flow, through: readonly Place[], first = 0): Result {
    const finals: Final[] = [];
    const left: Flow[] = [];
    let flows: readonly Flow[] = [start];
    const rules = this.table.chains.get(name) ?? [];
    for (const [offset, rule] of rules.slice(first).entries()) {
      const number = first + offset + 1;
      const place = { ...this.#place(name), number, text: rule.text };
      const next: Flow[] = [];
      for (const flow of flows) {
        const result = this.step(rule, place, flow, through, (rest) => this.chain(name, rest, through, number));
        finals.push(...result.finals);
        left.push(...result.left);
        next.push(...result.on);
      }
      flows = next;
      if (flows.length === 0) break;
    }
    return { finals, left: [...left, ...flows] };
  }

  /**
   * What one rule does.
   *
   * @param rest what the rules after it do
   * @returns also `on`: what goes on to the rules after it
   */
  step(
    rule: Rule,
    place: Place,
    flow: Flow,
    through: readonly Place[],
    rest: (flow: Flow) => Result = (left) => ({ finals: [], left: [left] }),
  ): Result & { readonly on: readonly Flow[] } {
    const { matched, dependsOn } = this.#meaning(rule);
    const [hit, ...missed] = split(flow.packets, matched);
    const others = missed.map((packets) => ({ ...flow, packets }));
    if (!hit) return { finals: [], left: [], on: others };
    const result = this.#act(rule, place, { ...flow, packets: hit }, through, dependsOn, rest);
    return { ...result, on: [...result.on, ...others] };
  }

  #act(
    rule: Rule,
    place: Place,
    flow: Flow,
    through: readonly Place[],
    dependsOn: string | undefined,
    rest: (flow: Flow) => Result,
  ): Result & { readonly on: readonly Flow[] } {
    const { target, goto } = rule;
    const cause = { ...place, target: target ?? '', through, ...(dependsOn === undefined ? {} : { dependsOn }) };
    const goesOn = { finals: [], left: [], on: [flow] };
    const isChain = target !== undefined && this.table.chains.has(target);
    if (target === undefined || (!isChain && GO_ON.has(target))) return goesOn;
    if (target === 'RETURN') {
      if (dependsOn === undefined) return { finals: [], left: [flow], on: [] };
      // It may have left already: what the rules after it do is no more than possible.
      return { finals: [], left: possible(rest(flow), cause), on: [] };
    }
    if (!isChain || through.length > DEEPEST) {
      const one = final(
        flow,
        isSure(target)
          ? cause
          : { ...cause, dependsOn: dependsOn ?? (isChain ? 'a loop of chains' : unknownTarget(target)) },
      );
      if (dependsOn === undefined) return { finals: [one], left: [], on: [] };
      return { finals: [], left: [], on: possible({ finals: [one], left: [] }, cause) };
    }
    const inside = this.chain(target, flow, [...through, place]);
    if (goto && dependsOn !== undefined) return { ...join(inside, rest(flow), cause), on: [] };
    if (goto) return { ...inside, on: [] };
    if (dependsOn !== undefined) return { finals: [], left: [], on: possible(inside, cause) };
    return { finals: inside.finals, left: [], on: inside.left };
  }

  #place(chain: string): { table?: string; chain: string } {
    const { name } = this.table;
    return name === 'filter' ? { chain } : { table: name, chain };
  }

  #meaning(rule: Rule): ReturnType<typeof meaning> {
    const known = this.#meanings.get(rule) ?? meaning(rule, this.space, this.table.name !== 'raw');
    this.#meanings.set(rule, known);
    return known;
  }
}

/** What the fate of a packet depends on that meets a target which is not known here. */
function unknownTarget(target: string): string {
  return /^(NF)?QUEUE$/.test(target)
    ? `the program that ${target} hands packets to`
    : `${target}, which is not among the chains that were read`;
}

/** The packets that match, if any, then those that do not. */
function split(packets: Packets, matched: Packets | undefined): [Packets | undefined, ...Packets[]] {
  if (!matched) return [undefined, packets];
  const missed: Packets[] = [];
  let hit = packets;
  for (const [index, allowed] of matched.entries()) {
    const current = hit[index] ?? [];
    const outside = subtract(current, allowed);
    if (outside.length === 0) continue;
    missed.push(replace(hit, index, outside));
    const inside = intersect(current, allowed);
    if (inside.length === 0) return [undefined, packets];
    hit = replace(hit, index, inside);
  }
  return [hit, ...missed];
}

function replace(packets: Packets, index: number, values: Intervals): Packets {
  return packets.map((one, at) => (at === index ? values : one)) as unknown as Packets;
}

/** What is in both; undefined if nothing is. */
function common(one: Packets, other: Packets): Packets | undefined {
  const both = one.map((values, index) => intersect(values, other[index] ?? []));
  return both.every((values) => values.length > 0) ? (both as unknown as Packets) : undefined;
}

/** The end of a flow at a rule or policy. */
function final({ packets, maybe }: Flow, cause: Cause): Final {
  const { target, dependsOn } = cause;
  const answer =
    dependsOn !== undefined && !isSure(target) ? 'undecidable' : target === 'ACCEPT' ? 'accepted' : 'taken';
  const doubt = answer === 'accepted' ? maybe?.taken : answer === 'taken' ? maybe?.accepted : undefined;
  return doubt ? { packets, answer: 'undecidable', cause: doubt } : { packets, answer, cause };
}

/** Whether a packet that meets the target surely ends there. */
function isSure(target: string): boolean {
  return target === 'ACCEPT' || takes(target);
}

/** Decided packets go on after all: the rule that led there may not match. */
function possible({ finals, left }: Result, cause: Cause): Flow[] {
  return [...left, ...finals.map(({ packets, answer }) => ({ packets, maybe: doubts(answer, cause) }))];
}

function doubts(answer: Answer, cause: Cause): { accepted?: Cause; taken?: Cause } {
  return {
    ...(answer === 'taken' ? {} : { accepted: cause }),
    ...(answer === 'accepted' ? {} : { taken: cause }),
  };
}

/** Either of two results may be; of both come the same packets. */
function join(one: Result, other: Result, cause: Cause): Result {
  const finals: Final[] = [];
  const left: Flow[] = [];
  for (const first of [...one.finals, ...one.left]) {
    for (const second of [...other.finals, ...other.left]) {
      const packets = common(first.packets, second.packets);
      if (!packets) continue;
      if ('answer' in first && 'answer' in second) {
        finals.push(first.answer === second.answer ? { ...first, packets } : { packets, answer: 'undecidable', cause });
        continue;
      }
      const maybe = [first, second].map((side) => ('answer' in side ? doubts(side.answer, cause) : (side.maybe ?? {})));
      left.push({ packets, maybe: { ...maybe[1], ...maybe[0] } });
    }
  }
  return { finals, left };
}

function size({ sources, interfaces }: Case): number {
  return sources.reduce((sum, [low, high]) => sum + high - low + 1, 0) * interfaces.length;
}
