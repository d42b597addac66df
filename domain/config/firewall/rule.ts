import { remembering } from '../../remembering';
import { pairs, parseNumber, parsePorts, printNetwork } from './values';

/**
 * One option of a rule, by its canonical name: the short one of iptables (`-s`), or the shortest of a match (`--dport`
 * for `--destination-port`). `-m` has the name of the match as its value.
 */
export interface Option {
  readonly name: string;
  readonly negated: boolean;
  readonly values: readonly string[];
}

export interface Rule {
  /** As it was read, without counters. Rules that iptables makes of one line, `-s A,B`, share it. */
  readonly text: string;
  /** The line it was read from, from 0. */
  readonly line: number;
  /** Without target and comment. */
  readonly options: readonly Option[];
  /** An extension such as ACCEPT, or a chain. A rule without one only counts. */
  readonly target?: string;
  /** `-g`: after the chain, iptables returns to where the chain of this rule would have returned to. */
  readonly goto: boolean;
  /** How the target is to act, `--reject-with`. */
  readonly targetOptions: readonly Option[];
  readonly comment?: string;
}

/** iptables' standard targets: they take no options. */
const STANDARD_TARGETS = ['ACCEPT', 'DROP', 'RETURN', 'QUEUE'];

/** What a line tells iptables to do. Other commands, such as `-L`, change nothing. */
export interface Command {
  readonly verb: string;
  readonly chain?: string;
  /** Number of a rule, from 1. */
  readonly number?: number;
  /** The policy of `-P`, the new name of `-E`. */
  readonly argument?: string;
  /** One, or several if a list of addresses is given. */
  readonly rules: readonly Rule[];
}

/** iptables' own options. */
const BASE = pairs(`
  append -A, delete -D, check -C, insert -I, replace -R, list -L, list-rules -S, flush -F, zero -Z, new-chain -N,
  delete-chain -X, rename-chain -E, policy -P, source -s, src -s, destination -d, dst -d, protocol -p, in-interface -i,
  out-interface -o, jump -j, goto -g, match -m, table -t, fragments -f, set-counters -c, numeric -n, verbose -v,
  exact -x, ipv4 -4, ipv6 -6, line-numbers -0, modprobe -M
`);

const PORTS = 'source-port --sport, sport --sport, destination-port --dport, dport --dport';

/** Options of the matches that are understood here. */
const MATCHES: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  tcp: pairs(`${PORTS}, syn --syn, tcp-flags --tcp-flags, tcp-option --tcp-option`),
  udp: pairs(PORTS),
  multiport: pairs(`
    source-ports --sports, sports --sports, destination-ports --dports, dports --dports, ports --ports
  `),
  state: pairs('state --ctstate'),
  conntrack: pairs('ctstate --ctstate, ctproto --ctproto, ctstatus --ctstatus'),
  comment: pairs('comment --comment'),
  addrtype: own('src-type dst-type limit-iface-in limit-iface-out'),
  iprange: own('src-range dst-range'),
  pkttype: own('pkt-type'),
  // A set of ipset has a `--set` too.
  recent: new Map([
    ['set', '--recent-set'],
    ...own('rcheck update remove seconds reap hitcount rttl name rsource rdest mask'),
  ]),
  physdev: own('physdev-in physdev-out physdev-is-in physdev-is-out physdev-is-bridged'),
};
const UNDERSTOOD = new Set(Object.values(MATCHES).flatMap((options) => [...options.values()]));

/** Options whose value may look like an option, with the number of their values. All others end before the next option. */
const VALUES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Array.from('ACDEINPRcdgijmopstM', (letter) => [`-${letter}`, 1])),
  ...{ '--comment': 1, '--string': 1, '--hex-string': 1, '--tcp-flags': 2, '--ctstate': 1, '--dport': 1, '--sport': 1 },
  ...{ '--dports': 1, '--sports': 1, '--ports': 1, '--log-prefix': 1, '--nflog-prefix': 1, '--ulog-prefix': 1 },
  ...Object.fromEntries(Array.from('46fnvx0', (letter) => [`-${letter}`, 0])),
};

/** Verbs of which a number, or a name, may follow the chain. */
const AFTER_CHAIN = ['-D', '-E', '-I', '-P', '-R'];

/**
 * Understands a line of iptables-save, of `iptables -S` or of a person, as iptables' own parser (getopt_long) does: also
 * abbreviated options, `--option=value`, `-pVALUE`, and the `!` after the option that iptables took before 1.8.
 *
 * @param line number of the line, from 0
 * @returns undefined if the line holds no command, or is for IPv6
 */
export function parseCommand(text: string, line: number): Command | undefined {
  const options = optionsOf(text);
  const verb = options.find(({ name }) => /^-[ACDEFILNPRSXZ]$/.test(name));
  if (!verb || options.some(({ name }) => name === '-6')) return undefined;
  const [chain, argument] = verb.values;
  const number = argument === undefined ? undefined : parseNumber(argument, 2 ** 31);
  return {
    verb: verb.name,
    ...(chain === undefined ? {} : { chain }),
    ...(argument === undefined ? {} : { argument }),
    ...(number === undefined ? {} : { number }),
    rules: rulesOf(options, text, line),
  };
}

/** Whether two rules are the same to iptables, whatever their text. */
export function isSame(one: Rule, other: Rule): boolean {
  return meaningOf(one) === meaningOf(other);
}

/** The words of a line: separated by blanks, or in double quotes, in which a backslash takes the next character as it is. */
export function splitWords(line: string): string[] {
  if (!line.includes('"')) return line.match(/\S+/g) ?? [];
  return Array.from(line.matchAll(/[^\s"]*(?:"((?:\\.|[^"\\])*)"?|[^\s"]+)/g), ([word, quoted]) =>
    quoted === undefined ? word : word.slice(0, word.indexOf('"')) + quoted.replace(/\\(.)/g, '$1'),
  );
}

/** The words as iptables-save prints them. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w./:,+!-]+$/.test(word) ? word : `"${word.replace(/["\\]/g, '\\$&')}"`)).join(' ');
}

/** Options whose canonical name is their own. */
function own(names: string): Map<string, string> {
  return new Map(names.split(' ').map((name) => [name, `--${name}`]));
}

/** The controllers of a site have the same rules but for a few. */
const optionsOf = remembering((text): readonly Option[] => readOptions(splitWords(text)));

function readOptions(words: readonly string[]): Option[] {
  const options: Option[] = [];
  const matches: string[] = [];
  let protocol: string | undefined;
  let negated = false;
  let at = 0;
  while (at < words.length) {
    const word = words[at] ?? '';
    at += 1;
    if (word === '!') {
      negated = true;
      continue;
    }
    const long = /^--([^=]+)(?:=(.*))?$/s.exec(word);
    const short = /^-([^-])(.*)$/s.exec(word);
    const name = long ? canonical(long[1] ?? '', matches, protocol) : short ? `-${short[1] ?? ''}` : word;
    const attached = long ? long[2] : short?.[2] === '' ? undefined : short?.[2];
    const values = attached === undefined ? [] : [attached];
    if (attached === undefined && words[at] === '!' && isValue(words[at + 1])) {
      negated = true;
      at += 1;
    }
    const least = VALUES[name];
    while (at < words.length && (least === undefined ? isValue(words[at]) : values.length < least)) {
      values.push(words[at] ?? '');
      at += 1;
    }
    if (AFTER_CHAIN.includes(name) && isValue(words[at])) {
      values.push(words[at] ?? '');
      at += 1;
    }
    // `-c PACKETS BYTES`
    if (name === '-c' && isValue(words[at])) at += 1;
    if (name === '-m') matches.push(values[0] ?? '');
    if (name === '-p') protocol = values[0]?.toLowerCase();
    options.push({ name, negated, values });
    negated = false;
  }
  return options;
}

function isValue(word: string | undefined): boolean {
  return word !== undefined && word !== '!' && !/^-./.test(word);
}

/** The canonical name of a long option, which may be abbreviated as long as only one begins with it. */
function canonical(name: string, matches: readonly string[], protocol: string | undefined): string {
  const loaded = [BASE, ...matches.flatMap((match) => MATCHES[match] ?? [])];
  // The match of the protocol is loaded only if nothing else knows the option.
  const implied = MATCHES[protocol === '6' ? 'tcp' : (protocol ?? '')];
  const whole = loaded.find((table) => table.has(name)) ?? implied;
  const known = whole?.get(name);
  if (known !== undefined) return known;
  for (const tables of [loaded, implied ? [implied] : []]) {
    const all = tables.flatMap((table) => [...table]);
    const [only, ...more] = new Set(all.flatMap(([one, short]) => (one.startsWith(name) ? [short] : [])));
    if (only !== undefined) return more.length === 0 ? only : `--${name}`;
  }
  return `--${name}`;
}

/** The options as rules: iptables makes a rule of each pair of source and destination. */
function rulesOf(options: readonly Option[], text: string, line: number): Rule[] {
  const target = options.find(({ name }) => name === '-j' || name === '-g');
  const comment = options.find(({ name }) => name === '--comment')?.values[0];
  // CONTINUE is what iptables takes for no target.
  const name = target?.values[0] === 'CONTINUE' ? undefined : target?.values[0];
  const common = {
    text,
    line,
    goto: target?.name === '-g',
    ...(name === undefined ? {} : { target: name }),
    ...(comment === undefined ? {} : { comment }),
  };
  const addresses = (option: string) => {
    const found = options.find((one) => one.name === option);
    return found ? (found.values[0] ?? '').split(',').map((one) => ({ ...found, values: [one.trim()] })) : [undefined];
  };
  const rest = options.filter(
    (option) => !/^-[ACDEFILNPRSXZcdgjnstvx460]$/.test(option.name) && option.name !== '--comment',
  );
  // What nothing else understands after `-j`, and no further `-m`, is the target's.
  const after = target && !options.slice(options.indexOf(target)).some((option) => option.name === '-m');
  const isTargets = (option: Option) =>
    after === true &&
    options.indexOf(option) > options.indexOf(target) &&
    /^--/.test(option.name) &&
    !UNDERSTOOD.has(option.name) &&
    !STANDARD_TARGETS.includes(target.values[0] ?? '');
  return addresses('-s').flatMap((source) =>
    addresses('-d').map((destination) => ({
      ...common,
      options: [source, destination, ...rest.filter((option) => !isTargets(option))].filter(
        (option) => option !== undefined,
      ),
      targetOptions: rest.filter(isTargets),
    })),
  );
}

function meaningOf({ options, target, goto, targetOptions, comment }: Rule): string {
  const said = options.flatMap(({ name, negated, values }) => {
    const value = values.join(' ');
    if (name === '-m') return [];
    if (name === '-s' || name === '-d') {
      const network = printNetwork(value);
      return network === '0.0.0.0/0' && !negated ? [] : [[name, negated, network]];
    }
    if (name === '-p') return value === '0' || value === 'all' ? [] : [[name, negated, protocolOf(value)]];
    if (/^--[ds]ports?$/.test(name)) return [[name.replace(/s$/, ''), negated, parsePorts(value) ?? value]];
    return [[name, negated, value]];
  });
  return JSON.stringify([
    [...new Set(said.map((one) => JSON.stringify(one)))].sort(),
    target,
    goto,
    targetOptions,
    comment,
  ]);
}

/** `tcp`, `all`, or as it is written. */
export function protocolOf(value: string): string {
  const number = parseNumber(value, 255);
  const name = value.toLowerCase();
  if (number === 0 || ['ip', 'hopopt'].includes(name)) return 'all';
  return number === 6 ? 'tcp' : name;
}
