import { type Mode, MODES } from '../domain/site/load';
import { userInfo } from 'node:os';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Argument, Option } from 'commander';
import { withStepFunctions } from './aws';
import { EXIT, print } from './context';
import { machineArn } from './executions';
import { followExecution, type FollowOptions } from './follow';
import type { Verb } from './program';

interface StartOptions extends FollowOptions {
  readonly mode: Mode;
  readonly outsideWindow?: string;
  readonly follow?: boolean;
}

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
          const at = new Date(context.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
          const started = await client.send(
            new StartExecutionCommand({
              stateMachineArn: await machineArn(client, stack),
              // As people look for it in the console.
              name: `${site}-${mode}-${at}`.slice(0, 80),
              input: JSON.stringify({ site, mode, outsideWindow, startedBy: userInfo().username }),
            }),
          );
          const { executionArn: arn = '' } = started;
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
