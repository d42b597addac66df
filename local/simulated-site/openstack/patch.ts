import * as z from 'zod';
import { MagnumError } from './magnum-error';
import { python } from './python';

const step = z.object({
  op: z.enum(['add', 'replace', 'remove']),
  path: z.string().regex(/^(\/[\w-]+)+$/),
  // A dictionary is refused, also for labels: Magnum takes their text only.
  value: z.union([z.string(), z.number().int(), z.boolean()]).nullish(),
});
const dictionaryValue = z.array(z.object({ value: z.record(z.string(), z.unknown()) }));

const INTERNAL = ['created_at', 'id', 'links', 'updated_at', 'uuid', 'project_id', 'user_id'];

/**
 * The attributes that a JSON patch sets, as Magnum applies it to the attributes there are.
 * @param internal attributes that may not be patched, besides the common ones
 */
export function patched(
  body: unknown,
  attributes: Readonly<Record<string, unknown>>,
  internal: readonly string[],
): Record<string, unknown> {
  const patch = z.array(step).safeParse(body);
  const wrong = dictionaryValue.safeParse(body).data?.[0]?.value;
  if (wrong) {
    throw new MagnumError(
      400,
      `Invalid input for field/attribute value. Value: '${python(wrong)}'. Wrong type. Expected '(<class 'str'>, <class 'int'>)', got '<class 'dict'>'`,
    );
  }
  if (!patch.success) {
    throw new MagnumError(
      400,
      "Invalid input for field/attribute patch. Wrong type. Expected '(<class 'str'>, <class 'int'>)'",
    );
  }
  const changes: Record<string, unknown> = {};
  for (const { op, path, value } of patch.data) {
    const [, attribute = '', ...deeper] = path.split('/');
    if (INTERNAL.includes(attribute) || internal.includes(attribute)) {
      throw new MagnumError(400, `'${path}' is an internal attribute and can not be updated`);
    }
    if (op !== 'remove' && value == null) throw new MagnumError(400, "'add' and 'replace' operations needs value");
    if (op === 'add' && attributes[attribute] != null) {
      throw new MagnumError(400, `The attribute ${path} has existed, please use 'replace' operation instead.`);
    }
    if (deeper.length > 0 || !Object.hasOwn(attributes, attribute)) {
      throw patchError(patch.data, `can't ${op} a non-existent object '${attribute}'`);
    }
    changes[attribute] = op === 'remove' ? null : attribute === 'labels' ? dictionary(patch.data, value) : value;
  }
  return changes;
}

/** The dictionary whose Python text this is; as far as needed here, that of JSON, or the same with single quotes. */
function dictionary(patch: readonly z.infer<typeof step>[], value: unknown): unknown {
  try {
    const text = String(value);
    return JSON.parse(text.includes('"') ? text : text.replaceAll("'", '"')) as unknown;
  } catch {
    throw patchError(patch, `malformed node or string on line 1: ${String(value)}`);
  }
}

function patchError(patch: readonly z.infer<typeof step>[], reason: string): MagnumError {
  const steps = patch.map(({ path, op, value }) => ({ path, op, ...(value !== undefined && { value }) }));
  return new MagnumError(400, `Couldn't apply patch '${python(steps)}'. Reason: ${reason}`);
}
