import { createHash } from 'node:crypto';

/**
 * JSON in its canonical form (RFC 8785): members by name, nothing between them. Equal values have equal texts, so that a
 * digest can be made. Times are text, whether they were read from AWS or from a file.
 */
export function canonicalJson(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one: unknown) => canonicalJson(one ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = value as Readonly<Record<string, unknown>>;
  let text = '';
  // By UTF-16 units, as RFC 8785 wants it.
  for (const name of Object.keys(members).sort()) {
    const one = members[name];
    if (one !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(one)}`;
  }
  return `{${text}}`;
}

/** SHA-256 in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
