import type { HistoryEvent } from '../domain/audit/history';
import { isShown, type Step, Trace } from '../domain/audit/trace';
import { timeOf } from '../domain/audit/history';
import { lengthOf, type Outage, Outages } from '../domain/audit/outages';
import type { Style } from './style';

/** Where progress goes. */
export interface Terminal {
  write(text: string): void;
  /** Whether a line can be written over. */
  readonly interactive: boolean;
}

/** No line is longer. */
const COLUMNS = 80;
/** On these states the outage's clock is shown no more, also if nobody has seen the VIP answer again: the report says so. */
const AFTER_OUTAGE = /^(Verify|Preflight|Release site lock)$/;

/**
 * Turns an execution's events into lines as they come: when, how long it took, the state, what it works on, and how often it
 * was entered if it stands in a loop. It reads what GetExecutionHistory returns, so it shows executions on AWS as well.
 */
export class Progress {
  readonly #trace = new Trace();
  readonly #times = new Map<string, number>();
  #started: number | undefined;
  #current: Step | undefined;
  readonly #outages = new Outages();
  #isSilent = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly style: Style,
  ) {}

  take(event: HistoryEvent): void {
    this.#started ??= timeOf(event);
    const change = this.#trace.take(event);
    if (!change) return;
    const { step, kind } = change;
    if (kind === 'entered') this.#enter(step);
    else if (kind === 'failed') this.#failed(step, timeOf(event));
    else this.#exited(step, timeOf(event));
  }

  /** Shows what runs now, with how long it has: for whoever waits. */
  tick(now: number): void {
    const step = this.#current;
    if (!this.terminal.interactive || !step) return;
    this.#over(this.#row(now, step, '…', now - step.enteredAt, this.#clock(now)));
  }

  #enter(step: Step): void {
    // A function that is woken: what is shown is that all of them are.
    if (!isShown(step)) return;
    const before = this.#outages.since;
    this.#outages.take(step);
    if (before === undefined && this.#outages.since !== undefined) this.#isSilent = true;
    if (AFTER_OUTAGE.test(step.name)) this.#isSilent = false;
    this.#current = step;
    this.tick(step.enteredAt);
  }

  #failed(step: Step, at: number): void {
    const attempt = step.attempts.at(-1);
    this.#line(this.#row(at, step, this.style('red', '✗'), at - (attempt?.startedAt ?? step.enteredAt)));
    this.#line(this.style('red', `${' '.repeat(21)}${attempt?.error ?? ''}`));
  }

  #exited(step: Step, at: number): void {
    if (this.#current === step) this.#current = undefined;
    // Caught: its line is there already.
    if (step.attempts.at(-1)?.error !== undefined || !isShown(step)) return;
    const key = `${step.name} ${step.subject}`;
    const count = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, count);
    const note = `${count > 1 ? `  ×${count}` : ''}${this.#outageAt(step, at)}`;
    const took = at - (step.attempts.at(-1)?.startedAt ?? step.enteredAt);
    this.#line(this.#row(at, step, this.style('green', '✓'), took, note));
  }

  /** What is known of an outage when a step has ended. */
  #outageAt(step: Step, at: number): string {
    const before = endedIn(this.#outages).length;
    this.#outages.take(step);
    const outage = endedIn(this.#outages)[before];
    if (!outage) return this.#clock(at);
    this.#isSilent = false;
    return outage.length ? `  outage ${lengthOf(outage)}` : '  the VIP answers';
  }

  /** The outage's clock. */
  #clock(now: number): string {
    const { since } = this.#outages;
    if (!this.#isSilent || since === undefined) return '';
    return since === null ? '  HAProxy was down before' : `  VIP down ${((now - since) / 1000).toFixed(1)} s`;
  }

  #row(at: number, { name, subject, waitsFor }: Step, mark: string, took: number, note = ''): string {
    const seconds = (ms: number, digits: number) => `${(ms / 1000).toFixed(digits)} s`;
    const times = `${seconds(at - (this.#started ?? at), 1).padStart(8)} ${seconds(took, 2).padStart(9)}`;
    const what = [name, subject].filter(Boolean).join(' ');
    const room = COLUMNS - times.length - 4;
    const waits = waitsFor && `: ${waitsFor}`;
    return `${this.style('dim', times)}  ${mark} ${cut(`${cut(`${what}${waits}`, room - note.length)}${note}`, room)}`;
  }

  #line(text: string): void {
    this.terminal.write(`${this.terminal.interactive ? '\u001b[2K\r' : ''}${text}\n`);
  }

  #over(text: string): void {
    this.terminal.write(`\u001b[2K\r${text}`);
  }
}

function endedIn({ all }: Outages): readonly Outage[] {
  return all.filter(({ to }) => to !== null);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`;
}
