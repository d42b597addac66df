import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Style } from './style';

/** Where progress goes. */
export interface Terminal {
  write(text: string): void;
  /** Whether a line can be written over. */
  readonly interactive: boolean;
}

interface Entered {
  readonly name: string;
  readonly subject: string;
  readonly at: number;
  readonly failed: boolean;
}

/** Fields of a task's input that name what it works on: a controller, a template, a cluster. */
const SUBJECTS = ['controller', 'clusterTemplate', 'cluster'];

/**
 * Turns an execution's events into lines as they come: the state, what it works on, how long it took, and how often it was
 * entered if it is in a loop. It reads what GetExecutionHistory returns, so it shows executions on AWS as well.
 */
export function progress(terminal: Terminal, style: Style): (event: HistoryEvent) => void {
  const roots = new Map<number, Entered>();
  const times = new Map<string, number>();
  let started: number | undefined;
  return (event) => {
    const { id = 0, previousEventId = 0, type = '', timestamp = new Date(0) } = event;
    const at = timestamp.getTime();
    started ??= at;
    const since = ((at - started) / 1000).toFixed(1).padStart(6);

    const { stateEnteredEventDetails: entered } = event;
    if (entered?.name !== undefined && /^(Task|Wait)/.test(type)) {
      roots.set(id, { name: entered.name, subject: '', at, failed: false });
      if (terminal.interactive) terminal.write(style('dim', `${since} s  … ${entered.name}\r`));
      return;
    }
    const root = roots.get(previousEventId);
    if (!root) return;
    const { parameters } = event.taskScheduledEventDetails ?? {};
    const current = parameters === undefined ? root : { ...root, subject: subjectOf(parameters) };
    roots.set(id, current);

    const seconds = `${((at - current.at) / 1000).toFixed(2).padStart(7)} s`;
    const line = (mark: string, note = '') => {
      const clear = terminal.interactive ? '\u001b[2K\r' : '';
      const what = `${current.name.padEnd(32)} ${current.subject.padEnd(28)}`;
      terminal.write(`${clear}${style('dim', `${since} s`)}  ${mark} ${what}${style('dim', seconds)}${note}\n`);
    };
    if (type === 'TaskFailed' || type === 'TaskTimedOut') {
      const error = event.taskFailedEventDetails?.error ?? event.taskTimedOutEventDetails?.error ?? type;
      line(style('red', '✗'), `  ${style('red', error)}`);
      roots.set(id, { ...current, failed: true });
    } else if (type === 'TaskScheduled') {
      // Another attempt, maybe.
      roots.set(id, { ...current, failed: false });
    } else if (/^(Task|Wait)StateExited$/.test(type)) {
      roots.delete(id);
      // Caught: its line was written already.
      if (current.failed) return;
      const key = `${current.name} ${current.subject}`;
      const count = (times.get(key) ?? 0) + 1;
      times.set(key, count);
      line(style('green', '✓'), count > 1 ? style('dim', `  ×${count}`) : '');
    }
  };
}

function subjectOf(parameters: string): string {
  const { Payload } = JSON.parse(parameters) as { Payload?: { input?: Record<string, unknown> } };
  for (const field of SUBJECTS) {
    const value = Payload?.input?.[field];
    if (typeof value === 'string') return value;
    if (typeof value === 'object' && value !== null && 'name' in value) return String(value.name);
  }
  return '';
}
