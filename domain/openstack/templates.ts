import type { ClusterTemplate } from '../site/document';
import type { Mode } from '../site/load';
import type { Difference } from './difference';
import { AnswerLost, OpenStackApiError } from './errors';
import type { MagnumClient, PatchStep, TemplateAttributes } from './magnum';

/** What became of a wanted cluster template. */
export interface TemplateResult {
  readonly name: string;
  readonly uuid?: string;
  /**
   * `missing` only in mode `check`; `differs` also if a cluster uses the template, so that Magnum keeps it as it is, and
   * if it is another project's, which made it public.
   */
  readonly action: 'created' | 'updated' | 'unchanged' | 'missing' | 'differs';
  /** What differed before (`updated`), or differs still (`differs`). */
  readonly differences: readonly Difference[];
}

/**
 * Looks a template up by its name and, in mode `apply`, creates it or changes what differs.
 *
 * Only what the document says is compared. Safe to repeat. A template that a cluster uses cannot be changed: it is
 * reported as differing.
 *
 * @throws DuplicateNameInMagnum, OwnedByAnotherProject, OpenStackApiError and the other errors of MagnumClient
 */
export async function ensureClusterTemplate(
  client: MagnumClient,
  wanted: ClusterTemplate,
  mode: Mode,
): Promise<TemplateResult> {
  const { name } = wanted;
  const attributes = attributesOf(wanted);
  const found = await client.template(name);
  if (!found) {
    if (mode === 'check') return { name, action: 'missing', differences: [] };
    return { name, uuid: (await create(client, name, attributes)).uuid, action: 'created', differences: [] };
  }
  const { uuid } = found;
  const differences = differencesOf(found, attributes);
  if (differences.length === 0) return { name, uuid, action: 'unchanged', differences };
  if (mode === 'check' || !(await client.owns(found))) return { name, uuid, action: 'differs', differences };

  const changed = await change(client, uuid, differences);
  const left = differencesOf(changed ?? found, attributes);
  if (left.length > 0) return { name, uuid, action: 'differs', differences: left };
  return { name, uuid, action: 'updated', differences };
}

/** Magnum's attributes of a wanted template: the field `imageId` is the attribute `image_id`, and so on. */
export function attributesOf(wanted: ClusterTemplate): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(wanted)
      .filter(([, value]) => value !== undefined)
      .map(([field, value]) => [field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}

async function create(client: MagnumClient, name: string, attributes: Record<string, unknown>) {
  try {
    return await client.createTemplate(attributes);
  } catch (error) {
    // Magnum stores a template before it answers, so by now it exists or the request failed.
    const stored = error instanceof AnswerLost ? await client.template(name) : undefined;
    if (!stored) throw error;
    return stored;
  }
}

/** The template as it is after the change, or undefined if Magnum refuses because a cluster uses it. */
async function change(client: MagnumClient, uuid: string, differences: readonly Difference[]) {
  try {
    return await client.patchTemplate(uuid, differences.map(replacement));
  } catch (error) {
    if (error instanceof AnswerLost) return client.template(uuid);
    if (error instanceof OpenStackApiError && /is referenced by one or multiple clusters/.test(error.detail)) {
      return undefined;
    }
    throw error;
  }
}

function replacement({ field, wanted }: Difference): PatchStep {
  // In a patch, Magnum takes labels only as the text of a Python dictionary, and JSON of texts is one.
  const value = typeof wanted === 'object' ? JSON.stringify(wanted) : (wanted as string | number | boolean);
  return { op: 'replace', path: `/${field}`, value };
}

function differencesOf(found: TemplateAttributes, wanted: Record<string, unknown>): Difference[] {
  return Object.entries(wanted)
    .map(([field, value]) => ({ field, found: found[field] ?? null, wanted: value }))
    .filter((difference) => canonical(difference.found) !== canonical(difference.wanted));
}

/** Text that is equal for equal values: labels come in any order, and their values as texts or numbers. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]): [string, string] => [key, String(item)]);
  return JSON.stringify(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
