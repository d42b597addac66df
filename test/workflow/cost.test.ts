import { cleanCheck, withControllers } from '../../bench/clean-check';
import measured from '../../domain/audit/measured-checks.json';
import { document, withLocal } from './local';

const [three, twelve] = measured;

test.each([three, twelve])(
  'what a check of a clean site took when it was measured is about what it takes; if it is not: npm run bench:cost',
  async (before) => {
    await withLocal(withControllers(document('golden'), before?.controllers ?? 0), async (local) => {
      const now = await cleanCheck(local);

      const { seconds, milliseconds, archiveSeconds, ...counts } = now;
      for (const [name, count] of Object.entries(counts)) {
        const was = before?.[name as keyof typeof counts] ?? 0;
        expect([name, Math.abs(count - was) <= 0.15 * was]).toEqual([name, true]);
      }
      // No network and no CPU take time here.
      expect(seconds).toBeLessThan(before?.seconds ?? 0);
      expect(milliseconds).toBeLessThan(before?.milliseconds ?? 0);
      expect(archiveSeconds).toBeLessThan(before?.archiveSeconds ?? 0);
    });
  },
);
