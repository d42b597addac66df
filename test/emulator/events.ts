import type { HistoryEvent } from '@aws-sdk/client-sfn';

/** How many events a round of a poll has at most. */
const LONGEST_ROUND = 30;

/**
 * What happened in an execution, in a form in which two interpreters may be compared: the events of the main chain and of each
 * iteration of each Map, without times and IDs. How often a poll was made again is a matter of time: its rounds count once.
 */
export function happenings(events: readonly HistoryEvent[]): Record<string, string[]> {
  const chains = new Map<string, string[]>();
  const chainOf = new Map<number, readonly string[]>([[0, []]]);
  const byId = new Map(events.map((event) => [event.id ?? 0, event]));
  for (const event of events) {
    const before = byId.get(event.previousEventId ?? 0);
    let chain = chainOf.get(event.previousEventId ?? 0) ?? [];
    const { type = '', mapIterationStartedEventDetails: iteration } = event;
    // What comes after an iteration is in the chain of its Map, also the next iteration.
    const left = before?.type?.startsWith('MapIteration') && before.type !== 'MapIterationStarted';
    const sibling = iteration && chain.at(-1)?.startsWith(`${iteration.name}#`);
    if (left || sibling) chain = chain.slice(0, -1);
    if (iteration) chain = [...chain, `${iteration.name}#${iteration.index}`];
    chainOf.set(event.id ?? 0, chain);
    const key = chain.join(' / ') || 'main';
    if (!type.startsWith('WaitState')) chains.set(key, [...(chains.get(key) ?? []), told(event)]);
  }
  const sorted = [...chains].sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, chain]) => [key, roundsOnce(chain)]));
}

function told(event: HistoryEvent): string {
  const [, details = {}] = Object.entries(event).find(([key]) => key.endsWith('EventDetails')) ?? [];
  const { name, resource, error, index } = details as Readonly<Record<string, string | number | undefined>>;
  return [event.type, name, resource, error, index].filter((one) => one !== undefined).join(' ');
}

/** Leaves a round out that is the same as the one before. */
function roundsOnce(chain: readonly string[]): string[] {
  const kept: string[] = [];
  for (const one of chain) {
    kept.push(one);
    if (!one.startsWith('ChoiceStateExited')) continue;
    for (let length = 1; length <= LONGEST_ROUND && 2 * length <= kept.length; length++) {
      const round = kept.slice(-length).join('\n');
      if (kept.slice(-2 * length, -length).join('\n') !== round) continue;
      kept.length -= length;
      break;
    }
  }
  return kept;
}
