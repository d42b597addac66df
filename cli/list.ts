import { type ExecutionListItem, paginateListExecutions } from '@aws-sdk/client-sfn';
import { InvalidArgumentError, Option } from 'commander';
import { withStepFunctions } from './aws';
import { type CommonOptions, EXIT, print, styleFor } from './context';
import { machineArn } from './executions';
import type { Verb } from './program';

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const;

interface ListOptions extends CommonOptions {
  readonly stack: string;
  readonly limit: number;
  readonly status?: (typeof STATUSES)[number];
}

/** `list`: the latest executions on AWS. */
export const list: Verb = (parent, run) => {
  parent
    .command('list')
    .summary('list the latest executions on AWS')
    .addOption(new Option('--status <status>', 'only those').choices([...STATUSES]))
    .option('--limit <number>', 'how many at most', atLeastOne, 20)
    .option('--stack <name>', 'name of the deployed stack', 'magnum-ha')
    .option('--plain', 'no colour')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha list --status FAILED --limit 5')
    .action(
      run((context, options: ListOptions) =>
        withStepFunctions(async (client) => {
          const { stack, limit, status } = options;
          const input = { stateMachineArn: await machineArn(client, stack), maxResults: Math.min(limit, 1000) };
          const found: ExecutionListItem[] = [];
          const filter = status === undefined ? {} : { statusFilter: status };
          for await (const { executions = [] } of paginateListExecutions({ client }, { ...input, ...filter })) {
            found.push(...executions);
            if (found.length >= limit) break;
          }
          const shown = found.slice(0, limit);
          const paint = styleFor(context, options);
          print(context, options, shown, () =>
            shown.length === 0 ? 'No execution.' : shown.map((one) => row(one, paint)).join('\n'),
          );
          return EXIT.done;
        }),
      ),
    );
};

function row(
  { name = '', status = 'RUNNING', startDate, stopDate }: ExecutionListItem,
  paint: ReturnType<typeof styleFor>,
) {
  const started = startDate?.toISOString().slice(0, 19).replace('T', ' ') ?? '';
  const took = startDate && stopDate ? `${((stopDate.getTime() - startDate.getTime()) / 1000).toFixed(1)} s` : '';
  const colour = { SUCCEEDED: 'green', RUNNING: 'yellow' } as Partial<Record<string, 'green' | 'yellow'>>;
  return `${started}  ${paint(colour[status] ?? 'red', status.padEnd(9))} ${took.padStart(9)}  ${name}`;
}

function atLeastOne(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 1 on.');
}
