import { messageOf } from '../../domain/errors';
import type { Violation } from './invariants';
import { runSchedule } from './search';
import type { Schedule } from './schedule';

/** What the pool sends: a schedule, with a number by which its answer is known. */
export interface Job {
  readonly number: number;
  readonly schedule: Schedule;
}

/** By scenario, what followed from which states. */
const known = new Map<string, Map<string, readonly Violation[]>>();

process.on('message', ({ number, schedule }: Job) => {
  const before = known.get(schedule.scenario) ?? new Map<string, readonly Violation[]>();
  known.set(schedule.scenario, before);
  runSchedule(schedule, { known: before }).then(
    (result) => process.send?.({ number, result }),
    (error: unknown) => process.send?.({ number, error: messageOf(error) }),
  );
});
