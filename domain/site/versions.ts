/**
 * Whether a program's version, such as 1.5.18 or 2.6.12-1+deb12u4, is older than `since`. One that is not known counts as the
 * newest: what it cannot do, it says itself.
 */
export function isBefore(version: string | undefined, since: string): boolean {
  if (version === undefined || !/^\d/.test(version)) return false;
  const [its, other] = [version, since].map((one) => (/^[\d.]+/.exec(one)?.[0] ?? '').split('.').map(Number));
  const at = [0, 1, 2].find((index) => (its?.[index] ?? 0) !== (other?.[index] ?? 0));
  // 1.5-dev19 came before 1.5.
  if (at === undefined) return /^[\d.]+-dev/.test(version);
  return (its?.[at] ?? 0) < (other?.[at] ?? 0);
}
