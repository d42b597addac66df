import evaluator from 'jsonata';
import { Expression } from '../../../lib/states/expression';
import { messageOf } from '../../../lib/states/failure';

const CAUSE = new Expression<string>('$given');
const messageIn = (given: unknown) =>
  evaluator(messageOf(CAUSE).source).evaluate(undefined, { given }) as Promise<unknown>;

describe('messageOf', () => {
  const error = {
    errorType: 'NoQuorum',
    errorMessage: 'No "quorum"\nC:\\new\\table\t, "trace":[ and {"errorType":"X"}',
    trace: ['NoQuorum: No "quorum"', '  at'],
  };

  test("gives a function's message, not its trace", async () => {
    expect(await messageIn(JSON.stringify(error))).toBe(error.errorMessage);
    // As Lambda tells a timeout.
    expect(await messageIn(JSON.stringify({ ...error, trace: undefined }))).toBe(error.errorMessage);
  });

  test.each(['plain text', '', '{"a":1}', 'null', '{"errorType":"X"}]}', '\u0001 \\n'])(
    'gives %j as it is',
    async (given) => {
      expect(await messageIn(given)).toBe(given);
    },
  );

  test('gives what is left of one that was cut', async () => {
    expect(await messageIn('{"errorType":"X","errorMessage":"cut o')).toBe('cut o');
    expect(await messageIn(undefined)).toBe('');
  });

  test('takes a cause of 200 KB in little time', async () => {
    const long = { errorType: 'CommandFailed', errorMessage: 'x"\\\n'.repeat(50_000), trace: ['y'.repeat(10_000)] };
    const before = process.cpuUsage();

    const said = await messageIn(JSON.stringify(long));

    const { user } = process.cpuUsage(before);
    expect(said).toBe(long.errorMessage);
    expect(user / 1000).toBeLessThan(200);
  });
});
