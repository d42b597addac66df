import { type Place, takes } from './decide';
import { parseCommand } from './rule';

/** A rule, or the policy of a chain, and how many packets it has counted. */
export interface Counter extends Place {
  readonly packets: number;
  /** Whether a packet that it counts ends there: DROP, REJECT and the like. */
  readonly takes: boolean;
}

/**
 * The counters of the filter table, as `iptables -v -S`, `iptables -L -v -n -x` (also with line numbers) or
 * `iptables-save -c` prints them, of all chains or of one.
 */
export function readCounters(text: string): Counter[] {
  const counters: Counter[] = [];
  const rulesOf = new Map<string, number>();
  const add = ({ chain, rule, target, packets }: Reading) => {
    const number = (rulesOf.get(chain) ?? 0) + 1;
    if (rule !== undefined) rulesOf.set(chain, number);
    counters.push({
      chain,
      ...(rule === undefined ? {} : { number }),
      text: rule ?? `-P ${chain} ${target ?? ''}`,
      packets: Number(packets),
      takes: target !== undefined && takes(target),
    });
  };
  let table = 'filter';
  let listed = '';
  let isNumbered = false;
  for (const line of text.split('\n')) {
    table = /^\*(\S+)/.exec(line)?.[1] ?? table;
    listed = /^Chain (\S+) /.exec(line)?.[1] ?? listed;
    if (/^(num )?\s*pkts /.test(line)) isNumbered = line.startsWith('num');
    const reading = policyOf(line) ?? ruleOf(line) ?? rowOf(line, listed, isNumbered);
    if (reading && table === 'filter') add(reading);
  }
  return counters;
}

/**
 * What counted packets between two readings of the same kind; undefined if the rules are not the same, so that nothing
 * can be said. Other packets than the one that was sent are counted, too.
 *
 * @returns with the number of packets since the first reading
 */
export function counted(before: string, after: string): Counter[] | undefined {
  const [first, second] = [readCounters(before), readCounters(after)];
  const places = (counters: readonly Counter[]) =>
    JSON.stringify(counters.map(({ chain, number, text }) => [chain, number, text]));
  if (places(first) !== places(second)) return undefined;
  return second
    .map((counter, index) => ({ ...counter, packets: counter.packets - (first[index]?.packets ?? 0) }))
    .filter(({ packets }) => packets > 0);
}

interface Reading {
  readonly chain: string;
  /** Undefined for the policy. */
  readonly rule?: string;
  readonly target?: string | undefined;
  readonly packets: string;
}

function policyOf(line: string): Reading | undefined {
  const [, chain, target, packets] =
    /^-P (\S+) (\S+) -c (\d+) \d+/.exec(line) ??
    /^:(\S+) ([A-Z]+) \[(\d+):\d+\]/.exec(line) ??
    /^Chain (\S+) \(policy (\S+) (\d+) packets/.exec(line) ??
    [];
  return chain === undefined || packets === undefined ? undefined : { chain, target, packets };
}

/** A rule as `iptables-save -c` or `iptables -v -S` prints it. */
function ruleOf(line: string): Reading | undefined {
  const saved = /^\[(\d+):\d+\] (-A .*)$/.exec(line);
  const [, start = '', printed = '', end = ''] = /^(-A .*?) -c (\d+) \d+(.*)$/.exec(line) ?? [];
  const [packets, rule] = saved ? [saved[1] ?? '', saved[2] ?? ''] : [printed, start + end];
  const command = parseCommand(rule, 0);
  return command?.chain === undefined
    ? undefined
    : { chain: command.chain, rule, target: command.rules[0]?.target, packets };
}

/** A row of `iptables -L`: `[num] pkts bytes [target] prot opt in out source destination …`. */
function rowOf(line: string, chain: string, isNumbered: boolean): Reading | undefined {
  const [packets = '', bytes = '', ...rest] = line
    .trim()
    .split(/\s+/)
    .slice(isNumbered ? 1 : 0);
  if (!/^\d+$/.test(packets) || !/^\d+$/.test(bytes)) return undefined;
  const hasTarget = /^[-!]?[-f]$/.test(rest[2] ?? '');
  return { chain, rule: rest.join(' '), target: hasTarget ? rest[0] : undefined, packets };
}
