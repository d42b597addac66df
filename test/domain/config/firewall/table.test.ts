import { parseListing, parseRulesFile, type RuleTable } from '../../../../domain/config/firewall/table';

const rules = ({ chains }: RuleTable, chain = 'INPUT') => (chains.get(chain) ?? []).map(({ text }) => text);
const file = (...lines: string[]) => parseRulesFile(['*filter', ...lines, 'COMMIT', ''].join('\n'));

describe('parseListing', () => {
  test('reads policy, chains and rules, with counters or without', () => {
    const table = parseListing([
      '# Warning: iptables-legacy tables present, use iptables-legacy to see them',
      '-P INPUT DROP -c 5 300',
      '-P FORWARD ACCEPT -c 0 0',
      '-N empty',
      '-A INPUT -p tcp -c 1 60 -j empty',
      '-A INPUT -i lo -j ACCEPT',
      '',
    ]);

    expect(table.policies.get('INPUT')).toBe('DROP');
    expect(rules(table)).toEqual(['-A INPUT -p tcp -c 1 60 -j empty', '-A INPUT -i lo -j ACCEPT']);
    expect(table.chains.get('empty')).toEqual([]);
    expect(table.chains.has('elsewhere')).toBe(false);
  });
});

describe('parseRulesFile', () => {
  // As iptables-restore 1.8.9 does, legacy variant.
  test.each([
    ['inserted without a number', ['-A INPUT -i a', '-I INPUT -i b'], ['b', 'a']],
    ['inserted at a number', ['-A INPUT -i a', '-A INPUT -i b', '-I INPUT 2 -i c'], ['a', 'c', 'b']],
    ['replaced', ['-A INPUT -i a', '-A INPUT -i b', '-R INPUT 1 -i c'], ['c', 'b']],
    ['deleted by number', ['-A INPUT -i a', '-A INPUT -i b', '-D INPUT 1'], ['b']],
    ['deleted by what it is', ['-A INPUT -i a', '-A INPUT -i b -p tcp', '-D INPUT -p 6 -i b'], ['a']],
    ['flushed', ['-A INPUT -i a', '-F INPUT', '-A INPUT -i b'], ['b']],
    ['flushed with all', ['-A INPUT -i a', '-F', '-A INPUT -i b'], ['b']],
  ])('carries out commands: %s', (_, lines, interfaces) => {
    const { tables, inOrder } = file(...lines);

    expect((tables[0].chains.get('INPUT') ?? []).map(({ options }) => options[0]?.values[0])).toEqual(interfaces);
    expect(inOrder).toBe(false);
  });

  test('inserts a list of addresses in reverse, as iptables does', () => {
    const [table] = file('-A INPUT -s 10.0.0.9', '-I INPUT 1 -s 10.0.0.1,10.0.0.2').tables;

    expect((table.chains.get('INPUT') ?? []).map(({ options }) => options[0]?.values[0])).toEqual([
      '10.0.0.2',
      '10.0.0.1',
      '10.0.0.9',
    ]);
  });

  test('renames and deletes chains', () => {
    const [table] = file('-N old', '-N gone', '-A INPUT -j old', '-A old -j DROP', '-E old new', '-X gone').tables;

    expect([...table.chains.keys()]).toEqual(['INPUT', 'new']);
    expect(table.chains.get('INPUT')?.[0]?.target).toBe('new');
  });

  test('keeps tables apart', () => {
    const { tables } = parseRulesFile(
      '*raw\n:PREROUTING DROP\n-A PREROUTING -i b\nCOMMIT\n*filter\n-A INPUT -i a\nCOMMIT\n',
    );

    expect(tables.map(({ name }) => name)).toEqual(['filter', 'raw']);
    expect(rules(tables[0])).toEqual(['-A INPUT -i a']);
    expect(tables[0].policies.get('PREROUTING')).toBeUndefined();
    expect(tables[1]?.policies.get('PREROUTING')).toBe('DROP');
  });

  test('lets the last filter table replace the ones before; their policy is kept by some versions', () => {
    const first = '*filter\n:INPUT DROP [0:0]\n:old - [0:0]\n-A INPUT -i a\nCOMMIT\n';
    const both = parseRulesFile(`${first}*filter\n-A INPUT -i b\nCOMMIT\n`);
    const clear = parseRulesFile(`${first}*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n`);

    expect(rules(both.tables[0])).toEqual(['-A INPUT -i b']);
    expect(both.replaced.map(({ text }) => text)).toEqual(['-A INPUT -i a']);
    expect(both.tables[0].chains.has('old')).toBe(false);
    expect(both.tables[0].policies.get('INPUT')).toBe('unsure');
    expect(clear.tables[0].policies.get('INPUT')).toBe('ACCEPT');
  });
});
