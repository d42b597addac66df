import * as z from 'zod';
import { MagnumHaError } from '../errors';
import { inconsistencies } from './consistency';
import { type Site, siteSchema } from './document';
import type { Problem, ProblemName } from './problems';
import { showsSecret } from './option-names';
import { nearest } from './suggestion';
import { DEFAULT_STACK, withSecretNames } from './secret-names';
import { type DocumentText, readText } from './text';

/**
 * A site document is refused. `name` is the problems' own name if they share one (`UnknownField`, `BadPort` and so
 * on), else `SiteDocumentInvalid`; the message lists every problem by its path.
 */
export class SiteDocumentInvalid extends MagnumHaError {
  override readonly name: ProblemName | 'SiteDocumentInvalid';

  constructor(
    site: string,
    readonly problems: readonly Problem[],
  ) {
    const names = new Set(problems.map(({ name }) => name));
    super(
      `Site ${site}: its document is refused; nothing was touched. Correct ${problems.length === 1 ? 'this' : 'these'}:\n` +
        problems
          .map(({ path, line, label, name, message }) => {
            const where = line === undefined ? path : `line ${line}, ${label ?? path}`;
            return `- ${where}: ${message} [${name}]`;
          })
          .join('\n'),
    );
    const [only] = names;
    this.name = names.size === 1 && only ? only : 'SiteDocumentInvalid';
  }
}

/**
 * Checks a site document and fills in its defaults.
 *
 * @param site how the message names it, usually the site's name
 * @param text the document, JSON or YAML
 * @param stack the stack that it is for: its secrets are named by that
 * @throws SiteDocumentInvalid with every problem at once
 */
export function parseSite(site: string, text: string, stack = DEFAULT_STACK): Site {
  const { document: given, problem, lineOf } = readText(text);
  if (problem !== undefined) {
    throw new SiteDocumentInvalid(site, [{ path: '$', name: 'BadValue', message: problem }]);
  }
  const { document, problems: misnamed } = withSecretNames(given, stack);
  const result = siteSchema.safeParse(document);
  const found = [
    ...withoutMisspelt(result.error?.issues.flatMap((issue) => problems(issue, document)) ?? []),
    ...inconsistencies(document),
    ...misnamed,
  ];
  if (!result.success || found.length > 0) {
    const placed = found.map((one) => ({ ...one, ...placeOf(one.path, lineOf), ...labelOf(one, document) }));
    throw new SiteDocumentInvalid(
      site,
      placed.sort((one, other) => (one.line ?? 0) - (other.line ?? 0)),
    );
  }
  return result.data;
}

/** Only names within extraOptions have dots: the line is then that of the section. */
function placeOf(path: string, lineOf: DocumentText['lineOf']): { line?: number } {
  const keys = path.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  const line = lineOf?.(keys);
  return line === undefined ? {} : { line };
}

/** People know a controller, a template or a cluster by its name, not by its place in the list. */
function labelOf({ path, message }: Problem, document: unknown): { label?: string } {
  const [list = '', index = '', ...field] = path.split('.');
  const name = /^\d+$/.test(index) && valueAt(document, [list, index, 'name']);
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) return {};
  // Once is enough: "fra-ctl03: same address as fra-ctl02".
  const told = field.length === 0 || message.split(' ').includes(field.join('.'));
  return { label: told ? name : [name, ...field].join('.') };
}

/** A problem, and the field that was meant if one has another name. */
interface Found extends Problem {
  readonly meant?: string;
}

/** A field that has a wrong name is not reported as missing too. */
function withoutMisspelt(found: readonly Found[]): Problem[] {
  const meant = new Set(found.flatMap((one) => one.meant ?? []));
  return found
    .filter(({ name, path }) => name !== 'MissingField' || !meant.has(path))
    .map(({ path, name, message }) => ({ path, name, message }));
}

function problems(issue: z.core.$ZodIssue, document: unknown): Found[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const free = fieldsAt(issue.path).filter((field) => valueAt(document, [...issue.path, field]) === undefined);
    return issue.keys.map((key) => {
      const field = nearest(key, free);
      const message = field === undefined ? 'is no field of a site document' : `did you mean ${field}?`;
      return {
        path: [...path, key].join('.'),
        name: 'UnknownField',
        message,
        ...(field !== undefined && { meant: [...path, field].join('.') }),
      };
    });
  }
  const value = valueAt(document, issue.path);
  const where = path.join('.') || '$';
  if (value === undefined) return [{ path: where, name: 'MissingField', message: 'is missing' }];
  if (value === null && path.length > 0) return [{ path: where, name: 'MissingField', message: 'has no value' }];
  return [{ path: where, name: nameOf(issue, value), message: messageFor(issue, value) }];
}

/** The fields that the schema has in the object at a path. */
function fieldsAt(path: readonly PropertyKey[]): string[] {
  const schema = path.reduce<unknown>((outer, key) => {
    const inner = bare(outer);
    if (inner instanceof z.ZodObject) return (inner.shape as Record<PropertyKey, unknown>)[key];
    if (inner instanceof z.ZodArray) return inner.element;
    return inner instanceof z.ZodRecord ? inner.valueType : undefined;
  }, siteSchema);
  const object = bare(schema);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function bare(schema: unknown): unknown {
  if (schema instanceof z.ZodPipe) return bare(schema.in);
  const wrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return wrapped ? bare(schema.unwrap()) : schema;
}

/** A message that says what would be right, if zod's own does not. */
function messageFor(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_type') {
    const { expected } = issue;
    if (typeof value === 'string' && isQuoted(value, expected)) return `write ${value} without quotes`;
    if (expected === 'string' && typeof value !== 'object') return 'must be text: write it in quotes';
    if (expected === 'int') return 'must be a whole number';
    if (expected === 'array') return 'must be a list';
    if (expected === 'object' || expected === 'record') return 'must have fields';
  }
  if (issue.code === 'invalid_value' && issue.message.startsWith('Invalid option')) {
    return `must be one of ${issue.values.map(String).join(', ')}`;
  }
  if (issue.code === 'too_small' && issue.origin === 'array') return `at least ${issue.minimum}`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `at most ${issue.maximum}`;
  if (issue.code === 'too_small' && issue.origin === 'string') return 'must not be empty';
  // The only union is "a plain value or a secret".
  if (issue.code === 'invalid_union') return 'must be text of one line, or a reference {"ssm": "/name"}';
  if (issue.code === 'invalid_key') return `its name ${issue.issues[0]?.message ?? 'is invalid'}`;
  return issue.message;
}

/** Whether a text is a number or a boolean in quotes, and one is expected. */
function isQuoted(text: string, expected: string): boolean {
  return expected === 'boolean'
    ? /^(true|false)$/.test(text)
    : ['number', 'int'].includes(expected) && /^\d{1,5}$/.test(text);
}

function nameOf(issue: z.core.$ZodIssue, value: unknown): ProblemName {
  if (issue.code === 'custom') return (issue.params as { name?: ProblemName } | undefined)?.name ?? 'BadValue';
  const isSecret = issue.code === 'invalid_type' && issue.message.includes('never the secret itself');
  if (isSecret && typeof value === 'string') return 'SecretInClear';
  if (typeof value === 'string' && showsSecret(value)) return 'SecretInClear';
  if (issue.path.at(-1) === 'hostKey') return 'BadHostKey';
  return 'BadValue';
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], document);
}
