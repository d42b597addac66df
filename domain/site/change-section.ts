import { Cron } from 'croner';
import * as z from 'zod';
import { count } from './fields';
import { LIMITS } from './limits';

/** Whether cron's five fields, read in this time zone, name a moment that will ever be. */
function opensAtSomeTime(pattern: string): boolean {
  try {
    return cronOf(pattern, 'UTC').nextRun(new Date(0)) !== null;
  } catch {
    return false;
  }
}

/** Nothing is started by it: it only says when. */
export function cronOf(pattern: string, timezone: string): Cron {
  return new Cron(pattern, { mode: '5-part', timezone });
}

/** Offsets such as +01:00, which Intl takes too, know no summer time. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

/** The longest window, in minutes: a week. */
const LONGEST_WINDOW = 7 * 24 * 60;

export const changeWindow = z
  .strictObject({
    opens: z
      .string()
      .refine(
        opensAtSomeTime,
        'must be five fields as in cron, for a moment that exists: "0 22 * * sat" (minute, hour, day, month, weekday)',
      )
      .describe(
        'When it opens, in five fields as in cron: minute, hour, day of the month, month, weekday. "0 22 * * sat": each Saturday at ' +
          '22:00; "0 22 * * sat#1": each first Saturday of a month.',
      ),
    timeZone: z
      .string()
      .refine(isTimeZone, 'must be a time zone by its IANA name, such as Europe/Berlin or UTC')
      .describe('The time zone of these hours, by its IANA name such as Europe/Berlin; summer time included.'),
    minutes: count.max(LONGEST_WINDOW).describe('How long it is open.'),
  })
  .describe(
    'When an apply may change something. At another time one that would change anything is refused, unless it was started with ' +
      '"outsideWindow" and a reason. HAProxy that was left disabled is enabled at any time.',
  );

export const approval = z
  .enum(['required'])
  .optional()
  .describe(
    'With "required", an apply that has found something to change waits, without the lock, until somebody approves exactly that. When it ' +
      'goes on it looks at the site again; if anything is different, it ends.',
  );

export const approvalMinutes = count
  .max(LIMITS.approvalMinutes)
  .default(24 * 60)
  .describe('How long an apply waits for its approval; then it ends.');

export const starterMayApprove = z
  .boolean()
  .default(false)
  .describe('Whether the one who started an apply may approve it, too.');

/** When an apply may change something. */
export type ChangeWindow = z.infer<typeof changeWindow>;
