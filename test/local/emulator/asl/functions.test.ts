import { constant, machine, run } from './run';

const evaluate = (Output: unknown) =>
  run(machine({ S: { Type: 'Pass', Output, End: true } }), { random: constant(0.5) });

describe("Step Functions' own functions", () => {
  it.each([
    ['$partition([1..5], 2)', [[1, 2], [3, 4], [5]]],
    ['$partition([0], 3)', [[0]]],
    ['$range(0, 10, 5)', [0, 5, 10]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ["$hash('abc', 'SHA-1')", 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['$parse(\'{"a": [1]}\')', { a: [1] }],
    ["['1', '2'] ~> $map($parse)", [1, 2]],
    ['$random()', 0.5],
    ['$random(7) = $random(7) and $random(7) != $random(8)', true],
    ['$uuid()', '88888888-8888-4888-8888-888888888888'],
    ['$millis()', 1893456000000],
    ['$now()', '2030-01-01T00:00:00.000Z'],
    ["$now('[Y]/[M]')", '2030/1'],
    ['$exists($parse($states.input.missing))', false],
  ])('%s', async (expression, expected) => {
    const { output } = await evaluate(`{% ${expression} %}`);

    expect(output).toEqual(expected);
  });

  it.each([
    ['$range(0, 1, 0)', 'a step other than 0'],
    ['$range(1, 1001, 1) ~> $append($range(0, 1000, 1))', 'more than 1000'],
    ['$partition([1], 0)', 'a positive integer'],
    ["$hash('a', 'CRC')", 'must be one of MD5'],
    ["$parse('{')", 'JSON'],
  ])('%s fails', async (expression, reason) => {
    const { error, cause } = await evaluate(`{% ${expression} %}`);

    expect(error).toBe('States.QueryEvaluationError');
    expect(cause).toContain(reason);
  });
});
