import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type CommonOptions, type Context, EXIT, print } from './context';
import { readSnapshot } from '../local/rehearsal/snapshot';
import { refuseUnwritable, refuseUnwritableDirectory, siteAt, textAt } from './files';
import { incidentList, incidentTable, planned } from './incidents';
import type { Verb } from './program';
import { localRun, type RunOptions } from './run';

/** The site that is rehearsed on if none is named. */
export const EXAMPLE_SITE = join(__dirname, '..', 'sites', 'golden.json');

/** Options of whatever runs executions on this machine. */
export interface RunValues extends CommonOptions {
  readonly site: string;
  readonly mode?: 'check' | 'apply';
  readonly report?: string;
  readonly history?: string;
  readonly archive?: string;
}

/** `rehearse`: the whole job on a simulated site, on this machine. */
export const rehearse: Verb = (parent, run) => {
  const verb = parent
    .command('rehearse')
    .summary('run apply, then check, on a simulated site')
    .description(
      'Runs the deployed state machine with its functions on a simulated site of your document, on this machine: apply, ' +
        'then check. AWS is not needed. With a drift the second execution, a check unless --mode says otherwise, finds it.',
    )
    .option('--drift <what>', 'what others do to the site after the apply; may be repeated', repeated)
    .option('--fault <what>', 'what is broken meanwhile; may be repeated', repeated)
    .option('--snapshot <file>', 'what magnum-ha snapshot wrote: its cloud, its programs')
    .option('--list', 'list what --drift and --fault can name, and do nothing else');
  withRunOptions(verb, EXAMPLE_SITE)
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha rehearse --site sites/my-cloud.yaml\n' +
        '  magnum-ha rehearse --mode check --history events.json\n' +
        '  magnum-ha rehearse --site my-cloud.yaml --snapshot snapshot.json\n' +
        '  magnum-ha rehearse --drift node-2:magnum.conf\n' +
        '  magnum-ha rehearse --fault haproxy-will-not-stop:node-2 --mode apply',
    )
    .action(run(rehearsal));
};

interface RehearseValues extends RunValues {
  readonly drift?: readonly string[];
  readonly fault?: readonly string[];
  readonly list?: boolean;
  readonly snapshot?: string;
}

function rehearsal(context: Context, values: RehearseValues): Promise<number> | number {
  const { drift = [], fault = [], list = false } = values;
  if (list) {
    print(context, values, incidentTable(), incidentList);
    return EXIT.done;
  }
  const options = runOptions(values);
  const drifts = drift.map((one) => planned('drift', one, options.site));
  const faults = fault.map((one) => planned('fault', one, options.site));
  const modes = drifts.length > 0 ? (['apply', values.mode ?? 'check'] as const) : options.modes;
  const snapshot =
    values.snapshot === undefined ? undefined : readSnapshot(textAt(values.snapshot, 'The snapshot'), options.site);
  return localRun({ ...options, modes, drifts, faults, ...(snapshot && { snapshot }) }, context);
}

function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Adds the options of whatever runs executions on this machine. */
export function withRunOptions(command: Command, site: string): Command {
  return command
    .addOption(new Option('--site <file>', 'site document').default(site, 'sites/golden.json'))
    .addOption(new Option('--mode <mode>', 'one execution in this mode').choices(['check', 'apply']))
    .option('--report <file>', "write the first execution's output as JSON")
    .option('--history <file>', "write the first execution's record, which audit reads")
    .option('--archive <directory>', 'keep the records that AWS would keep in S3 there')
    .option('--plain', 'no colour, no line is written over')
    .option('--json', 'print the reports as JSON, and nothing else');
}

/** @throws UsageError, SiteDocumentInvalid */
export function runOptions({
  site,
  mode,
  report,
  history,
  archive,
  plain = false,
  json = false,
}: RunValues): RunOptions {
  const document = siteAt(site);
  if (archive !== undefined) refuseUnwritableDirectory(archive);
  for (const output of [report, history]) if (output !== undefined) refuseUnwritable(output);
  return {
    site: document,
    modes: mode ? [mode] : ['apply', 'check'],
    plain,
    json,
    ...(report === undefined ? {} : { report }),
    ...(history === undefined ? {} : { history }),
    ...(archive === undefined ? {} : { archive }),
  };
}
