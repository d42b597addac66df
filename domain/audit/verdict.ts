import { ERRORS } from '../error-catalogue';
import { failedHow } from '../report/outcome';
import type { ControllerProgress } from '../report/progress';
import type { Report, Skipped } from '../report/report';
import type { Audit, Status } from './audit';

/** What came of an execution, and what to do now. */
export interface Verdict {
  readonly outcome: (Report | Skipped)['outcome'] | 'refused' | 'failed' | 'running';
  /** In one sentence. */
  readonly words: string;
  /** What to do; empty if nothing. */
  readonly todo: readonly string[];
}

type Facts = Pick<Audit, 'site' | 'mode' | 'failure' | 'findings' | 'outages' | 'controllers'>;

/**
 * @param output of an execution that succeeded
 * @param reported also by one that failed, as far as it came
 */
export function verdictOf(
  status: Status,
  facts: Facts,
  output: Report | Skipped | null,
  reported: Partial<Report> = {},
): Verdict {
  if (status === 'RUNNING') return { outcome: 'running', words: 'It runs, or the record is cut.', todo: [] };
  if (facts.failure) return failed(facts, facts.failure, reported);
  const outcome = output?.outcome ?? 'unchanged';
  const { site, mode } = facts;
  if (output?.outcome === 'skipped') {
    return { outcome: 'skipped', words: `Skipped. ${output.reason}`, todo: ['Start it again when that has ended.'] };
  }
  if (mode === 'recover') {
    const serves = outcome === 'changed' ? 'HAProxy had been left disabled, and was enabled' : 'HAProxy was enabled';
    return { outcome, words: `Recovered. ${serves}; what an earlier execution had staged is gone.`, todo: [] };
  }
  if (outcome === 'drift') {
    return {
      outcome,
      words: `${mode === 'check' ? 'Drift, and nothing was touched' : 'Drift is left'}: ${differing(facts)}.`,
      todo: mode === 'check' ? [`To mend it: magnum-ha start ${site} --mode apply`] : ['See below what is left.'],
    };
  }
  if (outcome === 'waived') {
    const untouched = mode === 'check' ? ', and nothing was touched' : '';
    return { outcome, words: `Drift, all of it waived${untouched}: ${differing(facts)}.`, todo: [] };
  }
  if (outcome === 'changed') return { outcome, words: `Changed, and verified: ${differing(facts)}.`, todo: [] };
  const words = mode === 'check' ? 'All is as wanted.' : 'Nothing to change: nothing was written, restarted or cycled.';
  return { outcome, words, todo: [] };
}

function failed(
  { findings, controllers, outages, site }: Facts,
  { error }: { readonly error: string },
  { rollBack }: Partial<Report>,
): Verdict {
  const remedy = ERRORS.find(([name]) => name === error)?.[1].remedy ?? 'See the cause.';
  if (failedHow(error) === 'refused') {
    const errors = findings.filter(({ severity }) => severity === 'error');
    const isByFindings = error === 'PreflightRefused';
    // The only outage of an execution that is refused is one that it came upon.
    const enabled =
      outages.length === 0
        ? 'and nothing was touched'
        : 'but HAProxy, which had been left disabled, was enabled; nothing else was touched';
    return {
      outcome: 'refused',
      words: `Refused, ${enabled}: ${isByFindings ? `${count(errors.length, 'finding')} would make it fail` : error}.`,
      todo: isByFindings ? errors.map(({ name, remedy }) => `${name}: ${remedy}`) : [remedy],
    };
  }
  const left = outages.some(({ to }) => to === null) ? ' HAProxy was not seen to serve again.' : '';
  const isUntouched = outages.length === 0 && controllers.every(({ state }) => UNTOUCHED.includes(state));
  return {
    outcome: rollBack ? 'rolled-back' : 'failed',
    words: isUntouched
      ? `Failed with ${error}; no controller was changed.`
      : `Failed with ${error}; ${inPlace(controllers)}.${left}`,
    todo: [remedy, `Then start again: magnum-ha start ${site} --mode apply`],
  };
}

/** How far it came on which controllers. */
function inPlace(controllers: Facts['controllers']): string {
  const states = [...new Set(controllers.map(({ state }) => state))];
  const names = (wanted: ControllerProgress) =>
    controllers.flatMap(({ name, state }) => (state === wanted ? [name] : []));
  return states.map((state) => `${state} on ${listed(names(state))}`).join(', ');
}

const UNTOUCHED: readonly ControllerProgress[] = ['as wanted', 'not applied'];

function differing({ controllers }: Facts): string {
  const files = controllers.reduce((sum, one) => sum + one.files.filter(({ state }) => state !== 'same').length, 0);
  const rules = controllers.filter(({ firewall }) => firewall === 'differs').length;
  const stale = controllers.filter((one) => one.stale.length > 0 || one.restarted !== null).length;
  const haproxy = controllers.filter((one) => one.haproxy !== 'current').length;
  const parts = [
    files > 0 ? count(files, 'file') : '',
    rules > 0 ? count(rules, 'firewall rule') : '',
    stale > 0 ? `services on ${count(stale, 'controller')}` : '',
    haproxy > 0 ? `HAProxy on ${count(haproxy, 'controller')}` : '',
  ].filter(Boolean);
  return parts.join(', ') || 'what the cloud has';
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Names, of many the first and how many more. */
export function listed(names: readonly string[]): string {
  return names.length <= 6 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
