import type { Authorized } from '../authorization/authorize';
import type { ControllerState } from '../controller/inspect';
import type { Plan } from '../controller/plan';
import type { BlastRadius } from '../pacemaker/blast-radius';
import type { TaskOutput } from '../tasks';
import { fromJson, type HistoryEvent } from './history';
import { outputs } from './outputs';
import { Trace } from './trace';

/** An apply that waits for somebody's approval. */
export interface PendingApproval {
  readonly site: string;
  readonly startedBy: string | null;
  readonly starterMayApprove: boolean;
  /** Of the plan. */
  readonly digest: string;
  /** What is told of it in a message. */
  readonly request: string;
  readonly plan: readonly string[];
  /** What differs on each controller, redacted. */
  readonly controllers: readonly Pick<ControllerState, 'name' | 'files' | 'firewall'>[];
  readonly blastRadius: BlastRadius | null;
}

/** What a state that waits for an answer has put down. */
interface Note {
  readonly Item: Readonly<Record<string, { readonly S?: string }>>;
}

/**
 * What an execution waits for, from its history so far.
 *
 * @returns undefined if it does not wait for an approval; `token` is what it is answered with, and is shown to nobody
 */
export function pendingApproval(
  events: readonly HistoryEvent[],
): { readonly pending: PendingApproval; readonly token: string } | undefined {
  const trace = new Trace();
  for (const event of events) trace.take(event);
  const { steps } = trace;
  const entered = events.findLastIndex(({ stateEnteredEventDetails: entry }) => entry !== undefined);
  if (events[entered]?.stateEnteredEventDetails?.name !== 'Await approval') return undefined;
  const scheduled = events.slice(entered).find(({ taskScheduledEventDetails: details }) => details !== undefined);
  const { Item } = (fromJson(scheduled?.taskScheduledEventDetails?.parameters) ?? { Item: {} }) as Note;
  const answered = events
    .slice(entered)
    .some(({ type = '' }) => ['TaskSucceeded', 'TaskFailed', 'TaskTimedOut', 'ExecutionAborted'].includes(type));
  const token = Item['token']?.S;
  const authorized = outputs(steps, 'Authorize').at(-1) as Authorized | undefined;
  if (token === undefined || !authorized?.request || answered) return undefined;
  const { site, outline } = (outputs(steps, 'Load site')[0] ?? {}) as Partial<TaskOutput<'loadSite'>>;
  const plan = outputs(steps, 'Plan').at(-1) as Plan | undefined;
  const found = outputs(steps, 'Inspect controllers').at(-1) as { controllers?: ControllerState[] } | undefined;
  return {
    token,
    pending: {
      site: site?.name ?? '',
      startedBy: Item['startedBy']?.S || null,
      starterMayApprove: outline?.starterMayApprove === true,
      digest: authorized.authorization.digest,
      request: authorized.request.text,
      plan: plan?.summary ?? [],
      controllers: (found?.controllers ?? []).map(({ name, files, firewall }) => ({ name, files, firewall })),
      blastRadius: plan?.blastRadius ?? null,
    },
  };
}
