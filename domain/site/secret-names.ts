import { SITE_NAME } from './document';
import type { Problem } from './problems';

/** The stack whose documents are checked unless another is named. */
export const DEFAULT_STACK = 'magnum-ha';

/** What each secret of a site is called in SSM below `/STACK/SITE/`, by the field that may name it. */
export const SECRET_NAMES = {
  'ssh.privateKey': 'ssh-private-key',
  'magnum.database.password': 'database-password',
  'magnum.keystone.password': 'keystone-password',
  'magnum.rabbit.password': 'rabbit-password',
  'magnum.trust.domainAdminPassword': 'trustee-password',
  'openstack.password': 'openstack-password',
} as const;

/** At the same place: the key of magnum.conf's digests, which no document names and a site can do without. */
export const DIGEST_KEY = 'digest-key';

/** What the names of secrets in extraOptions begin with, at the same place. */
export const OPTION_SECRETS = 'options/';

/** Sections in which nothing else is needed: a document may leave them out, too. */
const OPTIONAL_SECTIONS = ['ssh', 'magnum.trust'];

type Fields = Record<string, unknown>;

/**
 * A document with the names of all its secrets. Functions may read what is named by this convention, whatever sites there are;
 * so another name is a problem.
 *
 * @param given as it was read, right or wrong
 * @param stack the stack that it is for
 */
export function withSecretNames(given: unknown, stack: string): { document: unknown; problems: readonly Problem[] } {
  if (!isFields(given)) return { document: given, problems: [] };
  const document = structuredClone(given);
  const isNamed = typeof document['name'] === 'string' && SITE_NAME.test(document['name']);
  const below = `/${stack}/${isNamed ? String(document['name']) : 'SITE'}/`;
  const problems = [...ofFields(document, below), ...ofOptions(document, `${below}${OPTION_SECRETS}`)];
  // Without a name, nobody can tell what is right.
  return { document, problems: isNamed ? problems : [] };
}

/** Fills in what is left out. */
function ofFields(document: Fields, below: string): Problem[] {
  return Object.entries(SECRET_NAMES).flatMap(([path, name]): Problem[] => {
    const [field = '', ...outer] = path.split('.').reverse();
    const section = sectionAt(document, outer.reverse());
    if (!section) return [];
    if (section[field] === undefined) section[field] = { ssm: `${below}${name}` };
    return misnamed(path, section[field], (ssm) => ssm === `${below}${name}`, `${below}${name}, or left out`);
  });
}

function sectionAt(document: Fields, keys: readonly string[]): Fields | undefined {
  const [last = '', ...outer] = keys.toReversed();
  const parent = outer.length === 0 ? document : sectionAt(document, outer.reverse());
  if (parent && OPTIONAL_SECTIONS.includes(keys.join('.'))) parent[last] ??= {};
  return isFields(parent?.[last]) ? parent[last] : undefined;
}

function ofOptions(document: Fields, below: string): Problem[] {
  const sections = sectionAt(document, ['magnum', 'extraOptions']) ?? {};
  return Object.entries(sections).flatMap(([section, options]) =>
    Object.entries(isFields(options) ? options : {}).flatMap(([option, value]) =>
      misnamed(`magnum.extraOptions.${section}.${option}`, value, (ssm) => ssm.startsWith(below), `${below}NAME`),
    ),
  );
}

/** What is no name at all, the schema reports. */
function misnamed(path: string, value: unknown, isRight: (ssm: string) => boolean, wanted: string): Problem[] {
  const ssm = isFields(value) ? value['ssm'] : undefined;
  if (typeof ssm !== 'string' || !ssm.startsWith('/') || isRight(ssm)) return [];
  return [{ path, name: 'BadValue', message: `must be ${wanted}: functions can read no other` }];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
