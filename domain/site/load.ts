import { MagnumHaError } from '../errors';
import type { DocumentStore, DocumentVersion } from '../world';
import { type Site, SITE_NAME } from './document';
import { line, LONGEST_REASON, reason } from './fields';
import { parseSite, SiteDocumentInvalid } from './parse';
import { PARENT_EXECUTION } from './started-by';
import { nearest } from './suggestion';

/** An execution was started for a site of which there is no document. */
export class SiteUnknown extends MagnumHaError {
  override readonly name = 'SiteUnknown';
}

/** An execution was started in a mode that does not exist. */
export class ModeUnknown extends MagnumHaError {
  override readonly name = 'ModeUnknown';
}

/** An execution was started with an input that is not like {"site": "golden", "mode": "apply"}. */
export class InputInvalid extends MagnumHaError {
  override readonly name = 'InputInvalid';
}

/**
 * `check` finds drift and touches nothing; `apply` removes it. `recover` does what has to be done after an execution that
 * was stopped: HAProxy is enabled and serves, staged files are taken away, the lock is released.
 */
export type Mode = (typeof MODES)[number];
export const MODES = ['check', 'apply', 'recover'] as const;

/** What an execution is asked for besides a site. */
export interface Input {
  readonly mode: Mode;
  /** Why an apply may change something outside the site's change window; null if nobody said so. */
  readonly outsideWindow: string | null;
  /** ARN of whoever starts it, as he says; null if he does not. */
  readonly startedBy: string | null;
  /** Whether a check started it by itself, as the site document's `onDrift` lets it: then it does no more than that says. */
  readonly unattended: boolean;
}

const NAME = line.max(2048);

/** A refusal names at most this many sites. */
const MOST_NAMED = 20;

/**
 * Checks an execution's input.
 *
 * @param documents whose sites a refusal names
 * @throws InputInvalid, ModeUnknown
 */
export async function parseInput(input: unknown, documents: DocumentStore): Promise<Input & { site: string }> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new InputInvalid(`The input is no JSON object. ${await advice(documents)}`);
  }
  const {
    site,
    mode,
    outsideWindow = null,
    startedBy = null,
    unattended = false,
    [PARENT_EXECUTION]: parent,
    ...others
  } = input as Record<string, unknown>;
  const unknown = Object.keys(others);
  if (unknown.length > 0) {
    throw new InputInvalid(`The input has unknown fields: ${unknown.join(', ')}. ${await advice(documents)}`);
  }
  if (typeof site !== 'string' || !SITE_NAME.test(site)) {
    throw new InputInvalid(`The input's "site" is not the name of a site. ${await advice(documents)}`);
  }
  const asked = MODES.find((one) => one === mode);
  if (asked === undefined) {
    const said = mode === undefined ? 'is missing' : `is ${JSON.stringify(mode).slice(0, 40)}`;
    const meant = typeof mode === 'string' ? nearest(mode, MODES) : undefined;
    const hint = meant === undefined ? '' : `Did you mean "${meant}"? `;
    throw new ModeUnknown(`The input's "mode" ${said}. ${hint}${await advice(documents, site)}`);
  }
  if (outsideWindow !== null && (asked !== 'apply' || !reason.safeParse(outsideWindow).success)) {
    throw new InputInvalid(
      'The input\'s "outsideWindow" says why an apply may change something outside the change window, in one line of at most ' +
        `${LONGEST_REASON} characters; it belongs to mode "apply" only. ${await advice(documents, site)}`,
    );
  }
  if (unattended !== false && (unattended !== true || asked !== 'apply')) {
    throw new InputInvalid(
      `The input's "unattended" is true in an apply that a check starts by itself, and in nothing else. ${await advice(documents, site)}`,
    );
  }
  if ([startedBy, parent].some((one) => (one ?? null) !== null && !NAME.safeParse(one).success)) {
    throw new InputInvalid(
      `The input's "startedBy", or "${PARENT_EXECUTION}", is not who starts it, in one line. ${await advice(documents, site)}`,
    );
  }
  return {
    site,
    mode: asked,
    outsideWindow: outsideWindow as string | null,
    startedBy: startedBy as string | null,
    unattended,
  };
}

/** How to start with a valid input. */
async function advice(documents: DocumentStore, site?: string): Promise<string> {
  const names = await documents.names();
  const example = site ?? names[0] ?? 'golden';
  return `Use "check": it touches nothing: {"site": "${example}", "mode": "check"}. ${known(names)} Nothing was touched.`;
}

function known(names: readonly string[]): string {
  if (names.length === 0) return 'There is no site yet: put its document with magnum-ha site put FILE.';
  const more = names.length - MOST_NAMED;
  return `Known sites: ${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

/**
 * The site document of this name in its newest version, checked.
 *
 * @throws SiteUnknown, SiteDocumentTooLong, SiteDocumentInvalid
 */
export async function loadSite(
  name: string,
  documents: DocumentStore,
): Promise<{ site: Site; document: DocumentVersion }> {
  const stored = await documents.read(name);
  if (stored === undefined) {
    const names = await documents.names();
    const meant = nearest(name, names);
    throw new SiteUnknown(
      `There is no site ${name}. ${meant === undefined ? '' : `Did you mean ${meant}? `}${known(names)} Put its document ` +
        `(magnum-ha site put FILE) or correct the name. Nothing was touched.`,
    );
  }
  const { text, version, sha256 } = stored;
  const site = parseSite(name, text, documents.stack);
  if (site.name !== name) {
    const message = `must be ${name}: the document was put under another site's name`;
    throw new SiteDocumentInvalid(name, [{ path: 'name', name: 'BadValue', message }]);
  }
  return { site, document: { version, sha256 } };
}
