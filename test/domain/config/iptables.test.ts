import * as fc from 'fast-check';
import { parseListing } from '../../../domain/config/firewall/table';
import {
  editRules,
  magnumRule,
  placeRule,
  type Placement,
  RulesFileInvalid,
  type Where,
} from '../../../domain/config/iptables';
import { node1, site } from '../sites';

const golden = site('golden');

const MAGNUM =
  '-A INPUT -s 10.21.22.0/24 -p tcp -m multiport --dports 9511 -m comment --comment "117 magnum-api from 10.21.22.0/24" -j ACCEPT';
/** A rule of Fuel's. */
const numbered = (number: string, title = 'service') =>
  `-A INPUT -s 10.21.22.0/24 -p tcp -m multiport --dports 80 -m comment --comment "${number} ${title} from 10.21.22.0/24" -j ACCEPT`;
const STATE = '-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT';
const INVALID = '-A INPUT -m state --state INVALID -j DROP';
const OVS = numbered('116', 'openvswitch db');
const DROP = '-A INPUT -j DROP';
const DROP_999 = '-A INPUT -m comment --comment "999 drop all other requests" -j DROP';

/** What iptables makes of the placement: inserts and deletes by number, one after the other. */
function execute(lines: readonly string[], { insert, remove }: Placement): string[][] {
  const states = [[...lines]];
  if (insert !== undefined) states.push(lines.toSpliced(insert - 1, 0, MAGNUM));
  for (const number of remove) states.push(states.at(-1)?.toSpliced(number - 1, 1) ?? []);
  return states;
}
const place = (lines: readonly string[], where: Where = {}) => placeRule(parseListing(lines), golden, where);
const after = (lines: readonly string[]) => execute(lines, place(lines)).at(-1);

describe('magnumRule', () => {
  test("is the guide's rule", () => {
    expect(magnumRule(site('guide'))).toEqual([
      '-s',
      '10.21.22.0/24',
      '-p',
      'tcp',
      '-m',
      'multiport',
      '--dports',
      '9511',
      '-m',
      'comment',
      '--comment',
      '117 magnum-api from 10.21.22.0/24',
      '-j',
      'ACCEPT',
    ]);
  });

  test('names the network as iptables prints it', () => {
    const rule = magnumRule(site('golden', (document) => (document.managementNetwork = '10.21.22.77/16')));

    expect(rule.slice(0, 2)).toEqual(['-s', '10.21.0.0/16']);
    expect(rule).toContain('117 magnum-api from 10.21.0.0/16');
  });
});

describe('placeRule', () => {
  test.each([
    ['just behind 116', [STATE, numbered('020'), OVS, DROP_999], [STATE, numbered('020'), OVS, MAGNUM, DROP_999]],
    [
      'behind 115 if there is no 116',
      [numbered('115'), numbered('118'), DROP],
      [numbered('115'), MAGNUM, numbered('118'), DROP],
    ],
    ['behind the last of several 116', [OVS, OVS, numbered('200')], [OVS, OVS, MAGNUM, numbered('200')]],
    ['ahead of 118 if there is no lower number', [STATE, numbered('118')], [STATE, MAGNUM, numbered('118')]],
    ['ahead of a final DROP if there are no numbers', [STATE, INVALID, DROP], [STATE, INVALID, MAGNUM, DROP]],
    [
      'ahead of a final REJECT',
      [STATE, '-A INPUT -j REJECT --reject-with icmp-host-prohibited'],
      [STATE, MAGNUM, '-A INPUT -j REJECT --reject-with icmp-host-prohibited'],
    ],
    ['at the end if nothing is against it', [STATE, INVALID], [STATE, INVALID, MAGNUM]],
    ['in an empty chain', [], [MAGNUM]],
    ['ahead of a DROP that stands ahead of a lower number', [STATE, DROP, OVS], [STATE, MAGNUM, DROP, OVS]],
    [
      'ahead of a DROP of its own port',
      [OVS, '-A INPUT -p tcp -m tcp --dport 9500:9600 -j DROP', numbered('200')],
      [OVS, MAGNUM, '-A INPUT -p tcp -m tcp --dport 9500:9600 -j DROP', numbered('200')],
    ],
    [
      'behind a DROP that does not take its packets',
      ['-A INPUT -s 203.0.113.0/24 -j DROP', '-A INPUT -p udp -j DROP', '-A INPUT ! -s 10.21.22.0/24 -j DROP', OVS],
      [
        '-A INPUT -s 203.0.113.0/24 -j DROP',
        '-A INPUT -p udp -j DROP',
        '-A INPUT ! -s 10.21.22.0/24 -j DROP',
        OVS,
        MAGNUM,
      ],
    ],
  ])('puts the rule %s', (_, found, wanted) => {
    expect(after(found)).toEqual(wanted);
  });

  test.each([
    ['just behind 116', [OVS, MAGNUM, DROP]],
    ['with an unnumbered rule between', [OVS, STATE, MAGNUM, numbered('118')]],
    ['first, if there is no lower number', [MAGNUM, STATE, numbered('118')]],
    [
      'printed in another order of matches',
      [
        OVS,
        '-A INPUT -s 10.21.22.0/24 -p tcp -m comment --comment "117 magnum-api from 10.21.22.0/24" -m multiport --dports 9511 -j ACCEPT',
        DROP,
      ],
    ],
  ])('leaves the rule if it is right: %s', (_, found) => {
    expect(place(found)).toEqual({ remove: [] });
  });

  test.each([
    ['behind the final DROP', [OVS, DROP, MAGNUM], [OVS, MAGNUM, DROP]],
    ['ahead of 116', [MAGNUM, OVS, DROP], [OVS, MAGNUM, DROP]],
    ['behind 118', [OVS, numbered('118'), MAGNUM], [OVS, MAGNUM, numbered('118')]],
  ])('moves the rule that stands %s', (_, found, wanted) => {
    expect(after(found)).toEqual(wanted);
  });

  test('the policy does not count', () => {
    expect(place(['-P INPUT DROP', OVS, DROP])).toEqual({ insert: 2, remove: [] });
  });

  test('replaces the rule of another port or network, and removes its duplicates, the highest number first', () => {
    const old = MAGNUM.replaceAll('9511', '9512');

    expect(place([old, OVS, old, DROP, MAGNUM])).toEqual({ insert: 3, remove: [6, 4, 1] });
    expect(place([old, OVS, MAGNUM, MAGNUM, DROP])).toEqual({ remove: [4, 1] });
  });

  test('leaves a foreign rule for the same port', () => {
    const foreign = '-A INPUT -p tcp -m tcp --dport 9511 -m comment --comment "117 magnum from anywhere" -j ACCEPT';

    expect(after([OVS, foreign, DROP])).toEqual([OVS, MAGNUM, foreign, DROP]);
  });

  test('reads the escapes of iptables-save in a comment', () => {
    const tricky = '-A INPUT -m comment --comment "116 a \\"117 magnum-api\\" -j DROP" -j ACCEPT';

    expect(after([tricky, DROP])).toEqual([tricky, MAGNUM, DROP]);
  });

  test('goes before a jump into a chain with the DROP, and stays there', () => {
    const chains = ['-N logdrop', '-A logdrop -j LOG', '-A logdrop -j DROP'];
    const found = ['-P INPUT ACCEPT', ...chains, STATE, '-A INPUT -j logdrop', OVS];

    expect(place(found)).toEqual({ insert: 2, remove: [] });
    expect(place([...found.slice(0, 5), MAGNUM, ...found.slice(5)])).toEqual({ remove: [] });
  });

  test('goes before a jump whose chain was not read', () => {
    expect(place([STATE, '-A INPUT -j logdrop', OVS])).toEqual({ insert: 2, remove: [] });
  });

  test('goes before what may take, if the rules do not tell', () => {
    const bogons = '-A INPUT -m set --match-set bogons src -j DROP';

    expect(after([STATE, bogons, OVS])).toEqual([STATE, MAGNUM, bogons, OVS]);
  });

  test('heeds a rule for the address of one controller on that controller only', () => {
    const other = '-A INPUT -d 10.21.22.5/32 -j DROP';

    expect(place([other, OVS], { controller: node1(golden) })).toEqual({ insert: 3, remove: [] });
    expect(place([other, OVS])).toEqual({ insert: 1, remove: [] });
  });

  test('heeds a rule for another interface only if it is not known where the connections arrive', () => {
    const outer = '-A INPUT -i eth0 -s 10.0.0.0/8 -j DROP';

    expect(place([outer, OVS], { interface: 'br-mgmt' })).toEqual({ insert: 3, remove: [] });
    expect(place([outer, OVS])).toEqual({ insert: 1, remove: [] });
  });

  test('whatever the chain: there is always a rule, one in the end, foreign ones stay, a second run does nothing', () => {
    const chain = fc.array(
      fc.constantFrom(
        MAGNUM,
        MAGNUM.replace('9511', '9512'),
        STATE,
        INVALID,
        OVS,
        numbered('020'),
        numbered('118'),
        DROP,
      ),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(chain, (found) => {
        const states = execute(found, place(found));
        const last = states.at(-1) ?? [];

        const foreign = (lines: readonly string[]) => lines.filter((line) => !line.includes('117 magnum-api'));
        expect(foreign(last)).toEqual(foreign(found));
        expect(last.filter((line) => line.includes('117 magnum-api'))).toEqual([MAGNUM]);
        expect(states.slice(1).every((lines) => lines.includes(MAGNUM))).toBe(true);
        expect(last.slice(0, last.indexOf(MAGNUM))).not.toContain(DROP);
        expect(place(last)).toEqual({ remove: [] });
      }),
    );
  });
});

describe('editRules', () => {
  const file = (...inputs: string[]) =>
    [
      '# Generated by iptables-save v1.8.9 (nf_tables)',
      '*nat',
      ':PREROUTING ACCEPT [0:0]',
      '-A INPUT -m comment --comment "118 not of this table" -j ACCEPT',
      'COMMIT',
      '*filter',
      ':INPUT DROP [12:345]',
      ':FORWARD DROP [0:0]',
      ...inputs,
      '-A FORWARD -j DROP',
      'COMMIT',
      '# Completed',
      '',
    ].join('\n');

  test('puts the rule among those of INPUT in the filter table', () => {
    expect(editRules(file(STATE, OVS, DROP), golden)).toBe(file(STATE, OVS, MAGNUM, DROP));
  });

  test('puts the rule ahead of all, or into a chain without rules', () => {
    expect(editRules(file(numbered('118')), golden)).toBe(file(MAGNUM, numbered('118')));
    expect(editRules('*filter\n:INPUT DROP [0:0]\nCOMMIT\n', golden)).toBe(
      `*filter\n:INPUT DROP [0:0]\n${MAGNUM}\nCOMMIT\n`,
    );
  });

  test('moves the rule and removes its duplicates', () => {
    expect(editRules(file(MAGNUM, STATE, OVS, DROP, MAGNUM), golden)).toBe(file(STATE, OVS, MAGNUM, DROP));
  });

  test('reads rules with counters', () => {
    expect(editRules(file(`[1:60] ${STATE}`, `[0:0] ${OVS}`, `[3:4] ${DROP}`), golden)).toBe(
      file(`[1:60] ${STATE}`, `[0:0] ${OVS}`, MAGNUM, `[3:4] ${DROP}`),
    );
  });

  test('leaves a right file as it is', () => {
    const found = file(STATE, `[7:420] ${MAGNUM}`, DROP_999);

    expect(editRules(found, golden)).toBe(found);
  });

  test.each(['', '\n', '# nothing yet\n', '*nat\nCOMMIT\n', '*nat\nCOMMIT'])('gives %j a filter table', (found) => {
    const edited = editRules(found, golden);

    expect(edited.startsWith(found)).toBe(true);
    expect(edited.slice(found.length).trimStart()).toBe(
      `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${MAGNUM}\nCOMMIT\n`,
    );
    expect(editRules(edited, golden)).toBe(edited);
  });

  test('keeps the ends of lines of Windows', () => {
    const dos = (text: string) => text.replaceAll('\n', '\r\n');

    expect(editRules(dos(file(STATE, OVS, DROP)), golden)).toBe(dos(file(STATE, OVS, MAGNUM, DROP)));
    expect(editRules(dos('*nat\nCOMMIT\n'), golden)).toMatch(/^\*nat\r\nCOMMIT\r\n\*filter\r\n(.*\r\n)+COMMIT\r\n$/);
  });

  test('adds no end to a last line without one', () => {
    expect(editRules('*filter\n-A INPUT -j DROP\nCOMMIT', golden)).toBe(`*filter\n${MAGNUM}\n-A INPUT -j DROP\nCOMMIT`);
  });

  test('edits the last of several filter tables, and takes the rule out of those that it replaces', () => {
    expect(editRules(file(OVS, MAGNUM) + file(OVS, DROP), golden)).toBe(file(OVS) + file(OVS, MAGNUM, DROP));
  });

  test('puts the rule in by its number, last of all, if the file inserts rules by number', () => {
    const found = file(STATE, OVS, '-I INPUT 2 -s 10.0.0.0/8 -j DROP');

    expect(editRules(found, golden)).toBe(
      found.replace('-A FORWARD -j DROP\n', `-A FORWARD -j DROP\n${MAGNUM.replace('-A INPUT', '-I INPUT 2')}\n`),
    );
  });

  test('deletes its old rule by number if its line stands in numbers of others', () => {
    const old = MAGNUM.replace('9511', '9512');
    const found = file(old, STATE, '-I INPUT 2 -p udp -j ACCEPT', '-D INPUT 3');

    const edited = editRules(found, golden);

    expect(edited).toBe(
      found.replace(
        '-A FORWARD -j DROP\n',
        `-A FORWARD -j DROP\n${MAGNUM.replace('-A INPUT', '-I INPUT 3')}\n-D INPUT 1\n`,
      ),
    );
    expect(editRules(edited, golden)).toBe(edited);
  });

  test.each([
    ['*filter\n-A INPUT -j DROP\n', 'its *filter table has no COMMIT'],
    ['*filter\n-A INPUT -j DROP\n*nat\nCOMMIT\n', 'its *filter table has no COMMIT'],
  ])('refuses %j', (text, problem) => {
    const edit = () => editRules(text, golden, '/etc/iptables/rules.v4');

    expect(edit).toThrow(RulesFileInvalid);
    expect(edit).toThrow(`/etc/iptables/rules.v4: ${problem}`);
  });
});
