import { writeFileSync } from 'node:fs';
import {
  type ExecutionListItem,
  paginateListExecutions,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { GetParametersCommand } from '@aws-sdk/client-ssm';
import {
  fleetParameter,
  type FleetRun,
  LOOK_VERDICTS,
  type LookVerdict,
  matrixKeyOf,
  uncheckedIn,
} from '../domain/audit/fleet';
import { fleetPage, LOOK_SIGNS, whyOf } from '../domain/audit/page/fleet';
import { recordsIn } from '../domain/audit/s3';
import { count } from '../domain/audit/verdict';
import { fleetMachineOf } from '../domain/site/machines';
import { withS3, withSsm, withStepFunctions } from './aws';
import { type CommonOptions, type Context, EXIT, print, styleFor, UsageError } from './context';
import { machineArn } from './executions';
import { refuseUnwritable } from './files';
import type { Verb } from './program';
import type { Style } from './style';

interface FleetOptions extends CommonOptions {
  readonly stack: string;
  /** True without a pattern. */
  readonly start?: string | true;
  readonly html?: string;
}

/** `fleet`: what the fleet machine found on all sites, or starts it. */
export const fleet: Verb = (parent, run) => {
  parent
    .command('fleet')
    .summary('show what came of the last look at all sites, or look now')
    .description(
      'Shows what came of the last run of the fleet machine, which looks at all sites: a line for each site that was not found ' +
        'as wanted; --json has all of them. A check tells of itself, so here stands only that it was started, and why. Exit ' +
        'code 1: a site was neither looked at nor is it checked; 2: a check was started.',
    )
    .option('--start [sites]', 'look now: at all sites, or at those whose names begin so: "prod-*"')
    .option('--html <file>', 'also write what came of the last run as one page')
    .option('--stack <name>', 'name of the deployed stack', 'magnum-ha')
    .option('--plain', 'no colour')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha fleet\n  magnum-ha fleet --start\n  magnum-ha fleet --start "prod-*"\n  magnum-ha fleet --html fleet.html',
    )
    .action(
      run((context, options: FleetOptions) =>
        withStepFunctions(async (client) => {
          const machine = fleetMachineOf(await machineArn(client, options.stack));
          return options.start === undefined
            ? show(context, client, machine, options)
            : start(context, client, machine, options);
        }),
      ),
    );
};

async function start(context: Context, client: SFNClient, machine: string, options: FleetOptions): Promise<number> {
  const { start: sites } = options;
  if (options.html !== undefined) {
    throw new UsageError('--html is of a run that has ended: start one without it, and ask for the page then.');
  }
  if (typeof sites === 'string' && !/^[^*]*\*$/.test(sites)) {
    throw new UsageError(
      `--start ${sites}: write how names begin, with one * at the end: "prod-*". For one site: magnum-ha start SITE`,
    );
  }
  const input = JSON.stringify(sites === true ? {} : { sites });
  const { executionArn = '' } = await client.send(new StartExecutionCommand({ stateMachineArn: machine, input }));
  print(
    context,
    options,
    { executionArn },
    () => `Started ${executionArn}\nWhat it found, once it has ended: magnum-ha fleet`,
  );
  return EXIT.done;
}

async function show(context: Context, client: SFNClient, machine: string, options: FleetOptions): Promise<number> {
  const { html } = options;
  if (html !== undefined) refuseUnwritable(html);
  const { running, last } = await latest(client, machine);
  if (!last) {
    throw new UsageError(
      `No run of ${machine.split(':').at(-1) ?? ''} has ended${running ? ', but one is under way' : '. Start one: magnum-ha fleet --start'}.`,
    );
  }
  const found = await matrixOf(last.name ?? '', options.stack);
  if (html !== undefined) writeFileSync(html, fleetPage(found));
  const paint = styleFor(context, options);
  print(context, options, found, () => fleetText(found, { paint, isRunning: running !== undefined }));
  if (uncheckedIn(found) > 0) return EXIT.failed;
  return found.counts['check-started'] > 0 ? EXIT.drift : EXIT.done;
}

/** The run that is under way, and the last that has made its matrix, if there are any: a failed one has, if sites were not checked. */
async function latest(client: SFNClient, stateMachineArn: string) {
  let running: ExecutionListItem | undefined;
  for await (const { executions = [] } of paginateListExecutions({ client }, { stateMachineArn, maxResults: 20 })) {
    for (const one of executions) {
      if (one.status === 'RUNNING') running ??= one;
      else if (one.status === 'SUCCEEDED' || one.status === 'FAILED') return { running, last: one };
    }
  }
  return { running, last: undefined };
}

/** @throws UsageError, AwsUnavailable */
async function matrixOf(name: string, stack: string): Promise<FleetRun> {
  const bucket = await withSsm(async (client) => {
    const { Parameters: [found] = [] } = await client.send(
      new GetParametersCommand({ Names: [fleetParameter(stack)] }),
    );
    return found?.Value ?? '';
  });
  const stored = await withS3((client) => recordsIn(client, bucket, undefined).get(matrixKeyOf(name)));
  if (stored) return JSON.parse(stored.text) as FleetRun;
  throw new UsageError(
    `Run ${name} made no matrix: see why in the console, or with aws stepfunctions describe-execution. Matrices are kept for 90 days.`,
  );
}

const COLOURS = { good: 'green', changed: 'yellow', bad: 'red' } as const;
const NAME_WIDTH = 24;
const WORD_WIDTH = 13;
const WIDTH = 80;

function fleetText(
  run: FleetRun,
  { paint, isRunning }: { readonly paint: Style; readonly isRunning: boolean },
): string {
  const took = ((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000).toFixed(0);
  const painted = (verdict: LookVerdict, text: string) => {
    const { tone } = LOOK_SIGNS[verdict];
    return tone === '' ? text : paint(COLOURS[tone], text);
  };
  const counts = LOOK_VERDICTS.flatMap((one) =>
    run.counts[one] > 0 ? [painted(one, `${run.counts[one]} ${LOOK_SIGNS[one].word}`)] : [],
  );
  const rows = run.sites.flatMap((one) => {
    const { site, verdict } = one;
    if (verdict === 'as-wanted') return [];
    const why = whyOf(one);
    const name = cut(site, NAME_WIDTH).padEnd(NAME_WIDTH);
    const room = WIDTH - NAME_WIDTH - WORD_WIDTH - 4;
    return [`${name}  ${painted(verdict, LOOK_SIGNS[verdict].word.padEnd(WORD_WIDTH))}  ${cut(why, room)}`.trimEnd()];
  });
  return [
    `${run.startedAt.slice(0, 19).replace('T', ' ')}  ${count(run.sites.length, 'site')}${run.asked === null ? '' : ` (${run.asked})`}, ${took} s` +
      (isRunning ? '; another run is under way' : ''),
    ...(counts.length > 0 ? [counts.join(', ')] : []),
    ...(rows.length > 0 ? ['', ...rows] : []),
  ].join('\n');
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
