import type { Fault } from './schedule';

/**
 * The smallest part of a schedule that does the same: faults are left out one by one, as long as what is left still does.
 *
 * @param same whether these faults do what the whole does
 */
export async function shrink(
  faults: readonly Fault[],
  same: (fewer: readonly Fault[]) => Promise<boolean>,
): Promise<readonly Fault[]> {
  for (const fault of faults) {
    const fewer = faults.filter((one) => one !== fault);
    if (fewer.length > 0 && (await same(fewer))) return shrink(fewer, same);
  }
  return faults;
}
