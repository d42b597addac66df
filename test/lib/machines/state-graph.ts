import jsonata from 'jsonata';
import type { JsonObject, MapState, State, StateMachine, States } from '../../../local/emulator/asl/definition';

/** A state with the place where it stands. */
export interface Placed {
  readonly name: string;
  readonly state: State;
  /** The Map around it. */
  readonly inside?: string;
}

/** A way from one state to the next. */
export interface Edge {
  readonly to: string;
  readonly by: 'next' | 'catch' | 'choice';
  /** The variables that are set on the way. */
  readonly assigned: readonly string[];
}

/** Every chain of states: the state machine's own, and those inside its Maps. */
export function chains(machine: StateMachine): { readonly chain: States; readonly inside?: string }[] {
  const maps = Object.entries(machine.States).filter((entry): entry is [string, MapState] => entry[1].Type === 'Map');
  return [{ chain: machine }, ...maps.map(([inside, { ItemProcessor }]) => ({ chain: ItemProcessor, inside }))];
}

/** Every state, also those inside Maps. */
export function allStates(machine: StateMachine): Placed[] {
  return chains(machine).flatMap(({ chain, inside }) =>
    Object.entries(chain.States).map(([name, state]) => ({ name, state, ...(inside === undefined ? {} : { inside }) })),
  );
}

/** The ways out of a state. */
export function edges(state: State): Edge[] {
  const names = (assign: JsonObject | undefined) => Object.keys(assign ?? {});
  const caught = ('Catch' in state ? (state.Catch ?? []) : []).map(({ Next, Assign }): Edge => ({
    to: Next,
    by: 'catch',
    assigned: names(Assign),
  }));
  if (state.Type === 'Choice') {
    const rules = state.Choices.map(({ Next, Assign }): Edge => ({ to: Next, by: 'choice', assigned: names(Assign) }));
    const { Default } = state;
    return Default === undefined ? rules : [...rules, { to: Default, by: 'choice', assigned: names(state.Assign) }];
  }
  if ('Next' in state && state.Next) {
    return [{ to: state.Next, by: 'next', assigned: names(state.Assign) }, ...caught];
  }
  return caught;
}

/** The states that can be reached from `start` without passing one of `barriers`. */
export function reachable({ States }: States, start: string, barriers: readonly string[] = []): Set<string> {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name) || barriers.includes(name)) return;
    seen.add(name);
    const state = States[name];
    if (!state) throw new Error(`There is no state ${name}`);
    for (const { to } of edges(state)) visit(to);
  };
  visit(start);
  return seen;
}

/** Whether the chain ends in this state. */
export function isEnd(state: State): boolean {
  return state.Type === 'Succeed' || state.Type === 'Fail' || 'End' in state;
}

/** The sources of the expressions in a state, by the place they stand at; not those of the states inside a Map. */
export function expressions(value: unknown, place = ''): { readonly place: string; readonly source: string }[] {
  if (typeof value === 'string') {
    return value.startsWith('{%') ? [{ place, source: value.slice(2, -2).trim() }] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'ItemProcessor' ? [] : expressions(inner, `${place}/${key}`),
  );
}

/** The variables an expression reads, without those it sets itself, functions, and `$states`. */
export function variablesRead(source: string): string[] {
  const read = new Set<string>();
  const own = new Set<string>(['', '$', 'states']);
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, value, lhs, procedure, ...others } = node as Record<string, unknown>;
    if (type === 'variable' && typeof value === 'string') read.add(value);
    if (type === 'bind') own.add(String((lhs as { value: unknown }).value));
    else walk(lhs);
    if (type !== 'function') walk(procedure);
    Object.values(others).forEach(walk);
  };
  walk(jsonata(source).ast());
  return [...read].filter((name) => !own.has(name));
}

/** The variables that are set on every way to each state of a chain. */
export function assignedBefore({ StartAt, States }: States, given: readonly string[]): Map<string, Set<string>> {
  const before = new Map<string, Set<string>>([[StartAt, new Set(given)]]);
  const queue = [StartAt];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const state = States[name];
    if (!state) throw new Error(`There is no state ${name}`);
    for (const { to, assigned } of edges(state)) {
      const arriving = new Set([...(before.get(name) ?? []), ...assigned]);
      const known = before.get(to);
      const both = known ? new Set([...known].filter((one) => arriving.has(one))) : arriving;
      if (known?.size === both.size) continue;
      before.set(to, both);
      queue.push(to);
    }
  }
  return before;
}
