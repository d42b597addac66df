import evaluator from 'jsonata';
import { Expression, jsonata, NOW, text, variable } from '../../../lib/states/expression';

/** What an expression gives with these variables. */
const valueOf = (expression: Expression<unknown>, variables: Record<string, unknown> = {}) =>
  evaluator(expression.source).evaluate(undefined, variables) as Promise<unknown>;

describe('text', () => {
  test('puts texts and values one after another', async () => {
    const site = variable<{ name: string; port: number }>('site');

    const said = text`Site ${site.dot('name')} on port ${site.dot('port')} is "busy".`;

    expect(await valueOf(said, { site: { name: 'golden', port: 22 } })).toBe('Site golden on port 22 is "busy".');
  });

  test('is a text also if it begins with a number, and if a value is missing', async () => {
    const said = text`${variable<number>('count')}${variable<string>('missing')} left`;

    expect(await valueOf(said, { count: 3 })).toBe('3 left');
  });

  test('keeps conditions inside apart', async () => {
    const suffix = jsonata<string>`$failed ? " (failed)" : ""`;

    expect(await valueOf(text`done${suffix}.`, { failed: true })).toBe('done (failed).');
    expect(await valueOf(text`done${suffix}.`, { failed: false })).toBe('done.');
  });

  test('stands for nothing but itself, whatever is in it', async () => {
    expect(await valueOf(text`a "b" \\ {% $c %} ${'d"e'}\n`)).toBe('a "b" \\ {% $c %} d"e\n');
  });
});

describe('jsonata', () => {
  test('puts values in as literals, and other expressions in brackets if they need some', async () => {
    const sum = jsonata<number>`1 + 2`;

    expect(await valueOf(jsonata`${sum} * ${3}`)).toBe(9);
    expect(jsonata`${variable('a')} = ${'x"y'}`.source).toBe(String.raw`$a = "x\"y"`);
    expect(jsonata`${NOW} > ${null}`.source).toBe('$toMillis($states.context.State.EnteredTime) > null');
  });
});

test('a field of a variable is a path, and a template what a state takes', () => {
  const plan = variable<{ stage: string[] } | null>('plan');

  expect(plan.dot('stage').template).toBe('{% $plan.stage %}');
  expect(plan.present.template).toBe('{% $plan %}');
});
