import { ERRORS } from '../error-catalogue';
import type { Report, ReportInput } from './report';

type Input = Pick<ReportInput, 'site' | 'mode' | 'findings' | 'failure' | 'rollBack'>;

/** What a person does now. */
export function nextSteps(outcome: Report['outcome'], { site, mode, findings, failure, rollBack }: Input): string[] {
  const start = `magnum-ha start ${site.name} --mode ${mode === 'check' ? 'check' : 'apply'}`;
  if (!failure) return outcome === 'drift' && mode === 'check' ? [`magnum-ha start ${site.name} --mode apply`] : [];
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (failure.error === 'PreflightRefused') return [...errors.map(({ name, remedy }) => `${name}: ${remedy}`), start];
  const remedy = ERRORS.find(([name]) => name === failure.error)?.[1].remedy ?? 'See the cause.';
  const left = rollBack ? [...rollBack.controllers.filter((one) => one.left.length > 0), ...rollBack.failed] : [];
  const look = left.map(({ controller }) => `Look at ${controller}: not all was rolled back there.`);
  return [remedy, ...look, start];
}
