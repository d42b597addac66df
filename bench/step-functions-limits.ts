import type { HistoryEvent } from '@aws-sdk/client-sfn';

/** How much is taken of a limit. */
export interface Use {
  readonly limit: string;
  /** What is allowed. */
  readonly most: number;
  readonly here: number;
  /** Where it is that much. */
  readonly where: string;
}

const PAYLOAD = 256 * 1024;

/** What an execution takes of each limit that Step Functions has for one, from its whole history. Sizes are in bytes of UTF-8. */
export function used(events: readonly HistoryEvent[]): Use[] {
  const fields = events.flatMap((event) => {
    const [, details = {}] = Object.entries(event).find(([key]) => key.endsWith('EventDetails')) ?? [];
    const name = (details as { name?: string }).name ?? nameBefore(event, events);
    return Object.entries(details as object).flatMap(([field, value]) =>
      typeof value === 'string' ? [{ field, size: Buffer.byteLength(value), where: `${name}, ${field}` }] : [],
    );
  });
  const largest = (...names: string[]) => most(fields.filter(({ field }) => names.includes(field)));
  const assigned = events.flatMap(({ stateExitedEventDetails: exited }) =>
    exited?.assignedVariables ? [{ name: exited.name ?? '', variables: exited.assignedVariables }] : [],
  );
  const variables = assigned.flatMap(({ name, variables: set }) =>
    Object.entries(set).map(([variable, value]) => ({
      variable,
      size: Buffer.byteLength(value),
      where: `${name}, $${variable}`,
    })),
  );
  const together = assigned.map(({ name, variables: set }) => ({
    size: Object.values(set).reduce((sum, value) => sum + Buffer.byteLength(value), 0),
    where: name,
  }));
  // Each at its largest, as if all were so at the same time, and those of each iteration of a Map, too.
  const stored = variables.reduce((sum, { size }) => sum + size, 0);
  return [
    { limit: 'events of the history', most: 25_000, here: events.length, where: '' },
    { limit: 'input of a state', most: PAYLOAD, ...largest('input') },
    { limit: 'arguments of a task', most: PAYLOAD, ...largest('parameters') },
    { limit: 'result of a task, output of a state', most: PAYLOAD, ...largest('output') },
    { limit: 'cause of a failure, characters', most: 32_768, ...largest('cause') },
    { limit: 'a variable', most: PAYLOAD, ...most(variables) },
    { limit: 'variables set by a state', most: PAYLOAD, ...most(together) },
    { limit: 'all variables, whenever set', most: 10 * 1024 * 1024, here: stored, where: '' },
  ];
}

function most(all: readonly { readonly size: number; readonly where: string }[]): Pick<Use, 'here' | 'where'> {
  const [first] = [...all].sort((one, other) => other.size - one.size);
  return { here: first?.size ?? 0, where: first?.where ?? '' };
}

/** Of the state that an event belongs to, for those that do not say it. */
function nameBefore(event: HistoryEvent, events: readonly HistoryEvent[]): string {
  let before: HistoryEvent | undefined = event;
  while (before && !before.stateEnteredEventDetails) before = events[(before.previousEventId ?? 0) - 1];
  return before?.stateEnteredEventDetails?.name ?? 'the execution';
}
