import type { Json, JsonObject, PassState, TaskState } from './definition';

// The service's older query language, as far as a definition that moves to JSONata state by state meets it: reference
// paths without brackets, from the state's data (`$`, `$.a.b`) or a variable (`$name`, `$name.a`).

const REFERENCE = /^\$([A-Za-z_]\w*)?((?:\.[A-Za-z_]\w*)*)$/;

/** Whether this runner can follow the path. */
export function isReferencePath(path: unknown): boolean {
  return typeof path === 'string' && REFERENCE.test(path);
}

/** A path leads nowhere. @internal */
export class PathNotFound extends Error {
  override readonly name = 'PathNotFound';
}

/** What a path leads to. @param field where the path stands @throws PathNotFound */
function follow(path: string, field: string, data: Json, variables: JsonObject): Json {
  const [, variable, steps = ''] = REFERENCE.exec(path) ?? [];
  let value: Json | undefined = variable === undefined ? data : variables[variable];
  for (const key of names(steps)) value = isObject(value) ? value[key] : undefined;
  if (value !== undefined) return value;
  const input = JSON.stringify(data);
  throw new PathNotFound(
    `The JSONPath '${path}' specified for the field '${field}' could not be found in the input '${input}'`,
  );
}

/** Fills a payload template: each key that ends in `.$` loses the ending, and its path is followed. @throws PathNotFound */
export function fill(template: Json, data: Json, variables: JsonObject): Json {
  if (Array.isArray(template)) return template.map((item) => fill(item, data, variables));
  if (!isObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith('.$')
        ? [key.slice(0, -2), follow(value as string, key, data, variables)]
        : [key, fill(value, data, variables)],
    ),
  );
}

/** A JSONPath state's output: ResultPath puts the result into the input, OutputPath picks from that. @throws PathNotFound */
export function outputOf(state: PassState | TaskState, input: Json, result: Json, variables: JsonObject): Json {
  const { ResultPath: into = '$', OutputPath: from = '$' } = state;
  const merged = into === null ? input : place(input, names(into.slice(1)), result);
  return from === null ? {} : follow(from, 'OutputPath', merged, variables);
}

function place(data: Json | undefined, [key, ...rest]: string[], value: Json): Json {
  if (key === undefined) return value;
  const fields = isObject(data) ? data : {};
  return { ...fields, [key]: place(fields[key], rest, value) };
}

function names(steps: string): string[] {
  return steps.split('.').slice(1);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
