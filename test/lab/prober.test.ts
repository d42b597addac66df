import { type Attempt, probed } from '../../lab/prober';

const attempt = (began: number, outcome: string, ended = began + 2): Attempt => ({ began, ended, outcome });

it('an outage lasts from the last answer before it until the first one after', () => {
  const attempts = [
    attempt(0, 'answer'),
    attempt(5, 'answer'),
    attempt(10, 'ECONNREFUSED'),
    attempt(15, 'silence', 915),
    attempt(20, 'answer', 120),
    attempt(130, 'answer'),
    attempt(135, '503'),
    attempt(140, 'answer'),
  ];

  const { answers, lost, outages, longestMs } = probed(attempts);

  expect(answers).toBe(5);
  expect(lost.map(({ outcome }) => outcome)).toEqual(['ECONNREFUSED', 'silence', '503']);
  expect(outages).toEqual([
    { from: 7, to: 120 },
    { from: 132, to: 142 },
  ]);
  expect(longestMs).toBe(113);
});

it('one that has not ended lasts until the last attempt ended', () => {
  const { outages } = probed([attempt(0, 'answer'), attempt(5, 'silence', 905)]);

  expect(outages).toEqual([{ from: 2, to: 905 }]);
});

it('without a lost attempt there is none', () => {
  const seen = probed([attempt(0, 'answer'), attempt(5, 'answer', 400), attempt(500, 'answer')]);

  expect(seen).toEqual({ answers: 3, lost: [], outages: [], longestMs: 0 });
});
