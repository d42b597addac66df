import { type ChangeableState, withState } from '../local/search/tampering';
import { round, type Round } from './two-at-once';

const SEEDS = 40;

async function rounds(): Promise<Round[]> {
  const all = [];
  for (let seed = 0; seed < SEEDS; seed++) all.push(await round(seed));
  return all;
}

// npm run test:long has a thousand.
test('executions on one cloud never work at the same time, whatever is lost and stopped', async () => {
  const all = await rounds();

  expect(all.flatMap(({ overlaps }) => overlaps)).toEqual([]);
  const ends = all.flatMap((one) => one.ends);
  expect(ends).toEqual(
    expect.arrayContaining(['SiteLocked', 'skipped', 'ABORTED', 'Runtime.ExitError', 'Sandbox.Timedout', 'changed']),
  );
});

type Change = (state: ChangeableState & { Seconds?: unknown }) => void;

test.each<[guard: string, state: string, without: Change]>([
  [
    "the lock's condition",
    'Take site lock',
    ({ Arguments }) => {
      if (Arguments) Arguments['ConditionExpression'] = 'attribute_not_exists(hostKey) OR attribute_exists(hostKey)';
    },
  ],
  ["the wait for a dead owner's last task", "Wait for the owner's last task", (state) => (state.Seconds = 0)],
  [
    'keeping the lock while something is under way',
    'Anything under way?',
    ({ Choices = [] }) => {
      for (const choice of Choices) choice.Condition = '{% false %}';
    },
  ],
])('is seen without %s', async (_guard, state, without) => {
  let seen = false;
  for (let seed = 0; seed < 10 * SEEDS && !seen; seed++) {
    seen = (await round(seed, withState(state, without).template)).overlaps.length > 0;
  }

  expect(seen).toBe(true);
});
