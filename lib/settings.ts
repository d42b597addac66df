import type { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { LOCK_MODES } from '../domain/audit/s3';
import { MagnumHaError } from '../domain/errors';
import { DEFAULT_STACK } from '../domain/site/secret-names';

/** The context in cdk.json or after `cdk -c` is not what this app reads. */
export class SettingInvalid extends MagnumHaError {
  override readonly name = 'SettingInvalid';
}

const network = z.strictObject({ subnetIds: z.array(z.string()).min(1), securityGroupIds: z.array(z.string()).min(1) });

/** The subnets and security groups from which the functions that open SSH connections reach the bastion. */
export type Network = z.infer<typeof network>;

const archive = z.strictObject({
  retentionDays: z.coerce.number().int().min(1, 'must be at least 1').max(36_500).default(2557),
  objectLock: z.enum(LOCK_MODES).optional(),
});

/** How long records are kept, and whether S3 lets nobody delete them before (`GOVERNANCE` or `COMPLIANCE`). */
export type ArchiveSettings = z.infer<typeof archive>;

const rate = z.string().regex(/^(rate|cron)\(.+\)$/, 'must be rate(…) or cron(…), as EventBridge Scheduler reads it');

const beginning = z
  .string()
  .regex(
    /^([a-z0-9][a-z0-9-]*)?\*$/,
    'must be how names of sites begin, with one * at the end: "prod-*", or "*" for all',
  );

const fleet = z.strictObject({
  staggerMinutes: z.coerce.number().int().min(0).max(1440, 'must be 0 to 1440').default(0),
  concurrency: z.coerce.number().int().min(1).max(1000, 'must be 1 to 1000').default(20),
  alarmAfterHours: z.coerce.number().int().min(1, 'must be at least 1').default(48),
  toleratedFailurePercentage: z.coerce.number().min(0).max(100, 'must be 0 to 100').default(0),
});

/**
 * How many sites the fleet machine looks at at a time, and how many of a hundred may be neither looked at nor checked before a run fails. SSM gives
 * secrets 40 times a second to all of an account, and a look of a few seconds asks once: 20 at a time. A run begins at any time in the
 * `staggerMinutes` after it is due, which Scheduler chooses. An alarm tells if a site was not looked at for `alarmAfterHours`.
 */
export type FleetSettings = z.infer<typeof fleet>;

const schema = z.object({
  prefix: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and -, 40 at most, with a letter in front')
    .default(DEFAULT_STACK),
  checkRate: z.preprocess(
    fromJson,
    z.union([rate.transform((all): CheckRates => ({ '*': all })), z.record(beginning, rate)], {
      error:
        'must be rate(…) or cron(…), as EventBridge Scheduler reads it, or such by how names of sites begin: ' +
        '{"prod-*": "rate(1 hour)", "*": "rate(1 day)"}',
    }),
  ),
  /** On the command line an object is text. */
  network: z.preprocess(fromJson, network.optional()),
  kmsKey: z
    .string()
    .regex(/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/, 'must be the ARN of a key, not of an alias')
    .optional(),
  concurrency: z.coerce.number().int().min(1, 'must be 1 to 40').max(40, 'must be 1 to 40').optional(),
  archive: z.preprocess(fromJson, archive.prefault({})),
  fleet: z.preprocess(fromJson, fleet.prefault({})),
});

function fromJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    // Not JSON: the schema then says what is expected.
    return value;
  }
}

/** How often sites are looked at, as EventBridge Scheduler writes it, by how their names begin: `prod-*`; `*` are all. */
export type CheckRates = Readonly<Record<string, string>>;

/** What the context says. */
export interface Settings {
  /** The stack's name, with which the names of its state machines, parameters and secrets begin. */
  readonly prefix: string;
  readonly checkRate: CheckRates;
  readonly network?: Network;
  /** ARN of the KMS key that everything kept is encrypted with. */
  readonly kmsKey?: string;
  /** How many functions an execution has at work at a time, at most. */
  readonly concurrency?: number;
  readonly archive: ArchiveSettings;
  readonly fleet: FleetSettings;
}

/** Reads the app's own part of the context. @throws SettingInvalid */
export function settingsOf(app: App): Settings {
  const context = Object.fromEntries(
    Object.keys(schema.shape).map((key) => [key, app.node.tryGetContext(key) as unknown]),
  );
  const result = schema.safeParse(context);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new SettingInvalid(`The context in cdk.json or after -c is wrong. ${problems.join('. ')}`);
  }
  const { prefix, checkRate, network, kmsKey, concurrency, archive, fleet } = result.data;
  return {
    ...{ prefix, checkRate, archive, fleet },
    ...(network ? { network } : {}),
    ...(kmsKey ? { kmsKey } : {}),
    ...(concurrency ? { concurrency } : {}),
  };
}
