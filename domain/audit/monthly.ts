import { expressCost, FUNCTION_GIGABYTES } from './cost';
import { PRICES } from './prices';

/** What a look of the fleet machine at a site that is as wanted takes, measured. */
export interface MeasuredCheck {
  readonly controllers: number;
  /** Of the fleet machine: the look itself is an Express execution. */
  readonly transitions: number;
  /** From the look's beginning to its end. */
  readonly milliseconds: number;
  readonly invocations: number;
  /** Of the tasks' functions together. */
  readonly seconds: number;
  /** Secrets that were decrypted. */
  readonly secrets: number;
  readonly tableWrites: number;
  readonly tableReads: number;
  readonly events: number;
  /** What the functions logged. */
  readonly logBytes: number;
  /** Of the function that archives it. */
  readonly archiveSeconds: number;
  readonly objectWrites: number;
  readonly objectReads: number;
  /** Record and page. */
  readonly recordBytes: number;
}

/** Checks of several numbers of controllers, the fewest first. */
export type Measured = readonly [MeasuredCheck, MeasuredCheck, ...MeasuredCheck[]];

/** What is asked. */
export interface Scale {
  readonly sites: number;
  /** Between two checks of a site, in hours. */
  readonly everyHours: number;
  /** Of each site. */
  readonly controllers: number;
}

/** Dollars a month, by what they are for. */
export interface MonthlyCost {
  readonly monthlyDollars: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly checks: number;
  /** A check, as it was measured or lies between two that were. */
  readonly check: MeasuredCheck;
  /** Records add up until the first are old enough to go: what all of them then cost a month. */
  readonly storageWhenFull: number;
  readonly prices: { readonly asOf: string; readonly region: string };
}

const HOURS_OF_MONTH = 730;
const MONTHS_OF_RETENTION = 84;
const MONTHS_OF_LOGS = 3;
const GIGABYTE = 1e9;
/** What Lambda itself logs of an invocation (start and report, as JSON), and Step Functions of an event without its payload; about. */
const LINES_OF_INVOCATION = 900;
const LINE_OF_EVENT = 450;
/** Those of all sites together, and of runs of the fleet machine. A site's own are sent only when something is not as wanted. */
const METRICS = 11;
/** Of the weekly summary for each record, about, and what its function has of memory. */
const SUMMARY_SECONDS = 0.006;
const SUMMARY_GIGABYTES = 1.73;
/** A test holds it against the stack. */
export const ALARMS = 14;

/** What checks cost if all is as wanted. Of one site or ten thousand, it is the same for each check. */
export function monthlyCost(scale: Scale, measured: Measured): MonthlyCost {
  const { sites, everyHours, controllers } = scale;
  const checks = Math.round((sites * HOURS_OF_MONTH) / everyHours);
  const check = checkOf(controllers, measured);
  const { invocations, seconds, archiveSeconds, recordBytes } = check;
  const logged = (check.logBytes + (invocations + 1) * LINES_OF_INVOCATION + check.events * LINE_OF_EVENT) / GIGABYTE;
  const stored = (recordBytes / GIGABYTE) * PRICES.storedGigabyte;
  const each = {
    looks: expressCost(check.milliseconds) + (check.transitions - 1) * PRICES.transition,
    functions: seconds * FUNCTION_GIGABYTES * PRICES.gigabyteSecond + invocations * PRICES.request,
    secrets: check.secrets * PRICES.keyRequest,
    lock: check.tableWrites * PRICES.tableWrite + check.tableReads * PRICES.tableRead,
    logs: logged * (PRICES.loggedGigabyte + MONTHS_OF_LOGS * PRICES.keptLogGigabyte),
    traces: PRICES.trace,
    archive:
      archiveSeconds * FUNCTION_GIGABYTES * PRICES.gigabyteSecond +
      PRICES.request +
      check.objectWrites * PRICES.objectWrite +
      check.objectReads * PRICES.objectRead +
      stored,
    weekly: SUMMARY_SECONDS * SUMMARY_GIGABYTES * PRICES.gigabyteSecond + PRICES.objectRead,
  };
  const fixed = { metrics: METRICS * PRICES.metric, alarms: ALARMS * PRICES.alarm + PRICES.dashboard };
  const parts = { ...Object.fromEntries(Object.entries(each).map(([name, one]) => [name, one * checks])), ...fixed };
  return {
    monthlyDollars: Object.values(parts).reduce((sum, one) => sum + one, 0),
    parts,
    checks,
    check,
    storageWhenFull: stored * checks * MONTHS_OF_RETENTION,
    prices: { asOf: PRICES.asOf, region: PRICES.region },
  };
}

/** A check of so many controllers: on the line through the two measured ones next to it. */
function checkOf(controllers: number, measured: Measured): MeasuredCheck {
  let [low, high] = measured;
  for (const next of measured.slice(2)) if (controllers > high.controllers) [low, high] = [high, next];
  const share = (controllers - low.controllers) / (high.controllers - low.controllers);
  const names = Object.keys(low) as (keyof MeasuredCheck)[];
  const between = names.map((name) => [name, Math.max(0, low[name] + (high[name] - low[name]) * share)] as const);
  return { ...low, ...Object.fromEntries(between), controllers };
}
