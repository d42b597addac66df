import type { Question } from './decide';
import { intersect, type Intervals, subtract } from './intervals';
import { type Option, protocolOf, type Rule } from './rule';
import type { RuleTable } from './table';
import { parseAddressRange, parseNetwork, parsePorts } from './values';

/** Sets of packets: their source, destination, source port, and interface (its place in `Space.interfaces`). */
export type Packets = readonly [Intervals, Intervals, Intervals, Intervals];

/** The packets that a question is about. */
export interface Space {
  readonly question: Question;
  /** Of each kind of interface that the rules tell apart, one name; never lo. */
  readonly interfaces: readonly string[];
  readonly all: Packets;
}

export function spaceOf(tables: readonly RuleTable[], question: Question): Space {
  const interfaces = question.interface === undefined ? interfacesOf(tables) : [question.interface];
  const { sources, destinations, sourcePorts } = question;
  return { question, interfaces, all: [sources, destinations, sourcePorts, [[0, interfaces.length - 1]]] };
}

/**
 * Which of the packets a rule matches; undefined if none. With `dependsOn`, it matches these at most: the options that it
 * names ask for something that the rules do not tell.
 *
 * @param isTracked whether conntrack has seen the packets: before, it calls every packet INVALID
 */
export function meaning(
  rule: Rule,
  space: Space,
  isTracked = true,
): { matched: Packets | undefined; dependsOn?: string } {
  const { question, interfaces, all } = space;
  const matched: [Intervals, Intervals, Intervals, Intervals] = [...all];
  const unknown: string[] = [];
  for (const option of rule.options) {
    const test = testOf(option, question, isTracked);
    if (test === undefined) unknown.push(option.negated ? '!' : '', option.name, ...option.values);
    else if (typeof test === 'boolean') {
      if (test === option.negated) return { matched: undefined };
    } else {
      const [dimension, values]: readonly [0 | 1 | 2 | 3, Intervals] =
        'interface' in test ? [3, indices(interfaces, test.interface)] : test;
      const current = matched[dimension];
      matched[dimension] = option.negated ? subtract(current, values) : intersect(current, values);
      if (matched[dimension].length === 0) return { matched: undefined };
    }
  }
  return unknown.length === 0 ? { matched } : { matched, dependsOn: unknown.filter((word) => word !== '').join(' ') };
}

/**
 * What an option, not negated, says about the packets: true or false for all of them, values in a dimension of theirs, or
 * a pattern of interfaces. Undefined if the rules do not tell.
 */
type Test = boolean | undefined | readonly [0 | 1 | 2, Intervals] | { readonly interface: string };

/** Matches that say nothing without options of theirs. */
const NEUTRAL_MATCHES = 'tcp udp icmp multiport comment state conntrack addrtype iprange pkttype recent physdev'.split(
  ' ',
);

function testOf({ name, values }: Option, question: Question, isTracked: boolean): Test {
  const [value = '', second = ''] = values;
  switch (name) {
    case '-m':
      return NEUTRAL_MATCHES.includes(value) ? true : undefined;
    case '-p': {
      const protocol = protocolOf(value);
      return protocol === 'all' || protocol === 'tcp';
    }
    case '-s':
    case '-d': {
      const network = parseNetwork(value, name === '-s' ? question.sources : question.destinations);
      return network && [name === '-s' ? 0 : 1, network];
    }
    case '--src-range':
    case '--dst-range': {
      const range = parseAddressRange(value);
      return range && [name === '--src-range' ? 0 : 1, range];
    }
    case '-i':
      return { interface: value };
    case '-o':
      // A packet for this host leaves by no interface.
      return value === '+' || value === '';
    case '-f':
      return false;
    case '--dport':
    case '--dports': {
      const ports = parsePorts(value);
      return ports && holds(ports, question.port);
    }
    case '--sport':
    case '--sports': {
      const ports = parsePorts(value);
      return ports && [2, ports];
    }
    case '--ports': {
      const ports = parsePorts(value);
      return ports && (holds(ports, question.port) || [2, ports]);
    }
    case '--syn':
      return true;
    case '--tcp-flags': {
      const [mask, set] = [flags(value), flags(second)];
      return mask === undefined || set === undefined ? undefined : (mask & SYN) === set;
    }
    case '--mss': {
      const [from, to = from] = value.split(':').map(Number);
      if (from === undefined || to === undefined || (to >= LEAST_MSS && (from > LEAST_MSS || to < 65_535)))
        return undefined;
      return to >= LEAST_MSS;
    }
    case '--ctstate':
      return value
        .toUpperCase()
        .split(',')
        .includes(isTracked ? 'NEW' : 'INVALID');
    case '--ctproto':
      return protocolOf(value) === 'tcp';
    // The address is one of this host's. A source that is one too would have come by lo.
    case '--dst-type':
      return value.toUpperCase().split(',').includes('LOCAL');
    case '--src-type':
      return value.toUpperCase().split(',').includes('UNICAST');
    case '--pkt-type':
      return ['unicast', 'host'].includes(value);
    // It notes the address, and always matches.
    case '--recent-set':
      return true;
    // Further words of recent, whose --rcheck, --update and --remove ask for the addresses that it has seen.
    case '--name':
    case '--seconds':
    case '--hitcount':
    case '--reap':
    case '--rttl':
    case '--rsource':
    case '--rdest':
    case '--mask':
      return true;
    // A packet for this host goes out through no bridge.
    case '--physdev-is-bridged':
    case '--physdev-is-out':
    case '--physdev-out':
      return false;
    default:
      return undefined;
  }
}

/** What every host can take at least (RFC 9293), and announces when it connects. */
const LEAST_MSS = 536;

const SYN = 0x02;
const FLAGS: Readonly<Record<string, number>> = {
  FIN: 0x01,
  SYN,
  RST: 0x04,
  PSH: 0x08,
  ACK: 0x10,
  URG: 0x20,
  ALL: 0x3f,
  NONE: 0,
};

function flags(list: string): number | undefined {
  return list
    .toUpperCase()
    .split(',')
    .reduce<number | undefined>((sum, flag) => {
      const bit = FLAGS[flag];
      return sum === undefined || bit === undefined ? undefined : sum | bit;
    }, 0);
}

function holds(ports: Intervals, port: number): boolean {
  return ports.some(([low, high]) => low <= port && port <= high);
}

function indices(interfaces: readonly string[], pattern: string): Intervals {
  return interfaces.flatMap((name, index): Intervals => (fits(name, pattern) ? [[index, index]] : []));
}

function fits(name: string, pattern: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Names have 15 characters at most. */
const LONGEST_NAME = 15;

/**
 * Names of interfaces such that every other name is like one of these to all rules: the names in the rules, for each
 * `PREFIX+` one that fits no longer prefix, and one that none fits.
 */
function interfacesOf(tables: readonly RuleTable[]): string[] {
  const patterns = [
    ...new Set(
      tables
        .flatMap(({ chains }) => [...chains.values()])
        .flat()
        .flatMap(({ options }) => options.flatMap(({ name, values }) => (name === '-i' ? [values[0] ?? ''] : []))),
    ),
  ].filter((pattern) => pattern !== '+' && pattern !== '');
  const first = (names: readonly string[], apartFrom: readonly string[]) =>
    names
      .filter((name) => name !== 'lo' && name.length <= LONGEST_NAME)
      .find((name) => !apartFrom.some((pattern) => fits(name, pattern)));
  const ends = [...Array.from('0123456789abcdefghijklmnopqrstuvwxyz'), ''];
  const ofPrefixes = patterns
    .filter((pattern) => pattern.endsWith('+'))
    .map((pattern) => pattern.slice(0, -1))
    .map((prefix) =>
      first(
        ends.map((end) => prefix + end),
        patterns.filter((other) => other.length > prefix.length + 1 || !other.endsWith('+')),
      ),
    );
  const other = first(['mgmt0', ...ends.map((letter) => `${letter}0`)], patterns);
  const exact = patterns.filter((pattern) => !pattern.endsWith('+') && pattern !== 'lo');
  return [...new Set([other, ...ofPrefixes, ...exact].filter((name) => name !== undefined))];
}
