import type * as z from 'zod';
import { MagnumHaError, messageOf } from '../errors';
import { inconsistencies } from './consistency';
import { type Problem, type ProblemName, type Site, siteSchema } from './document';

/**
 * A site document is refused. `name` is the problems' own name where they share one (`UnknownField`, `BadPort` and so
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
        problems.map(({ path, name, message }) => `- ${path}: ${message} [${name}]`).join('\n'),
    );
    const [only] = names;
    this.name = names.size === 1 && only ? only : 'SiteDocumentInvalid';
  }
}

/**
 * Checks a site document and fills in its defaults.
 *
 * @param site how the message names it, usually the site's name
 * @param text the document, JSON
 * @throws SiteDocumentInvalid with every problem at once
 */
export function parseSite(site: string, text: string): Site {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    // Only the place: the parser's whole message quotes the text, which may hold a secret by mistake.
    // Where it quotes, it tells no place, and nothing but the place stands at its end.
    const place = / at position \d+( \(line \d+ column \d+\))?$| end of JSON input$/.exec(messageOf(error))?.[0] ?? '';
    const message = `is not JSON${place && `: error${place.replace(/^ end/, ' at the end')}`}. To see where: python3 -m json.tool FILE`;
    throw new SiteDocumentInvalid(site, [{ path: '$', name: 'BadValue', message }]);
  }
  const result = siteSchema.safeParse(document);
  const found = [
    ...(result.error?.issues.flatMap((issue) => problems(issue, document)) ?? []),
    ...inconsistencies(document),
  ];
  if (!result.success || found.length > 0) throw new SiteDocumentInvalid(site, found);
  return result.data;
}

function problems(issue: z.core.$ZodIssue, document: unknown): Problem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key].join('.'),
      name: 'UnknownField' as const,
      message: 'is no field of a site document',
    }));
  }
  if (valueAt(document, issue.path) === undefined) {
    return [{ path: path.join('.') || '$', name: 'MissingField', message: 'is missing' }];
  }
  const name = nameOf(issue, valueAt(document, issue.path));
  return [{ path: path.join('.') || '$', name, message: messageFor(issue) }];
}

/** Where zod's own message says nothing, one that says what would be right. */
function messageFor(issue: z.core.$ZodIssue): string {
  // The only union is "a plain value or a secret".
  if (issue.code === 'invalid_union') return 'must be text of one line, or a reference {"ssm": "/name"}';
  if (issue.code === 'invalid_key') return `its name ${issue.issues[0]?.message ?? 'is invalid'}`;
  return issue.message;
}

function nameOf(issue: z.core.$ZodIssue, value: unknown): ProblemName {
  if (issue.code === 'custom') return (issue.params as { name?: ProblemName } | undefined)?.name ?? 'BadValue';
  const isSecret = issue.code === 'invalid_type' && issue.message.includes('never the secret itself');
  if (isSecret && typeof value === 'string') return 'SecretInClear';
  if (typeof value === 'string' && /:\/\/[^/\s]*@/.test(value)) return 'SecretInClear';
  if (issue.path.at(-1) === 'hostKey') return 'BadHostKey';
  return 'BadValue';
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], document);
}
