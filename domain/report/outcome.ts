import { ERROR_CATALOGUE } from '../error-catalogue';
import type { ReportInput } from './report';
import { isOpen, itemsOf, PACEMAKER, type ReportVerdict, type Standing, standingOf } from './verdicts';

/** What came of an execution that did not fail. */
export type Succeeded = 'unchanged' | 'waived' | 'changed' | 'drift';

/** @param verdicts on all that was found */
export function succeededHow(input: ReportInput, verdicts: readonly ReportVerdict[]): Succeeded {
  const { mode, plan, leftDisabled } = input;
  const items = itemsOf(input);
  const open = items.filter(isOpen).map(({ thing }) => thing);
  const drift = (mode === 'check' && plan?.changed === true) || open.length > 0;
  const of = (standing: Standing) => verdicts.filter((one) => standingOf(one) === standing).map(({ thing }) => thing);
  const waived = of('waived');
  // An apply leaves what it could not change, a check all that it found.
  const isWaived =
    open.every((thing) => waived.includes(thing)) &&
    (mode !== 'check' || (waived.length > 0 && of('open').every((thing) => thing === PACEMAKER)));
  if (drift && !isWaived) return 'drift';
  const changed =
    leftDisabled || (mode !== 'check' && plan?.changed === true) || items.some((one) => CHANGES.includes(one.action));
  if (changed) return 'changed';
  return drift ? 'waived' : 'unchanged';
}

const CHANGES = ['created', 'changed', 'updated', 'resized'];

/** `refused`: before anything was touched, but for HAProxy that was left disabled. @param error by which it ended */
export function failedHow(error: string): 'refused' | 'failed' {
  return REFUSALS.includes(error) ? 'refused' : 'failed';
}

const REFUSALS = [
  ...Object.keys(ERROR_CATALOGUE['Input and site document']),
  ...Object.keys(ERROR_CATALOGUE.Authorization),
  ...Object.keys(ERROR_CATALOGUE.Approval),
  'SiteLocked',
  'PreflightRefused',
  'SecretMissing',
  'SecretNotEncrypted',
];
