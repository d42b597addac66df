import { InvalidArgumentError } from 'commander';
import measured from '../domain/audit/measured-checks.json';
import { type Measured, type MonthlyCost, monthlyCost } from '../domain/audit/monthly';
import { type CommonOptions, EXIT, print } from './context';
import type { Verb } from './program';

interface CostOptions extends CommonOptions {
  readonly sites: number;
  readonly every: number;
  readonly controllers: number;
}

/** `cost`: what checks cost a month. */
export const cost: Verb = (parent, run) => {
  parent
    .command('cost')
    .summary('tell what checks cost a month on AWS')
    .description(
      'Tells what it costs a month on AWS to check sites that are as wanted, by what such checks took when they were ' +
        'measured, and by a table of prices. Free tiers are left out.',
    )
    .option('--sites <number>', 'how many sites', atLeastOne, 1)
    .option('--every <time>', 'how often each is checked: 30m, 1h, 1d', hours, 24)
    .option('--controllers <number>', 'of each site', atLeastOne, 3)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha cost --sites 1000 --every 1h --controllers 3')
    .action(
      run((context, { sites, every, controllers, ...options }: CostOptions) => {
        const found = monthlyCost({ sites, everyHours: every, controllers }, measured as unknown as Measured);
        print(context, options, found, () => costText(found));
        return EXIT.done;
      }),
    );
};

/** What each part is. */
const PARTS: Readonly<Record<string, string>> = {
  looks: 'looks: Express executions, a transition each',
  functions: 'functions: time and invocations',
  secrets: 'secrets decrypted by KMS',
  lock: 'locks read in DynamoDB',
  logs: 'logs, kept for three months',
  traces: 'traces of X-Ray',
  archive: 'archive: function, requests, the first month',
  metrics: 'metrics of all sites together',
  alarms: 'alarms and dashboard',
  weekly: 'weekly summary',
};

function costText({ monthlyDollars, parts, checks, check, storageWhenFull, prices }: MonthlyCost): string {
  const dollars = (amount: number) => `$${amount.toFixed(2)}`;
  const rows = Object.entries(parts).sort(([, one], [, other]) => other - one);
  return [
    `${dollars(monthlyDollars)} a month for ${checks} checks that find all as wanted`,
    ...rows.map(([name, amount]) => `${dollars(amount).padStart(12)}  ${PARTS[name] ?? name}`),
    `A check: ${check.transitions} transition, ${(check.milliseconds / 1000).toFixed(1)} s, ${check.invocations} invocations, ${check.seconds.toFixed(1)} s of functions, ` +
      `${Math.round(check.recordBytes / 1000)} KB kept.`,
    `Records add up: after seven years those that are kept cost ${dollars(storageWhenFull)} a month.`,
    `Prices of ${prices.region} of ${prices.asOf}, without free tiers.`,
  ].join('\n');
}

function atLeastOne(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 1 to 999999.');
}

const HOURS_OF: Readonly<Record<string, number>> = { m: 1 / 60, h: 1, d: 24 };

function hours(text: string): number {
  const [, number, unit = ''] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * (HOURS_OF[unit] ?? NaN);
  throw new InvalidArgumentError('Write for example 30m, 1h or 1d.');
}
