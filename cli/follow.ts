import type { DescribeExecutionOutput, HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';
import { type CommonOptions, type Context, styleFor } from './context';
import { withStepFunctions } from './aws';
import { conclude } from './conclude';
import { describe } from '../domain/audit/executions';
import { eventsAfter, executionArn } from './executions';
import type { Verb } from './program';
import { Progress } from './progress';

/** Milliseconds between two looks. GetExecutionHistory may be called 20 times a second, by all of an account together. */
const EVERY_MS = 1000;
/** And between two movements of the clock on the last line. */
const TICK_MS = 200;

export interface FollowOptions extends CommonOptions {
  readonly stack: string;
}

/** `follow`: an execution on AWS as it happens. */
export const follow: Verb = (parent, run) => {
  parent
    .command('follow <execution>')
    .summary('show an execution on AWS as it happens, then its report')
    .description('Shows an execution on AWS as it happens, by its ARN or its name, and then its report.')
    .option('--stack <name>', 'name of the deployed stack', 'magnum-ha')
    .option('--plain', 'no colour, no line is written over')
    .option('--json', 'print the report as JSON when it has ended')
    .addHelpText('after', '\nExample:\n  magnum-ha follow golden-check-20261126T214000Z')
    .action(
      run((context, execution: string, options: FollowOptions) =>
        withStepFunctions(async (client) =>
          followExecution(context, client, await executionArn(client, execution, options.stack), options),
        ),
      ),
    );
};

/** Shows an execution until its end. @returns the exit code */
export async function followExecution(
  context: Context,
  client: SFNClient,
  arn: string,
  options: CommonOptions,
): Promise<number> {
  const { out, clock } = context;
  const style = styleFor(context, options);
  const silent = { write: () => undefined, interactive: false };
  const terminal = { ...out, interactive: out.interactive && options.plain !== true };
  const progress = new Progress(options.json ? silent : terminal, style);
  const stop = clock.every(TICK_MS, () => {
    progress.tick(clock.now());
  });
  const events: HistoryEvent[] = [];
  try {
    let description: DescribeExecutionOutput;
    do {
      // First the description: what has ended has all its events.
      description = await describe(client, arn);
      const news = await eventsAfter(client, arn, events.at(-1)?.id ?? 0);
      for (const event of news) progress.take(event);
      events.push(...news);
      if (description.status === 'RUNNING') await clock.sleep(EVERY_MS);
    } while (description.status === 'RUNNING');
    return conclude(context, options, { execution: description, events });
  } finally {
    stop();
  }
}
