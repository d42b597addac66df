import type { Report } from '../../domain/report/report';
import type { Mode } from '../../domain/site/load';
import type { ExecutionResult } from '../emulator/asl';
import type { SimulatedSite } from '../simulated-site';
import { type ControllerFacts, differences, type SiteFacts } from './facts';

/** What must hold whatever goes wrong, as the design numbers it. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8';

/** Something that does not hold. */
export interface Violation {
  readonly invariant: Invariant;
  /** The same words for the same kind of violation. */
  readonly what: string;
  /** Where, in this run. */
  readonly detail: string;
}

/** A command that has changed something, and whose it was. */
export interface Effect {
  readonly execution: string;
  readonly command: string;
  readonly host: string;
  readonly at: number;
}

/** Who held the site's lock, from when to when. */
export interface Tenure {
  readonly execution: string;
  readonly from: number;
  to: number;
}

/** A told outage may be so many milliseconds less than the true one, or more. */
const OUTAGE_TOLERANCE = { less: 500, more: 2_000 };

const violation = (invariant: Invariant, what: string, details: readonly string[]): Violation[] =>
  details.length === 0 ? [] : [{ invariant, what, detail: [...new Set(details)].slice(0, 4).join('; ') }];

/**
 * I1: HAProxy is enabled, and runs on every controller that can run it: pacemaker runs nothing without a quorum. Looked at long after the
 * end of an execution.
 */
export function servesAgain(site: SimulatedSite): Violation[] {
  const { pacemaker, controllers } = site;
  if (pacemaker.disabled) return violation('I1', 'HAProxy stays disabled', [pacemaker.resource]);
  const missing = pacemaker.nodes
    .filter(({ member, name }) => member && pacemaker.view(name)?.quorum && !controllers.get(name)?.haproxyWillNotStart)
    .filter(({ name }) => !controllers.get(name)?.processes.some((process) => process.name === 'haproxy'));
  const several = [...controllers.values()].filter(
    ({ processes }) => processes.filter((process) => process.name === 'haproxy').length > 1,
  );
  return [
    ...violation(
      'I1',
      'HAProxy does not run',
      missing.map(({ name }) => name),
    ),
    ...violation(
      'I1',
      'two HAProxies listen, of which pacemaker knows one',
      several.map(({ name }) => name),
    ),
  ];
}

/** I2: each managed file is the old one or the new one, whole. */
export function filesWhole(now: SiteFacts, old: SiteFacts, wanted: SiteFacts): Violation[] {
  const partial = Object.entries(now.controllers).flatMap(([name, { files }]) =>
    Object.entries(files)
      .filter(([path, { content }]) =>
        [old, wanted].every((one) => one.controllers[name]?.files[path]?.content !== content),
      )
      .map(([path]) => `${path} on ${name}`),
  );
  return violation('I2', 'a file in place is neither the old one nor the new one', partial);
}

/** I3: no secret in any text that people can see, in clear or in base64. */
export function secretsKept(texts: Readonly<Record<string, string>>, secrets: readonly string[]): Violation[] {
  const forms = secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  return Object.entries(texts).flatMap(([place, text]) =>
    violation('I3', `a secret shows in ${place}`, forms.some((form) => text.includes(form)) ? [place] : []),
  );
}

/** Enabling HAProxy takes nothing from whoever works on the site: no lock is waited for before it. */
const NEEDS_NO_LOCK = /^(cibadmin -D|pcs resource enable) /;

/** I4: whatever changes the site is of an execution that holds the lock when it takes effect. */
export function underLock(effects: readonly Effect[], tenures: readonly Tenure[]): Violation[] {
  const outside = effects.filter(
    ({ execution, at, command }) =>
      !NEEDS_NO_LOCK.test(command) &&
      !tenures.some((one) => one.execution === execution && one.from <= at && at <= one.to),
  );
  return violation(
    'I4',
    'an effect without the lock',
    outside.map(({ host, command }) => `${host} ${command}`),
  );
}

/** I5: a check changes nothing, nor does an apply of a site that is as wanted. */
export function untouched(effects: readonly Effect[], what: string): Violation[] {
  return violation(
    'I5',
    what,
    effects.map(({ host, command }) => `${host} ${command}`),
  );
}

/** What a report is held against. */
export interface Truth {
  readonly mode: Mode;
  /** The site when the execution had ended, without the faults that last. */
  readonly facts: SiteFacts;
  readonly wanted: SiteFacts;
  /** What the execution changed before it ended. */
  readonly effects: readonly Effect[];
  /** How long the VIP did not answer, in milliseconds. */
  readonly outageMs: number;
}

/** I6: what the execution says is so. */
export function honest({ status, output, cause = '' }: ExecutionResult, truth: Truth): Violation[] {
  const said = (what: string, isWrong: boolean) => violation('I6', what, isWrong ? [cause.slice(0, 200)] : []);
  const touched = truth.effects.length > 0;
  if (status !== 'SUCCEEDED') {
    return [
      ...said('"Nothing was touched", and something was', /Nothing was touched\.(?! by)/.test(cause) && touched),
      ...said('"was enabled again", and it is disabled', /enabled again/.test(cause) && truth.facts.haproxyDisabled),
    ];
  }
  if (truth.mode === 'check') return [];
  const { outcome, outageMs, outageBoundsMs } = output as Report;
  const left = differences(truth.facts, truth.wanted).filter((one) => !one.includes('behind'));
  const { atLeast, atMost } = outageBoundsMs ?? { atLeast: outageMs ?? 0, atMost: outageMs ?? 0 };
  const { less, more } = OUTAGE_TOLERANCE;
  const outage = [`told ${atLeast} to ${atMost} ms, true ${truth.outageMs} ms`];
  return [
    ...violation('I6', 'it succeeded, and the site is not as wanted', left),
    ...violation('I6', '"unchanged", and something was changed', outcome === 'unchanged' && touched ? [outcome] : []),
    ...violation('I6', 'a shorter outage than there was', atMost + less < truth.outageMs ? outage : []),
    ...violation('I6', 'a longer outage than there was', atLeast > truth.outageMs + more ? outage : []),
  ];
}

/** I7: an apply without any fault brings the site into the wanted state. */
export function mends(
  { status, error = '', cause = '' }: ExecutionResult,
  facts: SiteFacts,
  wanted: SiteFacts,
): Violation[] {
  if (status !== 'SUCCEEDED')
    return violation('I7', `the next apply ends with ${error || status}`, [cause.slice(0, 300)]);
  const left = differences(facts, wanted);
  const litter = left.filter((one) => one.endsWith('is left'));
  return [
    ...violation('I7', 'the next apply leaves staged files', litter),
    ...violation(
      'I7',
      'the next apply does not reach the wanted state',
      left.filter((one) => !litter.includes(one)),
    ),
  ];
}

/**
 * I8: a failed apply leaves every controller in its old state or in the new one. Where what is wrong lasts, nobody can do that:
 * then it says so.
 *
 * @param lasts whether anything is still wrong with the site or with AWS at its end
 */
export function oldOrNew(
  { cause = '' }: Pick<ExecutionResult, 'cause'>,
  [now, old, wanted]: readonly [SiteFacts, SiteFacts, SiteFacts],
  lasts: boolean,
): Violation[] {
  const state = ({ files, rules }: ControllerFacts) =>
    JSON.stringify([Object.entries(files).map(([path, { content }]) => [path, content]), rules]);
  const between = Object.entries(now.controllers).filter(([name, facts]) =>
    [old, wanted].every((one) => {
      const other = one.controllers[name];
      return other && state(other) !== state(facts);
    }),
  );
  return violation(
    'I8',
    'a controller is neither in its old state nor in the new one',
    between.flatMap(([name]) => (lasts && tells(cause, name) ? [] : [name])),
  );
}

function tells(cause: string, name: string): boolean {
  return (
    cause.includes('Nobody could tell') || new RegExp(`Not rolled back: (somebody .* )?.*\\b${name}\\b`).test(cause)
  );
}
