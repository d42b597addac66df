import { withControllers } from '../../bench/clean-check';
import { LIMITS } from '../../domain/site/limits';
import { again, archived, fleet, recordsIn } from '../workflow/fleet';
import { document, run, withLocal } from '../workflow/local';

const golden = document('golden');

test('a look at 64 controllers carries half of what a state may, at most', async () => {
  await withLocal(withControllers(golden, LIMITS.controllers), async (local) => {
    await run(local);

    const { looked } = await fleet(local);

    expect(looked).toEqual([{ site: 'golden', verdict: 'as-wanted' }]);
    const sizes = local.deployment.express.flatMap(({ events }) => events.map((event) => JSON.stringify(event).length));
    expect(Math.max(...sizes)).toBeLessThan(128 * 1024);
  });
});

test('200 sites: each has its verdict, and no more are looked at at a time than the setting says', async () => {
  let most = 0;
  let now = 0;
  await withLocal(
    golden,
    async (local) => {
      await run(local);
      await local.settled();
      for (let number = 1; number < 200; number++) again(local, `again-${number}`);

      const found = await fleet(local);

      expect(found.run.sites).toHaveLength(200);
      expect(found.run.counts).toMatchObject({ 'as-wanted': 200 });
      expect(recordsIn(archived(local))).toHaveLength(1 + 200);
      expect(most).toBe(20);
      expect(JSON.stringify(found.ended.output).length).toBeLessThan(400);
    },
    {
      intercept: async (call, proceed) => {
        if (call.stateName !== 'Load site' || !call.executionArn.includes(':express:')) return proceed();
        most = Math.max(most, ++now);
        return proceed().finally(() => now--);
      },
    },
  );
});
