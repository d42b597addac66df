import { existsSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { MagnumHaError } from '../domain/errors';
import { version } from '../package.json';
import { type Context, EXIT } from './context';
import { approve, reject } from './approve';
import { audit } from './audit';
import { cost } from './cost';
import { errors } from './errors';
import { findings } from './findings';
import { fleet } from './fleet';
import { follow } from './follow';
import { list } from './list';
import { rehearse } from './rehearse';
import { scanKeys } from './scan-keys';
import { schema } from './schema';
import { secrets } from './secrets';
import { site } from './site';
import { snapshot } from './snapshot';
import { start } from './start';
import { sudoers } from './sudoers';
import { validate } from './validate';
import { verify } from './verify';

/** Adds one verb. Its action returns the exit code. */
export type Verb = (parent: Command, run: Run) => void;

/** Makes an action of what a verb does. */
export type Run = <Args extends unknown[]>(
  action: (context: Context, ...args: Args) => Promise<number> | number,
) => (...args: Args) => Promise<void>;

const VERBS: readonly Verb[] = [
  rehearse,
  validate,
  scanKeys,
  secrets,
  site,
  start,
  follow,
  list,
  fleet,
  approve,
  reject,
  audit,
  snapshot,
  verify,
  cost,
  sudoers,
  schema,
  errors,
  findings,
];

const AFTER = `
Examples:
  magnum-ha rehearse                      apply, then check, on a simulated site
  magnum-ha validate sites/my-cloud.yaml  all mistakes of a document, with lines
  magnum-ha site put sites/my-cloud.yaml  make it known to the deployed stack
  magnum-ha start my-cloud --follow       a check on AWS, as it happens

Exit codes:
  0   done
  1   an execution failed, a site was not checked, or a record is not as it was
      written
  2   drift is left, a check was started for it, or host keys have changed
  64  wrong use, or a site document that is refused
  69  AWS or a host cannot be reached, or refuses
  75  a check was skipped: another execution works on the site

The lab of real daemons is a command of the checkout: npm run lab -- --help`;

/** Runs the command line. @returns the exit code */
export function main(args: readonly string[], context: Context): Promise<number> {
  let code: number = EXIT.done;
  const run: Run =
    (action) =>
    async (...values) => {
      code = await action(context, ...values);
    };
  const program = newCommand('magnum-ha', context)
    .description('OpenStack Magnum in high availability, as one audited workflow')
    .version(version)
    .addHelpText('after', AFTER);
  for (const verb of VERBS) verb(program, run);
  return guarded(args, context, async () => {
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync(args, { from: 'user' });
    return code;
  });
}

/** A command whose help fits the terminal, and which throws instead of ending the process. Its verbs inherit that. */
export function newCommand(name: string, { out, err, columns }: Context): Command {
  const width = Math.min(columns, 80);
  return new Command(name)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        out.write(text);
      },
      writeErr: (text) => {
        err.write(text);
      },
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    })
    .showHelpAfterError('--help shows all options.');
}

/** Does what a command line says. What refuses it is told, and becomes the exit code. */
export async function guarded(
  args: readonly string[],
  { err }: Context,
  action: () => Promise<number>,
): Promise<number> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      const file = args.slice(1).find((one) => !one.startsWith('-') && existsSync(one));
      if (error.code === 'commander.excessArguments' && file !== undefined) err.write(`Did you mean --site ${file}?\n`);
      return EXIT.usage;
    }
    // What we throw ourselves says all there is to know; of anything else the stack is wanted.
    if (!(error instanceof MagnumHaError)) throw error;
    const { name, message } = error;
    err.write(args.includes('--json') ? `${JSON.stringify({ error: { name, message } })}\n` : `${name}: ${message}\n`);
    return UNAVAILABLE.has(name) ? EXIT.unavailable : EXIT.usage;
  }
}

/** Errors of the way to somebody else. */
const UNAVAILABLE = new Set<string>([
  'AwsUnavailable',
  'BastionUnreachable',
  'SshAuthenticationFailed',
  'HostKeyMismatch',
]);
