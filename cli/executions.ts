import {
  type HistoryEvent,
  paginateGetExecutionHistory,
  paginateListStateMachines,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { nearest } from '../domain/site/suggestion';
import { UsageError } from './context';

/** As many events as a page has for whoever looks again and again. */
const SMALL_PAGE = 100;

/** The ARN of the state machine that a stack deployed. @throws UsageError if there is none */
export async function machineArn(client: SFNClient, stack: string): Promise<string> {
  const names: string[] = [];
  for await (const { stateMachines = [] } of paginateListStateMachines({ client }, {})) {
    for (const { name = '', stateMachineArn = '' } of stateMachines) {
      if (name === stack) return stateMachineArn;
      names.push(name);
    }
  }
  const meant = nearest(stack, names);
  throw new UsageError(
    `There is no state machine ${stack} in this account and region. ` +
      (meant === undefined ? 'Deploy it: npx cdk deploy' : `Did you mean --stack ${meant}?`),
  );
}

/** The ARN of an execution that is given by that, or by its name. @throws UsageError */
export async function executionArn(client: SFNClient, execution: string, stack: string): Promise<string> {
  if (execution.startsWith('arn:')) return execution;
  return `${(await machineArn(client, stack)).replace(':stateMachine:', ':execution:')}:${execution}`;
}

/** The events after one, oldest first: read from the newest on, so that a look costs what is new. */
export async function eventsAfter(client: SFNClient, arn: string, last: number): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  const input = { executionArn: arn, maxResults: SMALL_PAGE, reverseOrder: true, includeExecutionData: true };
  for await (const { events: page = [] } of paginateGetExecutionHistory({ client }, input)) {
    events.push(...page.filter(({ id = 0 }) => id > last));
    if (page.some(({ id = 0 }) => id <= last)) break;
  }
  return events.reverse();
}
