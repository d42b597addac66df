import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../../domain/site/problems';
import { parseSite, SiteDocumentInvalid } from '../../../domain/site/parse';

/** Changes to a document: objects field by field, lists element by element ({1: …}), `undefined` takes a field away. */
export type Changes = Readonly<Record<string, unknown>>;

/** The golden document with changes merged into it, right or wrong. */
export function documentWith(changes: Changes): object {
  return merge(JSON.parse(shipped('golden')), changes) as object;
}

/** A document of `sites/`, as it lies there. */
export function shipped(name: string): string {
  return readFileSync(join(__dirname, `../../../sites/${name}.json`), 'utf8');
}

/** The problems for which the golden document with these changes is refused; none if it is not. */
export function problemsOf(changes: Changes): readonly Problem[] {
  return refusalOf(JSON.stringify(documentWith(changes)))?.problems ?? [];
}

/** The error by which this text is refused as a site document. */
export function refusalOf(text: string): SiteDocumentInvalid | undefined {
  try {
    parseSite('golden', text);
    return undefined;
  } catch (error) {
    if (error instanceof SiteDocumentInvalid) return error;
    throw error;
  }
}

function merge(target: unknown, change: unknown): unknown {
  if (!isObject(target) || !isObject(change)) return change;
  const merged: Record<string, unknown> = Array.isArray(target) ? Object.assign([], target) : { ...target };
  for (const [field, value] of Object.entries(change)) merged[field] = merge(merged[field], value);
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(Array.isArray(value) && value.length === 0);
}
