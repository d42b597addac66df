import type { Hook } from './decide';
import type { Option, Rule } from './rule';
import type { Policy, RuleTable } from './table';

/** Rules of nft besides those that iptables keeps there, as far as they concern packets for this host. */
export interface NftRules {
  readonly tables: readonly RuleTable[];
  /** The chains that such a packet meets, in order. */
  readonly hooks: readonly Hook[];
}

/**
 * Understands what `nft list ruleset` prints: the tables of firewalld, or of a hand-made `/etc/nftables.conf`. What is not
 * understood of a rule becomes a condition of which nobody knows whether it holds.
 *
 * @see https://www.netfilter.org/projects/nftables/manpage.html
 */
export function parseNft(text: string): NftRules {
  const tables: { name: string; chains: Map<string, Rule[]>; policies: Map<string, Policy> }[] = [];
  const hooks: (Hook & { readonly priority: number })[] = [];
  let table: (typeof tables)[number] | undefined;
  let chain = '';
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim();
    const [, opened] = /^table ((?:ip|inet) \S+) \{/.exec(words) ?? [];
    const [, base, priority = '', policy] =
      /^type filter hook (\w+) .*?priority ([^;]+);(?: policy (\w+);)?/.exec(words) ?? [];
    if (words.startsWith('table ')) {
      table = opened === undefined ? undefined : { name: opened, chains: new Map(), policies: new Map() };
      if (table) tables.push(table);
      chain = '';
    } else if (
      /^(chain|set|map|ct helper|ct timeout|counter|flowtable|quota|limit|secmark|synproxy) .*\{( #.*)?$/.test(words)
    ) {
      chain = /^chain (\S+) \{/.exec(words)?.[1] ?? '';
      if (chain !== '') table?.chains.set(chain, []);
    } else if (base !== undefined && table) {
      // Those of iptables are read by iptables itself.
      const isIptables = /^ip (filter|mangle|raw|security)$/.test(table.name) && chain === base.toUpperCase();
      if (base === 'input' && !isIptables) {
        hooks.push({ table: table.name, chain, priority: priorityOf(priority) });
        if (policy === 'drop') table.policies.set(chain, 'DROP');
      }
    } else if (chain !== '' && !/^(#.*|\})?$/.test(words)) {
      table?.chains.get(chain)?.push(...rulesOf(words, index));
    }
  }
  return { tables, hooks: hooks.sort((one, other) => one.priority - other.priority) };
}

/** `filter`, `filter + 10`, `-5` */
function priorityOf(text: string): number {
  const [, name, sign = '+', number = '0'] = /^([a-z]+)?\s*([+-])?\s*(\d+)?$/.exec(text.trim()) ?? [];
  const named = { raw: -300, mangle: -150, dstnat: -100, filter: 0, security: 50, srcnat: 100 }[name ?? ''] ?? 0;
  return named + Number(sign + number);
}

/** Conditions that have to hold together; several sets of them if one is enough. */
type Alternatives = readonly (readonly Option[])[];

/** What a part of a rule means. */
interface Part {
  /** How many words it has. */
  readonly length: number;
  readonly conditions?: Alternatives;
  readonly verdict?: Verdict;
  /** Of a map: each with its own verdict. */
  readonly cases?: readonly Case[];
}

/** One of a map. */
interface Case {
  readonly conditions: Alternatives;
  readonly verdict: Verdict;
}

interface Verdict {
  readonly target?: string;
  readonly goto: boolean;
}

/** The rules of iptables that do what a line of a chain does. */
function rulesOf(line: string, number: number): Rule[] {
  const words = wordsOf(line);
  let conditions: Alternatives = [[]];
  let verdict: Verdict = { goto: false };
  let cases: readonly Case[] | undefined;
  for (let at = 0; at < words.length;) {
    const part = partOf(words.slice(at));
    conditions = product(conditions, part.conditions ?? [[]]);
    verdict = part.verdict ?? verdict;
    cases ??= part.cases;
    at += part.length;
  }
  const rule = (options: readonly Option[], { target, goto }: Verdict): Rule => ({
    text: line,
    line: number,
    options,
    ...(target === undefined ? {} : { target }),
    goto,
    targetOptions: [],
  });
  const all = cases ?? [{ conditions: [[]], verdict }];
  return all.flatMap((one) => product(conditions, one.conditions).map((options) => rule(options, one.verdict)));
}

/** Words, strings in quotes, and each `{ … }` as one word. */
function wordsOf(line: string): string[] {
  return Array.from(line.matchAll(/\{[^}]*\}|"[^"]*"|\S+/g), ([word]) => word);
}

function product(one: Alternatives, other: Alternatives): Alternatives {
  return one.flatMap((first) => other.map((second) => [...first, ...second]));
}

const VERDICTS: Readonly<Record<string, string | undefined>> = {
  accept: 'ACCEPT',
  drop: 'DROP',
  reject: 'REJECT',
  return: 'RETURN',
  queue: 'QUEUE',
  continue: undefined,
};

/** The first part of what is left of a rule. */
function partOf(words: readonly string[]): Part {
  const [first = '', second = '', third = ''] = words;
  if (first in VERDICTS || first === 'jump' || first === 'goto') {
    // `reject with …`, `queue num …`
    return { length: ['jump', 'goto'].includes(first) ? 2 : words.length, verdict: verdictOf(words) };
  }
  if (first === 'counter') return { length: second === 'packets' ? 5 : second === 'name' ? 3 : 1 };
  if (first === 'comment') return { length: 2 };
  if (first === 'log') return { length: 1 + optionsOfLog(words.slice(1)) };
  if (/^(meta|ct)$/.test(first) && third === 'set') return { length: 4 };
  if (first === 'tcp' && second === 'flags' && words[3] === '/') {
    const values = [words[4] ?? '', third].map((list) => list.toUpperCase());
    return { length: 5, conditions: [[{ name: '--tcp-flags', negated: false, values }]] };
  }
  const selector = selectorOf(words);
  if (!selector) return unknown(words);
  const { length, test } = selector;
  const [operator = '', operand = ''] = words.slice(length);
  if (operator === 'vmap') return { length: length + 2, cases: casesOf(operand, test) };
  const negated = operator === '!=';
  const at = negated || operator === '==' ? length + 1 : length;
  return { length: at + 1, conditions: test(valuesOf(words[at] ?? ''), negated) };
}

/** All up to the verdict is one condition. */
function unknown(words: readonly string[]): Part {
  const end = words.findIndex((word, index) => index > 0 && (word in VERDICTS || /^(jump|goto|comment)$/.test(word)));
  const length = end < 0 ? words.length : end;
  return { length, conditions: [[{ name: words.slice(0, length).join(' '), negated: false, values: [] }]] };
}

function verdictOf([first = '', chain = '']: readonly string[]): Verdict {
  if (first === 'jump' || first === 'goto') return { target: chain, goto: first === 'goto' };
  const target = VERDICTS[first];
  return { ...(target === undefined ? {} : { target }), goto: false };
}

function optionsOfLog(words: readonly string[]): number {
  let length = 0;
  while (/^(prefix|level|group|snaplen|queue-threshold|flags)$/.test(words[length] ?? '')) length += 2;
  return length;
}

function valuesOf(word: string): string[] {
  const inside = /^\{(.*)\}$/.exec(word)?.[1] ?? word;
  return inside.split(',').flatMap((one) => one.trim().replaceAll('"', '') || []);
}

function casesOf(map: string, test: Test): Case[] {
  return (/^\{(.*)\}$/.exec(map)?.[1] ?? '').split(',').flatMap((one) => {
    const [, key = '', verdict = ''] = /^\s*(.*?) : (.*?)\s*$/.exec(one) ?? [];
    const [value = ''] = valuesOf(key);
    return key === '' ? [] : [{ conditions: test([value], false), verdict: verdictOf(wordsOf(verdict)) }];
  });
}

/** What it means that something has one of these values, or none. */
type Test = (values: readonly string[], negated: boolean) => Alternatives;

/** What a condition asks for: how many words say it, and what its values mean. Undefined if it is not known here. */
function selectorOf([first = '', second = '']: readonly string[]): { length: number; test: Test } | undefined {
  const two = `${first} ${second}`;
  if (/^iif(name)?$/.test(first)) return { length: 1, test: interfaces };
  if (/^meta iif(name)?$/.test(two)) return { length: 2, test: interfaces };
  if (/^(ip|meta) (protocol|l4proto)$/.test(two)) return { length: 2, test: among(['tcp', '6']) };
  if (two === 'meta nfproto') return { length: 2, test: among(['ipv4', '2']) };
  if (two === 'ip saddr') return { length: 2, test: addresses('-s', '--src-range') };
  if (two === 'ip daddr') return { length: 2, test: addresses('-d', '--dst-range') };
  if (/^(tcp|th) dport$/.test(two)) return { length: 2, test: ports('--dport') };
  if (/^(tcp|th) sport$/.test(two)) return { length: 2, test: ports('--sport') };
  if (two === 'ct state') return { length: 2, test: among(['new']) };
  // Of a first packet that NAT has not changed.
  if (two === 'ct status') return { length: 2, test: among([]) };
  if (/^(udp|ip6|icmp|icmpv6|sctp|dccp|esp|ah|igmp|udplite)$/.test(first)) return { length: 2, test: () => [] };
  return undefined;
}

/** Of all packets that are asked about the value is the same, by any of these names. */
function among(names: readonly string[]): Test {
  return (values, negated) => (values.some((one) => names.includes(one)) === negated ? [] : [[]]);
}

const interfaces: Test = (values, negated) =>
  each(
    values.map((name) => option('-i', negated, name.replace(/\*$/, '+'))),
    negated,
  );

function addresses(one: string, range: string): Test {
  return (values, negated) =>
    each(
      values.map((value) => option(value.includes('-') ? range : one, negated, value)),
      negated,
    );
}

function ports(name: string): Test {
  return (values, negated) => [[option(name, negated, values.map((value) => value.replace('-', ':')).join(','))]];
}

/** One of them has to hold; of those that are negated, all. */
function each(options: readonly Option[], negated: boolean): Alternatives {
  return negated ? [options] : options.map((one) => [one]);
}

function option(name: string, negated: boolean, value: string): Option {
  return { name, negated, values: [value] };
}
