import { isIPv4 } from 'node:net';
import { MagnumHaError } from '../errors';
import type { Site } from '../site/document';

/** The file of persistent rules has no complete filter table, so there is no place for the rule in it. */
export class RulesFileInvalid extends MagnumHaError {
  override readonly name = 'RulesFileInvalid';

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}; iptables-restore would not load it. Write it anew with iptables-save, then run again`);
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

/** Magnum's number among the rules' comments, `NNN title from CIDR`, which give the rules their order. */
const NUMBER = 117;
/** What the comment of Magnum's rule begins with. */
export const TITLE = `${NUMBER} magnum-api`;

/** The rule that accepts the Magnum API's port from the management network: the words behind `-I INPUT n`. */
export function magnumRule({ managementNetwork, magnum: { apiPort } }: Site): string[] {
  const from = canonical(managementNetwork);
  const matches = ['-p', 'tcp', '-m', 'multiport', '--dports', String(apiPort)];
  return ['-s', from, ...matches, '-m', 'comment', '--comment', `${TITLE} from ${from}`, '-j', 'ACCEPT'];
}

/**
 * Where Magnum's rule has to go among the rules of INPUT: behind the highest number below its own, ahead of the first
 * number above and of a DROP or REJECT that would take its packets. It may stand anywhere in between.
 *
 * Magnum's are the rules whose comment begins with `117 magnum-api`: one of them stays if it is right and in place, all
 * others go. Foreign rules are left, also those for the same port.
 *
 * @param lines the rules as `iptables -S INPUT` prints them; other lines, such as the policy, do not count
 */
export function placeRule(lines: readonly string[], site: Site): Placement {
  const wanted = parse(magnumRule(site));
  const rules = lines.map(words).filter(isInput).map(parse);
  const magnum = rules.flatMap((rule, index) => (isMagnum(rule) ? [index] : []));
  const others = rules.flatMap((rule, index) => (isMagnum(rule) ? [] : [index]));
  const { best, lowest, highest } = room(
    others.map((index) => rules[index] ?? []),
    site,
  );

  const kept = magnum.find((index) => {
    const before = others.filter((other) => other < index).length;
    return before >= lowest && before <= highest && isSame(rules[index] ?? [], wanted);
  });
  if (kept !== undefined) return { remove: descending(magnum.filter((index) => index !== kept)) };
  const insert = best === 0 ? 0 : (others[best - 1] ?? 0) + 1;
  return { insert: insert + 1, remove: descending(magnum.map((index) => (index < insert ? index : index + 1))) };
}

/**
 * The text of an iptables-save file with Magnum's rule in its place; all other lines are kept, byte for byte.
 *
 * @param file how messages name the file, usually its path
 * @throws RulesFileInvalid where the file has no filter table or no COMMIT to it
 */
export function editRules(text: string, site: Site, file = 'The rules file'): string {
  const lines = text.split('\n');
  const { inputs, commit } = filterTable(lines, file);
  const { insert, remove } = placeRule(
    inputs.map((index) => withoutCounters(lines[index] ?? '')),
    site,
  );
  if (insert !== undefined) {
    const behind = inputs[insert - 2];
    const place = behind === undefined ? (inputs[0] ?? commit) : behind + 1;
    const rule = magnumRule(site).map((word) => (word.includes(' ') ? `"${word}"` : word));
    lines.splice(place, 0, ['-A', 'INPUT', ...rule].join(' '));
  }
  const { inputs: inserted } = filterTable(lines, file);
  for (const number of remove) lines.splice(inserted[number - 1] ?? lines.length, 1);
  return lines.join('\n');
}

/** A match or the target of a rule: its option, in its short form, and what follows it. */
interface Match {
  readonly option: string;
  readonly negated: boolean;
  readonly values: string[];
}

/**
 * Between how many of the rules in front Magnum's may stand, and where it is best put. Where the chain's numbers are in
 * no order, and a DROP comes ahead of a lower number, the DROP decides: behind it the rule would be of no use.
 */
function room(rules: readonly Match[][], site: Site): { best: number; lowest: number; highest: number } {
  const orEnd = (index: number) => (index < 0 ? rules.length : index);
  const numbers = rules.map((rule) => Number(/^(\d+)\s/.exec(comment(rule))?.[1] ?? NaN));
  const below = Math.max(...numbers.filter((number) => number < NUMBER));
  const behind = numbers.lastIndexOf(below) + 1;
  const above = orEnd(numbers.findIndex((number, index) => index >= behind && number > NUMBER));
  const final = orEnd(rules.findIndex((rule) => takes(rule, site)));
  const highest = Math.min(above, final);
  return { best: behind === 0 ? highest : Math.min(behind, highest), lowest: Math.min(behind, highest), highest };
}

/** Whether this is a DROP or REJECT that new connections to the Magnum API from the whole management network meet. */
function takes(rule: readonly Match[], { managementNetwork, magnum: { apiPort } }: Site): boolean {
  return (
    rule.some(({ option, values }) => option === '-j' && /^(DROP|REJECT)$/.test(values[0] ?? '')) &&
    rule.every(({ option, negated, values: [value = ''] }) => {
      if (negated) return false;
      if (['-j', '-m', '--comment', '--reject-with'].includes(option)) return true;
      if (option === '-p') return ['tcp', '6', 'all'].includes(value);
      if (option === '-s') return contains(value, managementNetwork);
      if (option === '--state' || option === '--ctstate') return value.split(',').includes('NEW');
      if (option === '--dport' || option === '--dports') return value.split(',').some((range) => spans(range, apiPort));
      return false;
    })
  );
}

function isMagnum(rule: readonly Match[]): boolean {
  return `${comment(rule)} `.startsWith(`${TITLE} `);
}

function comment(rule: readonly Match[]): string {
  return rule.find(({ option }) => option === '--comment')?.values[0] ?? '';
}

/** Versions of iptables print the matches of a rule in different order. */
function isSame(one: readonly Match[], other: readonly Match[]): boolean {
  const set = (rule: readonly Match[]) => [...new Set(rule.map((match) => JSON.stringify(match)))].sort().join('\n');
  return set(one) === set(other);
}

function isInput(rule: readonly string[]): boolean {
  return rule[0] === '-A' && rule[1] === 'INPUT';
}

const SHORT: Readonly<Record<string, string>> = {
  '--source': '-s',
  '--src': '-s',
  '--protocol': '-p',
  '--proto': '-p',
  '--match': '-m',
  '--jump': '-j',
  '--destination-port': '--dport',
  '--destination-ports': '--dports',
};

function parse(rule: readonly string[]): Match[] {
  const found: Match[] = [];
  let negated = false;
  for (const word of isInput(rule) ? rule.slice(2) : rule) {
    const current = found.at(-1);
    const isComment = current?.option === '--comment' && current.values.length === 0;
    if (word === '!' && !isComment) negated = true;
    else if (word.startsWith('-') && !isComment) {
      found.push({ option: SHORT[word] ?? word, negated, values: [] });
      negated = false;
    } else current?.values.push(current.option === '-s' ? canonical(word) : word);
  }
  // From everywhere is what iptables does not print.
  return found.filter(({ option, negated, values }) => negated || option !== '-s' || values[0] !== '0.0.0.0/0');
}

/** The words of a line of iptables-save: separated by blanks, or in double quotes with a backslash before `"`, `\`, `'`. */
function words(line: string): string[] {
  return Array.from(line.matchAll(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g), ([word]) =>
    word.replace(/"((?:\\.|[^"\\])*)"/g, (_, quoted: string) => quoted.replace(/\\(.)/g, '$1')),
  );
}

/** Without the packet and byte counters that `iptables-save -c` prints before a rule. */
function withoutCounters(line: string): string {
  return line.replace(/^\s*\[\d+:\d+\]\s*/, '');
}

/** The indices of the rules of INPUT and of the COMMIT of the filter table. */
function filterTable(lines: readonly string[], file: string): { inputs: number[]; commit: number } {
  const table = lines.findIndex((line) => line.trimEnd() === '*filter');
  if (table < 0) throw new RulesFileInvalid(file, 'it has no *filter table');
  const commit = lines.findIndex((line, index) => index > table && /^(COMMIT\s*$|\*)/.test(line));
  if (!lines[commit]?.startsWith('COMMIT')) throw new RulesFileInvalid(file, 'its *filter table has no COMMIT');
  const inputs = [...lines.keys()].filter(
    (index) => index > table && index < commit && isInput(words(withoutCounters(lines[index] ?? ''))),
  );
  return { inputs, commit };
}

/** Rule numbers from indices, the highest first, so that no deletion changes the number of the next. */
function descending(indices: readonly number[]): number[] {
  return indices.map((index) => index + 1).sort((one, other) => other - one);
}

/** A network as iptables prints it: the address of the network, its prefix. */
function canonical(network: string): string {
  const { base, prefix } = range(network);
  if (Number.isNaN(base)) return network;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${prefix}`;
}

function contains(outer: string, inner: string): boolean {
  const [one, other] = [range(outer), range(inner)];
  return one.prefix <= other.prefix && one.base === Math.floor(other.base / one.size) * one.size;
}

/** A network's first address and size, as numbers; NaN where it is no IPv4 network. */
function range(network: string): { base: number; prefix: number; size: number } {
  const [, address = '', length = '32'] = /^([\d.]+)(?:\/(\d+))?$/.exec(network) ?? [];
  const prefix = Number(length);
  const size = 2 ** (32 - prefix);
  const number = isIPv4(address) ? address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) : NaN;
  return { base: Math.floor(number / size) * size, prefix, size };
}

/** Whether `9500:9600`, or a single port, holds the port. */
function spans(ports: string, port: number): boolean {
  const [from, to = from] = ports.split(':');
  return Number(from) <= port && port <= Number(to);
}
