import { type Mode, MODES } from '../domain/site/load';
import { type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Argument, Option } from 'commander';
import { AwsUnavailable, whoAmI, withStepFunctions } from './aws';
import { describe } from '../domain/audit/executions';
import { checkMachineOf } from '../domain/site/machines';
import { type Context, EXIT, print, UsageError } from './context';
import { machineArn } from './executions';
import { followExecution, type FollowOptions } from './follow';
import type { Verb } from './program';

interface StartOptions extends FollowOptions {
  readonly mode: Mode;
  readonly outsideWindow?: string;
  readonly follow?: boolean;
}

/** Milliseconds between two looks at what starts a check. */
const STARTING_MS = 250;

/** `start`: starts an execution on AWS. */
export const start: Verb = (parent, run) => {
  parent
    .command('start')
    .summary('start a check or an apply on AWS')
    .description('Starts an execution on AWS. A check touches nothing; it is what is started unless you say apply.')
    .addArgument(new Argument('<site>', 'name of a site'))
    .addOption(new Option('--mode <mode>', 'what to do').choices([...MODES]).default('check'))
    .option('--outside-window <reason>', 'why an apply cannot wait for the change window; it is put on record')
    .option('--follow', 'show it as it happens, then its report')
    .option('--stack <name>', 'name of the deployed stack', 'magnum-ha')
    .option('--plain', 'no colour, no line is written over')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha start golden\n  magnum-ha start golden --mode apply --follow\n  magnum-ha start golden --mode apply --outside-window "CHG-4711: urgent"',
    )
    .action(
      run((context, site: string, options: StartOptions) =>
        withStepFunctions(async (client) => {
          const { mode, stack, outsideWindow } = options;
          if (outsideWindow !== undefined && mode !== 'apply') {
            throw new UsageError(
              '--outside-window belongs to --mode apply: nothing else is bound to the change window.',
            );
          }
          const at = new Date(context.clock.now()).toISOString().replace(/[-:.]/g, '');
          const machine = await machineArn(client, stack);
          // As people look for it in the console.
          const name = `${site}-${mode}-${at}`.slice(0, 80);
          const startedBy = await whoAmI();
          const arn =
            mode === 'check'
              ? await startCheck(context, client, checkMachineOf(machine), { name, input: { site, startedBy } })
              : await startExecution(client, machine, { name, input: { site, mode, outsideWindow, startedBy } });
          if (options.follow) return followExecution(context, client, arn, options);
          print(
            context,
            options,
            { executionArn: arn },
            () => `Started ${arn}\nSee it: magnum-ha follow ${arn.split(':').at(-1) ?? ''}`,
          );
          return EXIT.done;
        }),
      ),
    );
};

/** How to start an execution. */
interface Start {
  readonly name: string;
  readonly input: object;
}

/** @returns the execution's ARN */
async function startExecution(client: SFNClient, machine: string, { name, input }: Start): Promise<string> {
  const { executionArn = '' } = await client.send(
    new StartExecutionCommand({ stateMachineArn: machine, name, input: JSON.stringify(input) }),
  );
  return executionArn;
}

/**
 * Starts a check by the machine that starts nothing else: who checks may need no other right.
 *
 * @returns the ARN of the check, not of what started it
 * @throws AwsUnavailable if it could not be started
 */
async function startCheck({ clock }: Context, client: SFNClient, machine: string, start: Start): Promise<string> {
  const starting = await startExecution(client, machine, start);
  for (;;) {
    const { status, output = '{}', error, cause } = await describe(client, starting);
    if (status === 'SUCCEEDED') return (JSON.parse(output) as { executionArn: string }).executionArn;
    if (status !== 'RUNNING') {
      throw new AwsUnavailable(
        `The check could not be started: ${error ?? String(status)}: ${cause ?? ''} See ${starting}`,
      );
    }
    await clock.sleep(STARTING_MS);
  }
}
