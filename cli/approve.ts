import { SendTaskFailureCommand, SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { pendingApproval, type PendingApproval } from '../domain/audit/approval';
import { type Approval, approvalSchema } from '../domain/authorization/approval';
import { LONGEST_REASON } from '../domain/site/fields';
import { whoAmI, withStepFunctions } from './aws';
import { type CommonOptions, EXIT, print, UsageError } from './context';
import { eventsAfter, executionArn } from './executions';
import type { Verb } from './program';

interface Options extends CommonOptions {
  readonly stack: string;
  readonly plan?: string;
  readonly reason?: string;
}

/** `approve`: shows what an apply waits to do; with a reason, approves it. */
export const approve: Verb = (parent, run) => {
  parent
    .command('approve <execution>')
    .summary('show what an apply waits to do, and approve it')
    .description(
      'Shows what an apply that waits for approval would do: every difference, redacted, what goes down, and for how ' +
        'long. With a reason it is approved, by whoever the credentials belong to. If anything on the site has changed ' +
        'by then, the apply ends instead.',
    )
    .option('--reason <text>', 'why; without it nothing is approved')
    .option('--plan <digest>', 'approve only the plan whose digest begins so')
    .option('--stack <name>', 'name of the deployed stack', 'magnum-ha')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha approve golden-apply-20261126T214000Z\n' +
        '  magnum-ha approve golden-apply-20261126T214000Z --reason CHG-4711',
    )
    .action(
      run((context, execution: string, options: Options) =>
        withStepFunctions(async (client) => {
          const { pending, token } = await waiting(client, execution, options);
          const { reason } = options;
          if (reason === undefined) {
            print(context, options, pending, () => textOf(pending));
            return EXIT.done;
          }
          const approval = checked({ digest: pending.digest, approver: await whoAmI(), reason });
          if (approval.approver === pending.startedBy && !pending.starterMayApprove) {
            throw new UsageError(
              `${approval.approver} started this apply, and must not approve it. Let somebody else do so.`,
            );
          }
          await client.send(new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify(approval) }));
          print(context, options, approval, () => `Approved plan ${short(approval.digest)} as ${approval.approver}.`);
          return EXIT.done;
        }),
      ),
    );
};

/** `reject`: ends an apply that waits for approval. */
export const reject: Verb = (parent, run) => {
  parent
    .command('reject <execution>')
    .summary('reject an apply that waits for approval')
    .description('Ends an apply that waits for approval. It has touched nothing.')
    .requiredOption('--reason <text>', 'why')
    .option('--stack <name>', 'name of the deployed stack', 'magnum-ha')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha reject golden-apply-20261126T214000Z --reason "not on a Friday"')
    .action(
      run((context, execution: string, options: Options & { readonly reason: string }) =>
        withStepFunctions(async (client) => {
          const { pending, token } = await waiting(client, execution, options);
          const { approver, reason } = checked({
            digest: pending.digest,
            approver: await whoAmI(),
            reason: options.reason,
          });
          const cause = `Site ${pending.site}: ${approver} rejected the apply: ${reason}. Nothing of it was done.`;
          await client.send(new SendTaskFailureCommand({ taskToken: token, error: 'ApprovalRejected', cause }));
          print(context, options, { rejectedBy: approver, reason }, () => `Rejected as ${approver}.`);
          return EXIT.done;
        }),
      ),
    );
};

/** @throws UsageError if it waits for no approval, or for that of another plan */
async function waiting(client: SFNClient, execution: string, { stack, plan = '' }: Options) {
  const found = pendingApproval(await eventsAfter(client, await executionArn(client, execution, stack), 0));
  if (!found) throw new UsageError(`${execution} does not wait for an approval. See it: magnum-ha follow ${execution}`);
  const { digest } = found.pending;
  if (!digest.startsWith(plan)) {
    throw new UsageError(
      `${execution} waits with plan ${short(digest)}, not ${plan}. Look at it again, without --plan.`,
    );
  }
  return found;
}

/** @throws UsageError */
function checked(approval: Approval): Approval {
  if (!approvalSchema.safeParse(approval).success) {
    throw new UsageError(`The reason must be one line of at most ${LONGEST_REASON} characters.`);
  }
  return approval;
}

function textOf({ request, controllers, blastRadius, digest }: PendingApproval): string {
  const differences = controllers.flatMap(({ name, files }) =>
    files.flatMap(({ path, state, diff, sameAs }) =>
      state === 'same'
        ? []
        : sameAs === undefined
          ? ['', `${name} ${path}:`, ...diff.map((line) => `  ${line}`)]
          : ['', `${name} ${path}: as on ${sameAs}`],
    ),
  );
  const down = blastRadius ? ['', 'Down with HAProxy:', ...[...blastRadius.resources, ...blastRadius.listeners]] : [];
  return [request, ...differences, ...down, '', `Plan ${digest}`].join('\n');
}

const short = (digest: string) => digest.slice(0, 12);
