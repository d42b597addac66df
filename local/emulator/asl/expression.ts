import jsonata from 'jsonata';
import type { Json } from './definition';

export type JsonType = 'array' | 'boolean' | 'number' | 'string';

/** An expression could not be evaluated, or gave something that has no place in JSON. */
export class ExpressionFailed extends Error {
  override readonly name = 'ExpressionFailed';

  /**
   * @param location the field's path inside the state, such as `Output/report/changes[0]`
   * @param reason the sentence that the service puts into the cause
   */
  constructor(
    readonly location: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** What a name stands for, which may be nothing: JSONata's own function of that name is then hidden. */
export interface Binding {
  readonly value: unknown;
}

/** What a name after `$` stands for; undefined if that is left to JSONata. */
export type Bindings = (name: string) => Binding | undefined;

/** An expression with the variables and functions that it names: to bind all others would take longer than most expressions. */
interface Compiled {
  readonly expression: jsonata.Expression;
  readonly names: ReadonlySet<string>;
}

const compiled = new Map<string, Compiled>();

/** Whether a template has an expression in it; templates are parts of definitions, which do not change. */
const computed = new WeakMap<object, boolean>();

/** The source inside `{% … %}`, or undefined for any other value. */
export function expressionIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('{%') || !value.endsWith('%}')) return undefined;
  return value.slice(2, -2).trim();
}

/**
 * Compiles an expression, or takes it from those compiled before.
 * @throws the error of JSONata's parser, with its `code` and `message`
 */
export function compile(source: string): Compiled {
  let found = compiled.get(source);
  if (found === undefined) {
    const expression = jsonata(source);
    found = { expression, names: namesIn(expression.ast()) };
    compiled.set(source, found);
  }
  return found;
}

function namesIn(node: unknown, names = new Set<string>()): Set<string> {
  if (typeof node !== 'object' || node === null) return names;
  if ('type' in node && node.type === 'variable' && 'value' in node) names.add(String(node.value));
  for (const part of Object.values(node)) namesIn(part, names);
  return names;
}

/**
 * Evaluates every expression in a template; the rest of it stays as it is.
 * @param bindings what expressions can name with `$`: `states`, variables and functions
 * @param expected the JSON type that an expression in the place of the whole template has to give
 * @throws ExpressionFailed
 */
export async function evaluate(
  template: Json,
  location: string,
  bindings: Bindings,
  expected?: JsonType,
): Promise<Json> {
  const source = expressionIn(template);
  if (source !== undefined) return evaluateExpression(source, location, bindings, expected);
  if (!hasExpression(template)) return template;
  if (Array.isArray(template)) {
    const items: Json[] = [];
    for (const [i, item] of template.entries()) {
      items.push(hasExpression(item) ? await evaluate(item, `${location}[${i}]`, bindings) : item);
    }
    return items;
  }
  const fields: Record<string, Json> = {};
  for (const [key, value] of Object.entries(template as Record<string, Json>)) {
    fields[key] = hasExpression(value) ? await evaluate(value, `${location}/${key}`, bindings) : value;
  }
  return fields;
}

async function evaluateExpression(
  source: string,
  location: string,
  bindings: Bindings,
  expected?: JsonType,
): Promise<Json> {
  const failed = (end: string): ExpressionFailed =>
    new ExpressionFailed(location, `The JSONata expression '${source}' specified for the field '${location}' ${end}`);

  let result: unknown;
  try {
    const { expression, names } = compile(source);
    const named: Record<string, unknown> = {};
    for (const name of names) {
      const bound = bindings(name);
      if (bound) named[name] = bound.value;
    }
    result = await expression.evaluate(undefined, named);
  } catch (error) {
    // JSONata's errors have a code, which the service shows after a full stop; other errors follow a colon.
    const { code, message } = error as { code?: string; message: string };
    throw failed(`threw an error during evaluation${code === undefined ? '' : `. ${code}`}: ${message}`);
  }
  if (result === undefined) throw failed('returned nothing (undefined).');
  const value = plain(result);
  if (value === undefined) throw failed('returned an unsupported result type.');
  const type = typeOf(value);
  if (expected !== undefined && type !== expected) {
    const found = `Expected '${expected}', but was '${type}' for value: ${JSON.stringify(value)}`;
    throw failed(`returned an unexpected result type. ${found}`);
  }
  return value;
}

/**
 * A copy without the marks that JSONata puts on sequences, which would change what later expressions make of the value;
 * undefined if there is a function or a regular expression in it.
 */
function plain(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (Array.isArray(value)) {
    const items = value.map(plain);
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  if (typeof value !== 'object' || '_jsonata_lambda' in value || '_jsonata_function' in value) return undefined;
  const fields: Record<string, Json> = {};
  for (const [key, field] of Object.entries(value)) {
    const copy = plain(field);
    if (copy === undefined) return undefined;
    fields[key] = copy;
  }
  return fields;
}

function hasExpression(template: Json): boolean {
  if (template === null || typeof template !== 'object') return expressionIn(template) !== undefined;
  let found = computed.get(template);
  if (found === undefined) {
    found = Object.values(template).some(hasExpression);
    computed.set(template, found);
  }
  return found;
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
