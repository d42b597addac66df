import * as z from 'zod';
import { line, reason, token } from './fields';
import { LIMITS } from './limits';

/**
 * The kinds of drift that a site document can say something of. HAProxy that pacemaker keeps stopped is none of them: nobody accepts
 * that everything behind the VIPs is down.
 */
export const DRIFT_KINDS = [
  'missing',
  'not applied yet',
  'changed by others',
  'differs',
  'foreign option',
  'misplaced rule',
  'service down',
  'older than its config',
] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

const kind = z.enum(DRIFT_KINDS);

const waiver = z.strictObject({
  verdicts: z.array(kind).min(1).describe('The kinds of drift that are accepted, as a report names them.'),
  things: z
    .array(line)
    .min(1)
    .optional()
    .describe(
      'On what, as a report names it: a path, a service, "firewall rule", "HAProxy", "cluster NAME". Without it: on anything.',
    ),
  options: z
    .array(z.string().regex(/^\[[^[\]]+\] \S+$/, 'must be an option with its section: "[DEFAULT] debug"'))
    .min(1)
    .optional()
    .describe(
      'Options of magnum.conf, such as "[DEFAULT] debug": only what concerns no other option is accepted. Without it: whatever the option.',
    ),
  controllers: z
    .array(token)
    .min(1)
    .optional()
    .describe('Names of the controllers on which it is accepted. Without it: on all, and what is of the whole site.'),
  reason: reason.describe('Why it is accepted; it is in the report.'),
  until: z.iso
    .date('must be a date such as 2026-12-31')
    .describe('The last day on which it counts, in UTC. After that a check tells the drift again.'),
});

export const waivers = z
  .array(waiver)
  .max(LIMITS.waivers)
  .default([])
  .describe(
    'Drift that is known and accepted until a date. It is in the report, but nobody is told of it. An apply mends it like any other.',
  );

/** What a scheduled check does when it has found drift of a kind. */
const POLICIES = ['tell', 'mend', 'mend in window'] as const;
type Policy = (typeof POLICIES)[number];

const policy = (kind: DriftKind) =>
  z.enum(POLICIES).optional().describe(`What it does when something is of the kind "${kind}".`);

export const onDrift = z
  .strictObject(
    Object.fromEntries(DRIFT_KINDS.map((one) => [one, policy(one)])) as Record<DriftKind, ReturnType<typeof policy>>,
  )
  .default({})
  .describe(
    'What a scheduled check does when it has found drift of a kind on a controller. tell, the default: it tells people. mend: it also starts an ' +
      'apply, if all that it found may be mended. mend in window: likewise, while the change window is open. Whatever it says, people mend ' +
      'what HAProxy would be cycled for, what is in the cloud, and what is waived beside it.',
  );

/** Of each kind; tell of those that are missing. */
export type OnDrift = Readonly<Partial<Record<DriftKind, Policy | undefined>>>;

/** A kind of drift that is accepted until a date. */
export type Waiver = z.infer<typeof waiver>;
