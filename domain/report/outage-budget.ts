import type { Report } from './report';

/** Whether a cycle took longer than the site document allows, as far as it was watched. */
export function isOverBudget({
  outageMs,
  outageBoundsMs,
  outageBudgetMs,
}: Pick<Report, 'outageMs' | 'outageBoundsMs' | 'outageBudgetMs'>): boolean {
  const longest = outageMs ?? outageBoundsMs?.atMost ?? 0;
  return outageBudgetMs !== null && longest > outageBudgetMs;
}
