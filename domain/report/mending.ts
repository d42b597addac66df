import { type Drift, mendsSomething, needsPerson } from '../authorization/unattended';
import { canonicalJson, sha256 } from '../canonical';
import { startedByOf } from '../site/started-by';
import type { ReportInput } from './report';

/** Whether a scheduled check starts an apply for the drift that it found. */
export interface Mending {
  readonly starts: boolean;
  /** Why it does not, in a clause; empty if it does. */
  readonly reason: string;
  /** Of what has drifted where, without times: for the same drift an apply is started once. */
  readonly digest: string;
}

/** @returns null if it is not asked for: by the site document, or because a person started the check */
export function mendingOf(input: ReportInput): Mending | null {
  const { site, mode, plan, document, controllers, reportedAt: at } = input;
  const isScheduled = mode === 'check' && startedByOf(input.input).kind === 'execution';
  if (!isScheduled || !plan || !mendsSomething(site.onDrift)) return null;
  const reason = whyNot(input, { ...input, plan, at });
  const drift = controllers.map(({ name, verdicts }) => [
    name,
    verdicts.map(({ thing, verdict, options = [] }) => [thing, verdict, options]),
  ]);
  return {
    starts: reason === null,
    reason: reason ?? '',
    // With another document it is another drift.
    digest: sha256(canonicalJson({ document: document.sha256, drift })),
  };
}

function whyNot({ findings, verification, notSeen }: ReportInput, drift: Drift): string | null {
  const errors = findings.filter(({ severity }) => severity === 'error').map(({ name }) => name);
  if (errors.length > 0) return `an apply would be refused, by ${errors.join(', ')}`;
  if (verification === null || notSeen !== null) return 'not everything could be looked at';
  return needsPerson(drift);
}
