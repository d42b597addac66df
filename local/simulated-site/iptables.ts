import { toAddress, toNumber, within } from './network';
import { remembering } from '../../domain/remembering';

/** What happens to a packet. */
export type Verdict = 'ACCEPT' | 'DROP' | 'REJECT';

/** A rule that iptables refuses; the message is what it prints after its own name. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
}

interface Match {
  readonly name: string;
  readonly options: (readonly [flag: string, value: string])[];
}

/** A rule as far as controllers use them. */
export interface Rule {
  source?: string;
  destination?: string;
  inInterface?: string;
  outInterface?: string;
  protocol?: string;
  readonly matches: Match[];
  target?: string;
  /** How many packets it has taken since it is there. */
  packets: number;
  readonly targetOptions: (readonly [flag: string, value: string])[];
}

/** Options that a loaded match module understands. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  multiport: ['--dports', '--sports', '--ports'],
  comment: ['--comment'],
  state: ['--state'],
  conntrack: ['--ctstate'],
  tcp: ['--dport', '--sport', '--tcp-flags', '--syn'],
  udp: ['--dport', '--sport'],
  icmp: ['--icmp-type'],
  pkttype: ['--pkt-type'],
  limit: ['--limit', '--limit-burst'],
};

const TABLES = ['filter', 'nat', 'mangle', 'raw', 'security'];

/** Targets that are no chain of an administrator's. */
const TARGETS = ['ACCEPT', 'DROP', 'REJECT', 'RETURN', 'LOG'];

const TARGET_OPTIONS = ['--reject-with', '--log-prefix', '--log-level'];

/** Parses the words of a rule that follow `-A INPUT`. */
export function parseRule(words: readonly string[]): Rule {
  const rule: Rule = { matches: [], targetOptions: [], packets: 0 };
  const rest = [...words];
  const value = (flag: string): string => {
    const next = rest.shift();
    if (next === undefined) throw new RuleError(`option "${flag}" requires an argument`);
    return next;
  };
  for (let flag = rest.shift(); flag !== undefined; flag = rest.shift()) {
    if (flag === '-s' || flag === '--source') rule.source = networkOf(value(flag));
    else if (flag === '-d' || flag === '--destination') rule.destination = networkOf(value(flag));
    else if (flag === '-i' || flag === '--in-interface') rule.inInterface = value(flag);
    else if (flag === '-o' || flag === '--out-interface') rule.outInterface = value(flag);
    else if (flag === '-p' || flag === '--protocol') rule.protocol = value(flag);
    else if (flag === '-j' || flag === '--jump') rule.target = value(flag);
    else if (flag === '-m' || flag === '--match') rule.matches.push(loaded(value(flag)));
    else if (!flag.startsWith('-')) throw new RuleError(`Bad argument \`${flag}'`);
    else if (TARGET_OPTIONS.includes(flag) && rule.target !== undefined) rule.targetOptions.push([flag, value(flag)]);
    else matchWith(rule, flag).options.push([flag, portsOf(flag, value(flag))]);
  }
  return rule;
}

const printed = new WeakMap<Rule, readonly [matches: string, target: string]>();

/** The rule as iptables-save prints it, without `-A INPUT`. @param counters stand before the target */
function formatRule(rule: Rule, counters = ''): string {
  const [matches, target] = printed.get(rule) ?? partsOf(rule);
  printed.set(rule, [matches, target]);
  return `${matches}${counters} ${target}`.trim();
}

/** What stands before the counters, and after them. */
function partsOf(rule: Rule): readonly [matches: string, target: string] {
  const words = [
    ...(rule.source === undefined ? [] : ['-s', rule.source]),
    ...(rule.destination === undefined ? [] : ['-d', rule.destination]),
    ...(rule.inInterface === undefined ? [] : ['-i', rule.inInterface]),
    ...(rule.outInterface === undefined ? [] : ['-o', rule.outInterface]),
    ...(rule.protocol === undefined || rule.protocol === 'all' ? [] : ['-p', rule.protocol]),
    ...rule.matches.flatMap(({ name, options }) => ['-m', name, ...options.flatMap(([flag, text]) => [flag, text])]),
  ];
  const target = [
    ...(rule.target === undefined ? [] : ['-j', rule.target]),
    ...rule.targetOptions.flatMap(([flag, text]) => [flag, text]),
  ];
  return [words.map(quoted).join(' '), target.map(quoted).join(' ')];
}

/** The chain INPUT of a host's filter table. */
export class InputChain {
  policy: Verdict = 'ACCEPT';
  rules: Rule[] = [];
  private packets = 0;

  /** Replaces policy and rules by those of a rules file, as iptables-restore does. */
  restore(text: string): void {
    const { policy, rules } = parseRulesFile(text);
    this.policy = policy;
    // A file is parsed once for all; each chain counts for itself.
    this.rules = rules.map((rule) => ({ ...rule, packets: 0 }));
    this.packets = 0;
  }

  /** Policy and rules as they are. */
  get image(): { readonly policy: Verdict; readonly rules: readonly Rule[] } {
    return { policy: this.policy, rules: [...this.rules] };
  }

  /** Inserts a rule as number `position`, from 1. */
  insert(position: number, rule: Rule): void {
    const { target } = rule;
    if (target !== undefined && !TARGETS.includes(target)) throw new RuleError(`Chain '${target}' does not exist`);
    if (position > this.rules.length + 1) throw new RangeError('Index of insertion too big.');
    this.rules.splice(position - 1, 0, rule);
  }

  /** Deletes rule number `position`, from 1. */
  delete(position: number): void {
    if (position > this.rules.length) throw new RangeError('Index of deletion too big.');
    this.rules.splice(position - 1, 1);
  }

  /** As `iptables -S INPUT` prints it; with `-v` each line has packets and bytes: here each packet has 60 of them. */
  print(counters = false): string {
    const counted = (packets: number) => (counters ? ` -c ${packets} ${packets * 60}` : '');
    const rules = this.rules.map((rule) => `-A INPUT ${formatRule(rule, counted(rule.packets))}`);
    return [`-P INPUT ${this.policy}${counted(this.packets)}`, ...rules, ''].join('\n');
  }

  /** What happens to the first packet of a TCP connection. @param counts if there is one */
  verdict(from: string, port: number, iface: string, counts = false): Verdict {
    for (const rule of this.rules) {
      if (!matches(rule, from, port, iface)) continue;
      if (counts) rule.packets++;
      if (rule.target === 'ACCEPT' || rule.target === 'DROP' || rule.target === 'REJECT') return rule.target;
    }
    if (counts) this.packets++;
    return this.policy;
  }
}

/** A rules file that iptables-restore refuses. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';

  constructor(
    message: string,
    readonly exit: number,
  ) {
    super(message);
  }
}

/** Understands a rules file, the table `filter`, chain INPUT of it. */
export const parseRulesFile = remembering((text): { policy: Verdict; rules: readonly Rule[] } => {
  const result: { policy: Verdict; rules: Rule[] } = { policy: 'ACCEPT', rules: [] };
  let table: string | undefined;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  lines.forEach((line, index) => {
    if (line === '' || line.startsWith('#')) return;
    if (line.startsWith('*')) {
      table = line.slice(1);
      if (!TABLES.includes(table)) {
        const program = 'iptables-restore';
        throw new RestoreError(
          `${PROGRAM(program)}: ${program}: line ${index + 1} table name '${table}' invalid\n${restoreUsage(index + 1)}`,
          2,
        );
      }
    } else if (table === undefined) {
      throw new RestoreError(`iptables-restore: line ${index + 1} failed\n`, 1);
    } else if (line === 'COMMIT') {
      table = undefined;
    } else if (line.startsWith(':')) {
      const [chain, policy] = line.slice(1).split(' ');
      if (table === 'filter' && chain === 'INPUT' && policy === 'DROP') result.policy = policy;
    } else {
      const rule = rulesLine(line, index + 1);
      if (table === 'filter' && rule.chain === 'INPUT') result.rules.push(rule.rule);
    }
  });
  if (table !== undefined) throw new RestoreError(`iptables-restore: COMMIT expected at line ${lines.length + 1}\n`, 1);
  return result;
});

function rulesLine(line: string, number: number): { chain: string; rule: Rule } {
  const usage = restoreUsage(number);
  const words = line.startsWith('[') ? splitRule(line).slice(1) : splitRule(line);
  const [command, chain, ...rest] = words;
  if (command !== undefined && !command.startsWith('-'))
    throw new RestoreError(`Bad argument \`${command}'\n${usage}`, 2);
  if (command !== '-A' || chain === undefined) {
    throw new RestoreError(`${PROGRAM('iptables-restore')}: no command specified\n${usage}`, 2);
  }
  try {
    return { chain, rule: parseRule(rest) };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    const who = error.message.startsWith('Bad argument') ? '' : `${PROGRAM('iptables-restore')}: `;
    throw new RestoreError(`${who}${error.message}\n${usage}`, 2);
  }
}

function restoreUsage(line: number): string {
  return `Error occurred at line: ${line}\nTry \`iptables-restore -h' or 'iptables-restore --help' for more information.\n`;
}

/** How the programs of iptables name themselves in a message. */
export const PROGRAM = (name: string): string => `${name} v1.8.9 (nf_tables)`;

function matches(rule: Rule, from: string, port: number, iface: string): boolean {
  if (rule.protocol !== undefined && rule.protocol !== 'tcp' && rule.protocol !== 'all') return false;
  if (rule.inInterface !== undefined && rule.inInterface !== iface) return false;
  if (rule.source !== undefined && !within(from, rule.source)) return false;
  return rule.matches.every(({ options }) =>
    options.every(([flag, value]) => {
      if (flag === '--dport' || flag === '--dports') return holds(value, port);
      if (flag === '--state' || flag === '--ctstate') return value.split(',').includes('NEW');
      // The source port of a new connection is an ephemeral one, which no rule of a controller names.
      return flag !== '--sport' && flag !== '--sports';
    }),
  );
}

function holds(ports: string, port: number): boolean {
  return rangesOf(ports).some(([low, high]) => port >= low && port <= high);
}

const rangesOf = remembering((ports) =>
  ports.split(',').map((range) => {
    const [low = '0', high = low] = range.split(':');
    return [Number(low), Number(high)] as const;
  }),
);

function loaded(name: string): Match {
  if (!(name in MODULES)) throw new RuleError(`Couldn't load match \`${name}':No such file or directory\n`);
  return { name, options: [] };
}

function matchWith(rule: Rule, flag: string): Match {
  const found = rule.matches.findLast(({ name }) => MODULES[name]?.includes(flag) === true);
  if (found) return found;
  // `-p tcp --dport` loads the match of the protocol by itself.
  const { protocol } = rule;
  if (protocol !== undefined && MODULES[protocol]?.includes(flag) === true) {
    const match: Match = { name: protocol, options: [] };
    rule.matches.push(match);
    return match;
  }
  throw new RuleError(`unknown option "${flag}"`);
}

/** Checks the ports that an option names, if it names any. */
function portsOf(flag: string, value: string): string {
  if (!/^--[ds]?ports?$/.test(flag)) return value;
  const wrong = value.split(/[,:]/).find((port) => !/^\d+$/.test(port) || Number(port) > 65_535);
  if (wrong !== undefined) throw new RuleError(`invalid port/service \`${wrong}' specified`);
  return value;
}

function networkOf(value: string): string {
  const [address = '', prefix = '32'] = value.split('/');
  const bytes = address.split('.').map(Number);
  const valid = /^\d+(\.\d+){3}$/.test(address) && bytes.every((byte) => byte <= 255) && Number(prefix) <= 32;
  if (!valid) throw new RuleError(`host/network \`${value}' not found`);
  const size = 2 ** (32 - Number(prefix));
  return `${toAddress(Math.floor(toNumber(address) / size) * size)}/${prefix}`;
}

function quoted(word: string): string {
  if (/^-|^[A-Z]+$/.test(word) || /^[\d./:,]+$/.test(word)) return word;
  if (/^[A-Za-z0-9_,-]+$/.test(word)) return word;
  return `"${word.replace(/[\\"']/g, '\\$&')}"`;
}

/** Splits a line of a rules file: blanks between, "…" with backslashes. */
function splitRule(line: string): string[] {
  const words: string[] = [];
  for (const [, double, plain] of line.matchAll(/"((?:[^"\\]|\\.)*)"?|(\S+)/g)) {
    words.push(double === undefined ? (plain ?? '') : double.replace(/\\(.)/g, '$1'));
  }
  return words;
}
