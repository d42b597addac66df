import { MagnumHaError } from '../errors';
import type { DocumentStore } from '../world';
import { type Site, SITE_NAME } from './document';
import { parseSite, SiteDocumentInvalid } from './parse';

/** An execution was started for a site that nobody deployed. */
export class SiteUnknown extends MagnumHaError {
  override readonly name = 'SiteUnknown';
}

/** An execution was started in a mode that does not exist. */
export class ModeUnknown extends MagnumHaError {
  override readonly name = 'ModeUnknown';
}

/** An execution was started with an input of another form than {"site": "golden", "mode": "apply"}. */
export class InputInvalid extends MagnumHaError {
  override readonly name = 'InputInvalid';
}

/** `check` finds drift and touches nothing; `apply` removes it. */
export type Mode = 'check' | 'apply';

const EXAMPLE = 'Start with an input such as {"site": "golden", "mode": "apply"}. Nothing was touched.';

/** Checks an execution's input. @throws InputInvalid, ModeUnknown */
export function parseInput(input: unknown): { site: string; mode: Mode } {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new InputInvalid(`The input is no JSON object. ${EXAMPLE}`);
  }
  const { site, mode, ...others } = input as Record<string, unknown>;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new InputInvalid(`The input has unknown fields: ${unknown.join(', ')}. ${EXAMPLE}`);
  if (typeof site !== 'string' || !SITE_NAME.test(site)) {
    throw new InputInvalid(`The input's "site" is not the name of a site. ${EXAMPLE}`);
  }
  if (mode !== 'check' && mode !== 'apply') {
    throw new ModeUnknown(`The input's "mode" is neither "check" nor "apply". ${EXAMPLE}`);
  }
  return { site, mode };
}

/**
 * The site document of this name, checked.
 *
 * @throws SiteUnknown, SiteDocumentInvalid
 */
export async function loadSite(name: string, documents: DocumentStore): Promise<Site> {
  const text = await documents.read(name);
  if (text === undefined) {
    throw new SiteUnknown(
      `There is no site ${name}. Deploy its document (cdk deploy -c sites=sites/${name}.json) or correct the name. Nothing was touched.`,
    );
  }
  const site = parseSite(name, text);
  if (site.name !== name) {
    const message = `must be ${name}: the document was put under another site's name`;
    throw new SiteDocumentInvalid(name, [{ path: 'name', name: 'BadValue', message }]);
  }
  return site;
}
