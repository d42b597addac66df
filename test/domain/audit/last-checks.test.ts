import type { RecordStore, Stored } from '../../../domain/audit/archive';
import type { FleetRun, LookVerdict } from '../../../domain/audit/fleet';
import { hoursSinceCheck, LAST_CHECKS } from '../../../domain/audit/last-checks';

/** A bucket that puts only over what was read, as S3 does. */
class Kept implements Pick<RecordStore, 'get' | 'put'> {
  readonly objects = new Map<string, Stored>();
  /** Is called before something is put. */
  meanwhile = (): Promise<unknown> => Promise.resolve();

  get(key: string): Promise<Stored | undefined> {
    return Promise.resolve(this.objects.get(key));
  }

  async put(key: string, text: string, { over }: Parameters<RecordStore['put']>[2]): Promise<boolean> {
    await this.meanwhile();
    const tag = this.objects.get(key)?.tag;
    if (over === 'nothing' ? tag !== undefined : over !== undefined && over.tag !== tag) return false;
    this.objects.set(key, { text, tag: String(Number(tag ?? 0) + 1) });
    return true;
  }

  get sites(): unknown {
    return JSON.parse(this.objects.get(LAST_CHECKS)?.text ?? 'null') as unknown;
  }
}

const at = (hour: number) => new Date(Date.UTC(2030, 0, 1, hour)).toISOString();
const run = (hour: number, verdicts: Readonly<Record<string, LookVerdict>>, asked: string | null = null): FleetRun => ({
  ...{ execution: 'arn', startedAt: at(hour), endedAt: at(hour), asked, counts: {} as FleetRun['counts'] },
  sites: Object.entries(verdicts).map(([site, verdict]) => ({ site, verdict })),
});

test('sites that are looked at, or checked, wait for nothing', async () => {
  expect(await hoursSinceCheck(run(0, { one: 'as-wanted', two: 'check-started' }), new Kept())).toBe(0);
  expect(await hoursSinceCheck(run(0, {}), new Kept())).toBe(0);
});

test.each(['busy', 'could-not-start', 'not-told'] as const)(
  'a site that is %s waits since it was last looked at, or is known',
  async (verdict) => {
    const kept = new Kept();
    await hoursSinceCheck(run(0, { one: 'as-wanted', two: 'as-wanted' }), kept);

    const first = await hoursSinceCheck(run(5, { one: verdict, two: 'as-wanted', three: verdict }), kept);
    const second = await hoursSinceCheck(run(7, { three: verdict }, 'th*'), kept);

    expect([first, second]).toEqual([5, 2]);
    expect(kept.sites).toEqual({ one: at(0), two: at(5), three: at(5) });
  },
);

test('a site that is gone is forgotten by a run over all, not by one over others', async () => {
  const kept = new Kept();
  await hoursSinceCheck(run(0, { one: 'as-wanted', gone: 'as-wanted' }), kept);
  await hoursSinceCheck(run(1, { one: 'as-wanted' }, 'o*'), kept);
  expect(kept.sites).toEqual({ one: at(1), gone: at(0) });

  await hoursSinceCheck(run(2, { one: 'as-wanted' }), kept);

  expect(kept.sites).toEqual({ one: at(2) });
});

test('what another run notes at the same time is kept', async () => {
  const kept = new Kept();
  await hoursSinceCheck(run(0, { one: 'as-wanted', two: 'as-wanted' }), kept);
  kept.meanwhile = () => {
    kept.meanwhile = () => Promise.resolve();
    return hoursSinceCheck(run(3, { two: 'as-wanted' }, 'tw*'), kept);
  };

  await hoursSinceCheck(run(3, { one: 'as-wanted' }, 'on*'), kept);

  expect(kept.sites).toEqual({ one: at(3), two: at(3) });
});

test('a file that somebody has changed by hand is made anew', async () => {
  const kept = new Kept();
  kept.objects.set(LAST_CHECKS, { text: '{"one": ', tag: '1' });

  expect(await hoursSinceCheck(run(3, { one: 'not-told' }), kept)).toBe(0);
  expect(kept.sites).toEqual({ one: at(3) });
});
