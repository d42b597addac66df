import { MagnumHaError } from '../errors';
import type { Controller, Site } from '../site/document';
import { type Decision, decide, type Question, takers } from './firewall/decide';
import { type Intervals, subtract, union } from './firewall/intervals';
import { parseNft } from './firewall/nft';
import { isSame, joinWords, parseCommand, type Rule } from './firewall/rule';
import { parseRulesFile, type RuleTable } from './firewall/table';
import { ALL_ADDRESSES, parseNetwork, printNetwork } from './firewall/values';

/** The filter table of the file of persistent rules is not complete, so there is no place for the rule in it. */
export class RulesFileInvalid extends MagnumHaError {
  override readonly name = 'RulesFileInvalid';

  constructor(file: string, problem: string) {
    super(
      `${file}: ${problem}, so iptables-restore does not load it. Correct it until iptables-restore --test takes it, ` +
        `then run again`,
    );
  }
}

/**
 * How to bring Magnum's rule to its place: first insert it as rule number `insert`, then delete the rules of these
 * numbers one after the other. Numbers are from 1, as `iptables -I` and `-D` take them, and right in this order; at no
 * moment is there no rule. Nothing to do: no `insert`, an empty `remove`.
 */
export interface Placement {
  readonly insert?: number;
  readonly remove: readonly number[];
}

/** Whether there is anything to do. */
export function changes({ insert, remove }: Placement): boolean {
  return insert !== undefined || remove.length > 0;
}

/** What is known of the place that the rules are for. */
export interface Where {
  /** Whose they are. Without it, rules for the address of any controller of the site count. */
  readonly controller?: Controller;
  /** The interface on which connections from the management network arrive. Without it: any but lo. */
  readonly interface?: string;
}

/** Magnum's number among the rules' comments, `NNN title from CIDR`, which give the rules their order. */
const NUMBER = 117;
/** What the comment of Magnum's rule begins with. */
export const TITLE = `${NUMBER} magnum-api`;

/** The rule that accepts the Magnum API's port from the management network: the words after `-I INPUT n`. */
export function magnumRule({ managementNetwork, magnum: { apiPort } }: Site): string[] {
  const from = printNetwork(managementNetwork);
  const matches = ['-p', 'tcp', '-m', 'multiport', '--dports', String(apiPort)];
  return ['-s', from, ...matches, '-m', 'comment', '--comment', `${TITLE} from ${from}`, '-j', 'ACCEPT'];
}

/**
 * Where Magnum's rule has to go among the rules of INPUT: after the highest number below its own, before the first
 * number above, and always before every rule that takes, or may take, new connections to the API from the management
 * network: also one that hands them to a chain with the DROP. It may stand anywhere in between.
 *
 * Magnum's are the rules whose comment begins with `117 magnum-api`: one of them stays if it is right and in place, all
 * others go. Foreign rules are left, also those for the same port.
 *
 * @param table what `iptables -S` prints. Of `iptables -S INPUT` alone, what other chains do is not known: the rule then
 *   goes before every jump into one
 */
export function placeRule(table: RuleTable, site: Site, where: Where = {}): Placement {
  const wanted = wantedRule(site);
  const rules = rulesOf(table);
  const magnum = rules.flatMap((rule, index) => (isMagnum(rule) ? [index] : []));
  const others = rules.flatMap((rule, index) => (isMagnum(rule) ? [] : [index]));
  const takes = takers(table, question(site, where));
  const { best, lowest, highest } = room(
    others.flatMap((index) => rules[index] ?? []),
    others.map((index) => takes[index] ?? false),
  );

  const kept = magnum.find((index) => {
    const before = others.filter((other) => other < index).length;
    const rule = rules[index];
    return before >= lowest && before <= highest && rule !== undefined && isSame(rule, wanted);
  });
  if (kept !== undefined) return { remove: descending(magnum.filter((index) => index !== kept)) };
  const insert = best === 0 ? 0 : (others[best - 1] ?? 0) + 1;
  return { insert: insert + 1, remove: descending(magnum.map((index) => (index < insert ? index : index + 1))) };
}

/** The numbers of Magnum's rules among those of INPUT, from 1, as they are made now: others of its name are not counted. */
export function positionsOfRule(table: RuleTable, site: Site): number[] {
  const wanted = wantedRule(site);
  return rulesOf(table).flatMap((rule, index) => (isSame(rule, wanted) ? [index + 1] : []));
}

/**
 * The text of an iptables-save file with Magnum's rule in its place; all other lines are kept, byte for byte. If the file
 * has no filter table, it gets one with this rule alone; the policies are ACCEPT, as they are without one.
 *
 * @param file how messages name the file, usually its path
 * @throws RulesFileInvalid if the last filter table has no COMMIT
 */
export function editRules(text: string, site: Site, file = 'The rules file', where: Where = {}): string {
  const { lines, tables, filter, replaced, inOrder } = parseRulesFile(text);
  if (!filter) return withTable(text, site);
  const stale = new Set(replaced.flatMap((rule) => (isMagnum(rule) ? [rule.line] : [])));
  if (stale.size > 0) return editRules(lines.filter((_, index) => !stale.has(index)).join('\n'), site, file, where);
  if (filter.commit === undefined) throw new RulesFileInvalid(file, 'its *filter table has no COMMIT');
  const placement = placeRule(tables[0], site, where);
  if (!changes(placement)) return text;
  const edited = inOrder
    ? withLines(lines, filter.commit, rulesOf(tables[0]), placement, site)
    : withCommands(lines, site, where);
  return edited.join('\n');
}

/**
 * Whether new connections to the Magnum API of a controller, from every address of the management network, are accepted
 * by what `iptables -S` prints.
 */
export function decideListing(table: RuleTable, site: Site, where: Where = {}): Decision {
  return decide([table], question(site, where));
}

/**
 * The same of all rules that run, those of nft among them, as they are without Magnum's own: whoever makes the others would
 * not make that one again.
 *
 * @param table what `iptables -S` prints
 * @param nft what `nft list ruleset` prints
 */
export function decideRunning(table: RuleTable, nft: string, site: Site, where: Where = {}): Decision {
  const { tables, hooks } = parseNft(nft);
  const others = new Map([...table.chains].map(([name, rules]) => [name, rules.filter((rule) => !isMagnum(rule))]));
  return decide([{ ...table, chains: others }, ...tables], question(site, where), hooks);
}

/** The same of a rules file, once it is loaded, or of what `iptables-save` prints: tables before filter count, too. */
export function decideRulesFile(text: string, site: Site, where: Where = {}): Decision {
  return decide(parseRulesFile(text).tables, question(site, where));
}

function question({ managementNetwork, controllers, magnum }: Site, where: Where): Question {
  const addresses = controllers.map(({ address }) => address);
  const own = where.controller ? [where.controller.address] : [];
  return {
    // From its own address, a connection comes by lo.
    sources: subtract(union(hostsOf(managementNetwork), hostsAt(addresses)), hostsAt(own)),
    sourcePorts: CLIENT_PORTS,
    destinations: union(hostsAt(where.controller ? own : addresses)),
    port: magnum.apiPort,
    ...(where.interface === undefined ? {} : { interface: where.interface }),
  };
}

/** Where connections may come from: clients of TCP that name no port get one above these. */
export const CLIENT_PORTS: Intervals = [[1024, 65_535]];

/** The addresses of a network that hosts have: not the first and the last, which are the network's own. */
function hostsOf(network: string): Intervals {
  const [range] = parseNetwork(network) ?? ALL_ADDRESSES;
  if (!range) return [];
  const [low, high] = range;
  return high - low < 3 ? [[low, high]] : [[low + 1, high - 1]];
}

function hostsAt(addresses: readonly string[]): Intervals {
  return addresses.flatMap((address): Intervals => parseNetwork(address) ?? []);
}

/**
 * Between how many of the rules before it Magnum's may stand, and where it is best put. If the chain's numbers are in no
 * order, and a rule that takes the packets comes before a lower number, that rule decides: after it, Magnum's would be of
 * no use.
 */
function room(rules: readonly Rule[], takes: readonly boolean[]): { best: number; lowest: number; highest: number } {
  const orEnd = (index: number) => (index < 0 ? rules.length : index);
  const numbers = rules.map(({ comment = '' }) => Number(/^(\d+)\s/.exec(comment)?.[1] ?? NaN));
  const below = Math.max(...numbers.filter((number) => number < NUMBER));
  const behind = numbers.lastIndexOf(below) + 1;
  const above = orEnd(numbers.findIndex((number, index) => index >= behind && number > NUMBER));
  const taker = rules[takes.indexOf(true)];
  // Nothing goes between the rules of one line.
  const first = taker ? rules.findIndex(({ line }) => line === taker.line) : rules.length;
  const highest = Math.min(above, first);
  return { best: behind === 0 ? highest : Math.min(behind, highest), lowest: Math.min(behind, highest), highest };
}

function wantedRule(site: Site): Rule {
  const [wanted] = parseCommand(`-A INPUT ${joinWords(magnumRule(site))}`, 0)?.rules ?? [];
  if (!wanted) throw new Error('the rule of Magnum is none');
  return wanted;
}

function isMagnum({ comment = '' }: Rule): boolean {
  return `${comment} `.startsWith(`${TITLE} `);
}

function rulesOf({ chains }: RuleTable): readonly Rule[] {
  return chains.get('INPUT') ?? [];
}

/** A file without a filter table, with one added at its end. */
function withTable(text: string, site: Site): string {
  const end = /\r\n/.test(text) ? '\r\n' : '\n';
  const chains = ['INPUT', 'FORWARD', 'OUTPUT'].map((chain) => `:${chain} ACCEPT [0:0]`);
  const block = ['*filter', ...chains, `-A INPUT ${joinWords(magnumRule(site))}`, 'COMMIT', ''].join(end);
  return text === '' || text.endsWith('\n') ? text + block : text + end + block;
}

/** The lines of a file whose rules are in the order of their lines. */
function withLines(
  lines: readonly string[],
  commit: number,
  rules: readonly Rule[],
  { insert, remove }: Placement,
  site: Site,
): string[] {
  const gone = new Set(remove.map((number) => rules[number - (insert !== undefined && number > insert ? 2 : 1)]?.line));
  const before = rules[(insert ?? 1) - 2]?.line;
  const place = before === undefined ? (rules[0]?.line ?? commit) : before + 1;
  return lines.flatMap((line, index) => [
    ...(insert !== undefined && index === place ? [likeLine(`-A INPUT ${joinWords(magnumRule(site))}`, line)] : []),
    ...(gone.has(index) ? [] : [line]),
  ]);
}

/**
 * The lines of a file that also inserts, replaces or deletes rules by number: the rule is put in place by one more
 * command at the end, which changes the number of no other.
 */
function withCommands(lines: readonly string[], site: Site, where: Where): string[] {
  const rulesIn = (text: readonly string[]) => rulesOf(parseRulesFile(text.join('\n')).tables[0]);
  const foreign = (text: readonly string[]) => rulesIn(text).flatMap((rule) => (isMagnum(rule) ? [] : [rule.text]));
  const own = new Set(rulesIn(lines).flatMap((rule) => (isMagnum(rule) ? [rule.line] : [])));
  const without = lines.filter((_, index) => !own.has(index));
  // Without a line, later numbers may mean other rules: then its rules are deleted at the end, too.
  const start = foreign(without).join('\n') === foreign(lines).join('\n') ? without : lines;
  const { tables, filter } = parseRulesFile(start.join('\n'));
  const { insert, remove } = placeRule(tables[0], site, where);
  const commands = [
    ...(insert === undefined ? [] : [`-I INPUT ${insert} ${joinWords(magnumRule(site))}`]),
    ...remove.map((number) => `-D INPUT ${number}`),
  ];
  const commit = filter?.commit ?? start.length;
  return start.toSpliced(commit, 0, ...commands.map((command) => likeLine(command, start[commit] ?? '')));
}

/** With the end of line that the other has. */
function likeLine(line: string, other: string): string {
  return other.endsWith('\r') ? `${line}\r` : line;
}

/** Rule numbers from indices, the highest first, so that no deletion changes the number of the next. */
function descending(indices: readonly number[]): number[] {
  return indices.map((index) => index + 1).sort((one, other) => other - one);
}
