import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { CommonOptions, Context } from './context';
import { refuseUnwritable, refuseUnwritableDirectory, siteAt } from './files';
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
        'then check. AWS is not needed.',
    );
  withRunOptions(verb, EXAMPLE_SITE)
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha rehearse --site sites/my-cloud.yaml\n' +
        '  magnum-ha rehearse --mode check --history events.json',
    )
    .action(run((context: Context, values: RunValues) => localRun(runOptions(values), context)));
};

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
