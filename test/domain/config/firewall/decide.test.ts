import * as fc from 'fast-check';
import { type Case, concerning, decide, explain, type Question } from '../../../../domain/config/firewall/decide';
import { parseListing } from '../../../../domain/config/firewall/table';

/** 10.21.22.0 */
const NETWORK = 0x0a15_1600;
const SOURCES = [...Array(16).keys()].map((last) => NETWORK + last);
const SOURCE_PORTS = [1024, 1025, 1026, 1027, 40_000, 65_535];
const INTERFACES = ['eth0', 'eth1', 'eth10', 'e', 'em1', 'br-mgmt', 'zz9'];
const QUESTION: Question = {
  sources: [[NETWORK, NETWORK + 15]],
  sourcePorts: [[1024, 65_535]],
  destinations: [[NETWORK + 200, NETWORK + 200]],
  port: 9511,
};

const decideRules = (...lines: string[]) => decide([parseListing(lines)], QUESTION);

// Rules as data, with what they mean for one packet. It shares nothing with the domain: text is made of it for that.

interface Packet {
  readonly source: number;
  readonly sourcePort: number;
  readonly interface: string;
}

/** A condition of a rule: its text, and what it says about a packet; undefined if nobody knows. */
interface Condition {
  readonly text: string;
  readonly holds: (packet: Packet) => boolean | undefined;
}

interface ModelRule {
  readonly conditions: readonly Condition[];
  readonly target: string;
}

const dotted = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

function negated(condition: Condition, not: boolean): Condition {
  if (!not) return condition;
  return {
    text: `! ${condition.text}`,
    holds: (packet) => {
      const holds = condition.holds(packet);
      return holds === undefined ? undefined : !holds;
    },
  };
}

const CONDITIONS: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .record({ last: fc.integer({ min: 0, max: 15 }), bits: fc.integer({ min: 27, max: 32 }), form: fc.nat(2) })
    .map(({ last, bits, form }): Condition => {
      const mask = bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0;
      const address = dotted(NETWORK + last);
      return {
        text: [`-s ${address}/${bits}`, `--source ${address}/${dotted(mask)}`, `--src ${address}/0${bits.toString(8)}`][
          form
        ] as string,
        holds: ({ source }) => (source & mask) === ((NETWORK + last) & mask),
      };
    }),
  fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 15 })).map(([low, high]): Condition => {
    const [from, to] = [Math.min(low, high), Math.max(low, high)];
    return {
      text: `-m iprange --src-range ${dotted(NETWORK + from)}-${dotted(NETWORK + to)}`,
      holds: ({ source }) => source - NETWORK >= from && source - NETWORK <= to,
    };
  }),
  fc.constantFrom('eth0', 'eth+', 'e+', 'eth1', 'eth1+', 'lo', 'br-mgmt', '+').map((pattern): Condition => ({
    text: `-i ${pattern}`,
    holds: (packet) =>
      pattern.endsWith('+')
        ? packet.interface.slice(0, pattern.length - 1) === pattern.slice(0, -1)
        : packet.interface === pattern,
  })),
  fc.constantFrom<Condition>(
    { text: '-p tcp --sport 1025:1026', holds: ({ sourcePort }) => [1025, 1026].includes(sourcePort) },
    { text: '-p tcp --sport :1026', holds: ({ sourcePort }) => sourcePort < 1027 },
    {
      text: '-p tcp -m multiport --sports 1024,40000:65535',
      holds: (p) => p.sourcePort === 1024 || p.sourcePort > 39_999,
    },
    { text: '-p tcp -m multiport --ports 1027,80', holds: ({ sourcePort }) => sourcePort === 1027 },
    { text: '-p tcp --dport 9000:', holds: () => true },
    { text: '-p tcp --dport https', holds: () => false },
    { text: '-p TCP', holds: () => true },
    { text: '-p 17', holds: () => false },
    { text: '-p all', holds: () => true },
    { text: '-p tcp --syn', holds: () => true },
    { text: '-p tcp --tcp-flags ALL NONE', holds: () => false },
    { text: '-m state --state NEW', holds: () => true },
    { text: '-m conntrack --ctstate RELATED,ESTABLISHED', holds: () => false },
    { text: '-m addrtype --dst-type LOCAL', holds: () => true },
    { text: '-m comment --comment "-j DROP"', holds: () => true },
    { text: '-m mark --mark 0x1', holds: () => undefined },
    { text: '-m set --match-set bogons src', holds: () => undefined },
    { text: '-m limit --limit 3/min', holds: () => undefined },
  ),
);

/** Options that iptables takes only once in a rule, and those that are negated here. */
const kindOf = ({ text }: Condition) => (/^--?s/.test(text) ? '-s' : /^-[pi]/.test(text) ? text.slice(0, 2) : text);
const mayBeNegated = ({ text }: Condition) => /^(-s|--s|-i (?!\+)|-p 17)/.test(text);

const TARGETS = ['ACCEPT', 'ACCEPT', 'DROP', 'REJECT', 'RETURN', 'LOG', '', 'NFQUEUE'];

/** Chains that lead to later ones only, as the kernel wants it. */
const CHAINS = ['INPUT', 'one', 'two', 'three'];

function rulesOf(index: number): fc.Arbitrary<ModelRule[]> {
  const later = CHAINS.slice(index + 1).flatMap((chain) => [`-j ${chain}`, `-j ${chain}`, `-g ${chain}`]);
  const targets = [...TARGETS.map((target) => (target === '' ? '' : `-j ${target}`)), ...later];
  const conditions = fc
    .uniqueArray(fc.tuple(CONDITIONS, fc.boolean()), { maxLength: 3, selector: ([condition]) => kindOf(condition) })
    .map((list) => list.map(([condition, not]) => negated(condition, not && mayBeNegated(condition))));
  return fc.array(fc.record({ conditions, target: fc.constantFrom(...targets) }), { maxLength: 5 });
}

const MODELS = fc.record({
  policy: fc.constantFrom('ACCEPT', 'DROP'),
  chains: fc.tuple(...CHAINS.map((_, index) => rulesOf(index))),
});
type Model = typeof MODELS extends fc.Arbitrary<infer Value> ? Value : never;

function textOf({ policy, chains }: Model): string[] {
  return [
    `-P INPUT ${policy}`,
    ...CHAINS.slice(1).map((chain) => `-N ${chain}`),
    ...chains.flatMap((rules, index) =>
      rules.map(({ conditions, target }) =>
        ['-A', CHAINS[index], ...conditions.map(({ text }) => text), target].filter((word) => word !== '').join(' '),
      ),
    ),
  ];
}

/** Everything that may become of one packet: each unknown condition may hold or not, each time. */
function outcomes(model: Model, packet: Packet): Set<'accepted' | 'taken'> {
  const found = new Set<'accepted' | 'taken'>();
  const back = (stack: readonly (readonly [number, number])[]) => {
    const [top, ...rest] = stack;
    if (top) walk(top[0], top[1], rest);
    else found.add(model.policy === 'ACCEPT' ? 'accepted' : 'taken');
  };
  const walk = (chain: number, index: number, stack: readonly (readonly [number, number])[]): void => {
    const rule = model.chains[chain]?.[index];
    if (!rule) {
      back(stack);
      return;
    }
    const answers = rule.conditions.map(({ holds }) => holds(packet));
    if (answers.includes(false) || answers.includes(undefined)) walk(chain, index + 1, stack);
    if (answers.includes(false)) return;
    const [option, name = ''] = rule.target.split(' ');
    const jump = CHAINS.indexOf(name);
    if (name === 'ACCEPT' || name === 'NFQUEUE') found.add('accepted');
    if (['DROP', 'REJECT', 'NFQUEUE'].includes(name)) found.add('taken');
    if (name === 'RETURN') back(stack);
    else if (name === '' || name === 'LOG') walk(chain, index + 1, stack);
    else if (jump > 0) walk(jump, 0, option === '-g' ? stack : [[chain, index + 1], ...stack]);
  };
  walk(0, 0, []);
  return found;
}

const within = (ranges: Case['sources'], value: number) => ranges.some(([low, high]) => low <= value && value <= high);
const named = (answers: Set<'accepted' | 'taken'>) => (answers.size > 1 ? 'undecidable' : [...answers][0]);

describe('decide', () => {
  test('says of every packet what a walk through the rules, packet by packet, says', () => {
    fc.assert(
      fc.property(MODELS, (model) => {
        const table = parseListing(textOf(model));
        const { cases } = decide([table], QUESTION);

        const names = [...new Set(cases.flatMap(({ interfaces }) => interfaces))];
        for (const source of SOURCES) {
          for (const sourcePort of SOURCE_PORTS) {
            for (const name of names) {
              const holding = cases.filter(
                (one) =>
                  within(one.sources, source) && within(one.sourcePorts, sourcePort) && one.interfaces.includes(name),
              );
              const answer = named(outcomes(model, { source, sourcePort, interface: name }));
              expect(holding.map((one) => one.answer)).toEqual([answer]);
            }
          }
        }
      }),
      { numRuns: 120 },
    );
  });

  test('knows an interface for each that the rules tell apart', () => {
    fc.assert(
      fc.property(MODELS, fc.constantFrom(...INTERFACES), fc.constantFrom(...SOURCES), (model, name, source) => {
        const table = parseListing(textOf(model));
        const onAny = decide([table], QUESTION);
        const onOne = decide([table], { ...QUESTION, sources: [[source, source]], interface: name });

        const answers = SOURCE_PORTS.map((sourcePort) =>
          named(outcomes(model, { source, sourcePort, interface: name })),
        );
        const worst = ['taken', 'undecidable', 'accepted'];
        const rank = (answer: string | undefined) => worst.indexOf(answer ?? '');
        expect(rank(onOne.answer)).toBeLessThanOrEqual(Math.min(...answers.map(rank)));
        expect(rank(onAny.answer)).toBeLessThanOrEqual(rank(onOne.answer));
      }),
      { numRuns: 200 },
    );
  });
});

test('a decision can be narrowed to some addresses', () => {
  const decision = decideRules('-P INPUT ACCEPT', '-A INPUT -s 10.21.22.9 -j DROP', '-A INPUT -s 10.21.22.4/30 -j LOG');

  expect(decision.answer).toBe('taken');
  expect(concerning(decision, ['10.21.22.4', '10.21.22.5']).answer).toBe('accepted');
  expect(concerning(decision, ['10.21.22.4', '10.21.22.9']).answer).toBe('taken');
});

describe('explain', () => {
  test('names the rule, its place, and the way that leads there', () => {
    const decision = decideRules(
      '-P INPUT ACCEPT',
      '-N hostrules',
      '-A INPUT -i lo -j ACCEPT',
      '-A INPUT -j hostrules',
      '-A hostrules -p tcp -m tcp --dport 22 -j ACCEPT',
      '-A hostrules -j REJECT --reject-with icmp-host-prohibited',
    );

    expect(decision.cause).toMatchObject({ chain: 'hostrules', number: 2, target: 'REJECT' });
    expect(explain(decision)).toBe(
      'rule 2 of INPUT, `-A INPUT -j hostrules`, leads to rule 2 of hostrules, ' +
        '`-A hostrules -j REJECT --reject-with icmp-host-prohibited`, which rejects it',
    );
  });

  test('names the policy', () => {
    expect(explain(decideRules('-P INPUT DROP', '-A INPUT -p udp -j ACCEPT'))).toBe(
      'the policy of INPUT, `-P INPUT DROP`, which drops it',
    );
  });

  test('names the interfaces, if it happens on some only', () => {
    expect(explain(decideRules('-A INPUT -i eth0 -j DROP'))).toBe(
      'rule 1 of INPUT, `-A INPUT -i eth0 -j DROP`, which drops it, if it arrives on an interface such as eth0',
    );
  });

  test('names the addresses, if it happens to some only', () => {
    expect(explain(decideRules('-A INPUT -s 10.21.22.8/30 -j DROP'))).toBe(
      'rule 1 of INPUT, `-A INPUT -s 10.21.22.8/30 -j DROP`, which drops it, if it comes from 10.21.22.8-10.21.22.11',
    );
  });

  test('says what it depends on', () => {
    expect(explain(decideRules('-A INPUT -m set --match-set bogons src -j DROP'))).toBe(
      'rule 1 of INPUT, `-A INPUT -m set --match-set bogons src -j DROP`, which may decide it: ' +
        'that depends on -m set --match-set bogons src',
    );
    expect(explain(decideRules('-A INPUT -p tcp -j NFQUEUE --queue-num 0'))).toContain(
      'that depends on the program that NFQUEUE hands packets to',
    );
    expect(explain(decideRules('-A INPUT -j elsewhere'))).toContain(
      'that depends on elsewhere, which is not among the chains that were read',
    );
  });

  test('says what accepts', () => {
    expect(explain(decideRules('-P INPUT DROP', '-A INPUT -s 10.0.0.0/8 -j ACCEPT'))).toBe(
      'rule 1 of INPUT, `-A INPUT -s 10.0.0.0/8 -j ACCEPT`, which accepts it',
    );
  });
});

test('chains that lead to each other end', () => {
  const { answer, cause } = decideRules('-A INPUT -j one', '-A one -j two', '-A two -j one');

  expect({ answer, dependsOn: cause.dependsOn }).toEqual({ answer: 'undecidable', dependsOn: 'a loop of chains' });
});
