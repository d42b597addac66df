import { fromJson, type HistoryEvent, timeOf } from './history';

/** One try of a task. Times are in milliseconds since 1970. */
export interface Attempt {
  readonly startedAt: number;
  endedAt?: number;
  error?: string;
  cause?: string;
}

/** A task or a wait that an execution entered. Times are in milliseconds since 1970. */
export interface Step {
  /** Of the event that entered it. */
  readonly id: number;
  /** Of the state. */
  readonly name: string;
  readonly kind: 'task' | 'wait';
  /** What it works on: the name of a controller, a template or a cluster; empty for the whole site. */
  subject: string;
  /** What a wait waits for, as the task before it said, and *Wake functions*. */
  waitsFor: string;
  readonly enteredAt: number;
  exitedAt?: number;
  readonly attempts: Attempt[];
  /** Whether Lambda runs it: only then has it an output of ours. */
  ofFunction: boolean;
  output?: unknown;
}

/** A Map that is shown as one step: what it does for each item is over at once, or all of them take their time. */
const WAKE_FUNCTIONS = 'Wake functions';

/** Whether people are shown it: of the functions that an apply wakes, some twenty at once, only one that did not wake at first. */
export function isShown({ name, attempts }: Pick<Step, 'name' | 'attempts'>): boolean {
  return name !== 'Wake function' || attempts.some(({ error }) => error !== undefined);
}

/** What an event meant for a step. */
export interface Change {
  readonly kind: 'entered' | 'failed' | 'exited';
  readonly step: Step;
}

/** What is known when an event happens. It follows from the event before it. */
interface Place {
  readonly subject: string;
  readonly waitsFor: string;
  readonly step?: Step | undefined;
}

const NOWHERE: Place = { subject: '', waitsFor: '' };
/** Fields of a task's input that name what it works on. */
const SUBJECTS = ['controller', 'clusterTemplate', 'cluster'];

/**
 * Follows a history event by event. Iterations of a Map run side by side: each event belongs to the one of the event that it
 * names as the one before.
 */
export class Trace {
  readonly steps: Step[] = [];
  readonly #places = new Map<number, Place>();
  #waking: Step | undefined;

  /** @returns what changed; undefined if nothing that is shown */
  take(event: HistoryEvent): Change | undefined {
    const { id = 0, previousEventId = 0, type = '' } = event;
    const before = this.#places.get(previousEventId) ?? NOWHERE;
    const { place, change = this.#wake(event) } = follow(event, before, id);
    // What comes after a Map belongs to none of its iterations.
    this.#places.set(id, type.startsWith('MapState') ? NOWHERE : place);
    if (change?.kind === 'entered') this.steps.push(change.step);
    return change;
  }

  #wake(event: HistoryEvent): Change | undefined {
    const { id = 0, type, stateEnteredEventDetails, stateExitedEventDetails, mapStateStartedEventDetails } = event;
    const at = timeOf(event);
    if (type === 'MapStateEntered' && stateEnteredEventDetails?.name === WAKE_FUNCTIONS) {
      const step = { id, name: WAKE_FUNCTIONS, kind: 'task', subject: '', waitsFor: '', enteredAt: at } as const;
      this.#waking = { ...step, attempts: [], ofFunction: false };
      return { kind: 'entered', step: this.#waking };
    }
    const step = this.#waking;
    if (!step) return undefined;
    if (type === 'MapStateStarted')
      step.waitsFor = `${mapStateStartedEventDetails?.length ?? 'all'} functions to be ready`;
    if (type === 'MapStateFailed') {
      step.attempts.push({ startedAt: step.enteredAt, endedAt: at, error: 'FunctionNotReady' });
      return { kind: 'failed', step };
    }
    if (type !== 'MapStateExited' || stateExitedEventDetails?.name !== WAKE_FUNCTIONS) return undefined;
    this.#waking = undefined;
    step.exitedAt = at;
    return { kind: 'exited', step };
  }
}

function follow(event: HistoryEvent, before: Place, id: number): { place: Place; change?: Change } {
  const { type = '' } = event;
  const at = timeOf(event);
  const { step } = before;
  if (type.endsWith('StateEntered')) return enter(event, before, id);
  if (!step) return { place: before };
  switch (type) {
    case 'TaskScheduled':
      return { place: schedule(event, before, step) };
    case 'TaskSucceeded': {
      end(step, { at });
      const output = fromJson(event.taskSucceededEventDetails?.output);
      if (step.ofFunction) step.output = (output as { Payload?: unknown } | undefined)?.Payload;
      return { place: { ...before, waitsFor: waitingFor(step.output) } };
    }
    case 'TaskFailed':
    case 'TaskTimedOut': {
      const { error = type, cause } = event.taskFailedEventDetails ?? event.taskTimedOutEventDetails ?? {};
      end(step, { at, error, ...(cause === undefined ? {} : { cause }) });
      return { place: before, change: { kind: 'failed', step } };
    }
    case 'TaskStateExited':
    case 'WaitStateExited':
      step.exitedAt = at;
      return { place: { ...before, step: undefined }, change: { kind: 'exited', step } };
  }
  return { place: before };
}

function enter(event: HistoryEvent, before: Place, id: number): { place: Place; change?: Change } {
  const { name = '', input } = event.stateEnteredEventDetails ?? {};
  const kind = ({ TaskStateEntered: 'task', WaitStateEntered: 'wait' } as const)[event.type ?? ''];
  const subject = before.subject || iterated(fromJson(input));
  if (!kind) return { place: { ...before, subject, step: undefined } };
  const waitsFor = kind === 'wait' ? before.waitsFor : '';
  const step: Step = {
    ...{ id, name, kind, subject, waitsFor, enteredAt: timeOf(event) },
    attempts: [],
    ofFunction: false,
  };
  return { place: { ...before, subject, step }, change: { kind: 'entered', step } };
}

function schedule(event: HistoryEvent, before: Place, step: Step): Place {
  const parameters = fromJson(event.taskScheduledEventDetails?.parameters);
  const payload = (parameters as { Payload?: { input?: unknown } } | undefined)?.Payload;
  step.attempts.push({ startedAt: timeOf(event) });
  if (!payload) return before;
  step.ofFunction = true;
  step.subject = subjectOf(payload.input) || step.subject;
  return { ...before, subject: before.subject && step.subject };
}

function end(step: Step, { at, ...failure }: { at: number; error?: string; cause?: string }): void {
  const attempt = step.attempts.at(-1);
  if (attempt) Object.assign(attempt, { endedAt: at }, failure);
}

/** What an iteration of a Map is for: its item is a name, or has one. */
function iterated(item: unknown): string {
  if (typeof item === 'string') return item;
  return nameIn(item) || subjectOf(item);
}

function subjectOf(input: unknown): string {
  const values = SUBJECTS.map((field) => (input as Record<string, unknown> | null | undefined)?.[field]);
  const value = values.find((one) => one !== undefined && one !== null);
  return typeof value === 'string' ? value : nameIn(value);
}

function nameIn(value: unknown): string {
  const name = (value as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' ? name : '';
}

/** What a task said that is still to come. */
function waitingFor(output: unknown): string {
  const { waitingFor: what, status } = (output ?? {}) as { waitingFor?: unknown; status?: unknown };
  const told = what ?? status;
  return Array.isArray(told) ? told.join('; ') : typeof told === 'string' ? told : '';
}
