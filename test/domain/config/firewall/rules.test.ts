import { decideRulesFile, editRules } from '../../../../domain/config/iptables';
import { node1, site } from '../../sites';
import { EXAMPLES } from './rules';

const golden = site('golden');
const where = { controller: node1(golden) };
const isMagnum = (line: string) => line.includes('"117 magnum-api from');
const others = (rules: string) => rules.split('\n').filter((line) => !isMagnum(line));

describe.each(EXAMPLES)('$name', ({ text, before, by, next, after = 'accepted' }) => {
  test('is decided, and by the rule that decides', () => {
    const { answer, cause } = decideRulesFile(text, golden, where);

    expect({ answer, by: cause.number === undefined ? 'policy' : cause.text }).toEqual({ answer: before, by });
  });

  test('has the rule at its place after an edit, which accepts what reaches it', () => {
    const edited = editRules(text, golden, undefined, where);

    const lines = edited.split('\n').map((line) => line.trim());
    expect(lines.filter(isMagnum)).toHaveLength(1);
    expect(lines[lines.findIndex(isMagnum) + 1]).toBe(next);
    expect(decideRulesFile(edited, golden, where).answer).toBe(after);
  });

  test('is done after one edit', () => {
    const edited = editRules(text, golden, undefined, where);

    expect(editRules(edited, golden, undefined, where)).toBe(edited);
  });
});

const hasFilter = ({ text }: { text: string }) => /^\*filter/m.test(text);

test.each(EXAMPLES.filter(hasFilter))('$name keeps all its other lines, byte for byte', ({ text }) => {
  expect(others(editRules(text, golden, undefined, where))).toEqual(others(text));
});

test.each(EXAMPLES.filter((example) => !hasFilter(example)))('$name gets a filter table after all else', ({ text }) => {
  const edited = editRules(text, golden, undefined, where);

  expect(edited.slice(0, text.length)).toBe(text);
  expect(edited.slice(text.length)).toMatch(
    /^\*filter\n:INPUT ACCEPT \[0:0\]\n:FORWARD ACCEPT \[0:0\]\n:OUTPUT ACCEPT \[0:0\]\n-A INPUT .*\nCOMMIT\n$/,
  );
});
