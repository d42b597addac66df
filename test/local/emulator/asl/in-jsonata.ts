import type { Json, JsonObject } from '../../../../local/emulator/asl/definition';

/**
 * The same state machine with its JSONPath states in JSONata. Some executions recorded on AWS mix both; their events do
 * not tell which language a state was written in.
 *
 * @returns undefined for what this cannot say in JSONata
 */
export function inJsonata(machine: JsonObject): JsonObject | undefined {
  try {
    return { ...machine, States: states(machine['States'] as JsonObject, machine['QueryLanguage'] ?? 'JSONPath') };
  } catch (error) {
    if (error instanceof Untranslatable) return undefined;
    throw error;
  }
}

class Untranslatable extends Error {}

/** From the state's data (`$`, `$.a.b`) or a variable (`$name`, `$name.a`). */
const REFERENCE = /^\$([A-Za-z_]\w*)?((?:\.[A-Za-z_]\w*)*)$/;

/** The fields that say the same in both languages. */
const NEUTRAL: Record<string, string[]> = {
  Pass: [],
  Task: ['Resource', 'TimeoutSeconds', 'HeartbeatSeconds', 'Retry'],
  Fail: ['Error', 'Cause'],
  Wait: ['Seconds', 'Timestamp'],
  Succeed: [],
};

/** The fields with paths. */
const PATHS: Record<string, string[]> = {
  Pass: ['Result', 'Parameters', 'ResultPath', 'OutputPath', 'Assign'],
  Task: ['Parameters', 'ResultPath', 'OutputPath', 'Assign'],
};

function states(all: JsonObject, language: Json): JsonObject {
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => {
      const state = value as JsonObject;
      return [name, (state['QueryLanguage'] ?? language) === 'JSONata' ? state : translated(state)];
    }),
  );
}

function translated(state: JsonObject): JsonObject {
  const type = state['Type'] as string;
  const neutral = NEUTRAL[type];
  if (neutral === undefined) throw new Untranslatable();
  const withPaths = Object.entries(state).filter(([field]) => PATHS[type]?.includes(field));
  const rest = Object.entries(state).filter(([field]) => !PATHS[type]?.includes(field));
  const known = ['Type', 'Comment', 'QueryLanguage', 'Next', 'End', ...neutral];
  if (rest.some(([field]) => !known.includes(field))) throw new Untranslatable();
  const own = { ...Object.fromEntries(rest), QueryLanguage: 'JSONata' };
  if (withPaths.length === 0) return own;
  if (type === 'Pass') return { ...own, ...outcome(state, passResult(state)) };
  if (type !== 'Task') return own;
  const { Parameters } = state;
  return {
    ...own,
    ...(Parameters !== undefined && { Arguments: filled(Parameters, '$states.input') }),
    ...outcome(state, '$states.result'),
  };
}

/** What a Pass state passes on, as an expression. */
function passResult({ Result, Parameters }: JsonObject): string {
  if (Result !== undefined) return JSON.stringify(Result);
  return Parameters === undefined ? '$states.input' : literal(filled(Parameters, '$states.input'));
}

function outcome({ ResultPath = '$', OutputPath = '$', Assign }: JsonObject, result: string): JsonObject {
  const names = follow(ResultPath ?? '$', '')
    .split('.')
    .slice(1);
  const placed = names.reduceRight((value, name) => `{${JSON.stringify(name)}: ${value}}`, result);
  const merged = names.length === 0 ? result : `$merge([$states.input, ${placed}])`;
  return {
    Output: expression(follow(OutputPath, ResultPath === null ? '$states.input' : merged)),
    ...(Assign !== undefined && { Assign: filled(Assign, result) }),
  };
}

/** A payload template: each key that ends in `.$` loses the ending, and its path is followed. */
function filled(template: Json, data: string): Json {
  // Text to JSONPath, an expression to JSONata.
  if (typeof template === 'string' && template.startsWith('{%')) throw new Untranslatable();
  if (Array.isArray(template)) return template.map((item) => filled(item, data));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith('.$') ? [key.slice(0, -2), expression(follow(value, data))] : [key, filled(value, data)],
    ),
  );
}

function follow(path: Json, data: string): string {
  const [whole, variable, steps = ''] = typeof path === 'string' ? (REFERENCE.exec(path) ?? []) : [];
  if (whole === undefined) throw new Untranslatable();
  return `${variable === undefined ? data : `$${variable}`}${steps}`;
}

const expression = (source: string) => `{% ${source} %}`;

/** A template as one expression. */
function literal(template: Json): string {
  if (typeof template === 'string') return /^\{% (.*) %\}$/s.exec(template)?.[1] ?? JSON.stringify(template);
  if (Array.isArray(template)) return `[${template.map(literal).join(', ')}]`;
  if (typeof template !== 'object' || template === null) return JSON.stringify(template);
  return `{${Object.entries(template)
    .map(([key, value]) => `${JSON.stringify(key)}: ${literal(value)}`)
    .join(', ')}}`;
}
