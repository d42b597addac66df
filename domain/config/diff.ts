import { haproxyLine, NAME, ruleLine } from './foreign-lines';
import { cut, hunks } from './hunks';
import { CHARACTERS, length } from './lengths';
import { holdsSecret } from '../site/option-names';
import secretOptions from '../site/secret-options.json';
import { describe, type Option, resolve } from './options';
import { parseOslo, sameValue, sectionKey } from './oslo';

/** Replaces every known secret. */
export type Redact = (text: string) => string;

/** Lines after which a description is cut: it goes into a payload of 256 KiB. */
const LINES = 60;

/** Values of one option that are described; the rest is counted. */
const VALUES = 3;

/**
 * What an auditor may read of a change to magnum.conf: `[section] option: found → wanted`, one line for each option that
 * differs. Foreign options do not come up.
 *
 * Of what is found only the length is told: anyone may have typed anything there. The exceptions are options that the
 * product itself manages and that hold no secret, such as a port, if the value looks like one. What is wanted is told in
 * full, with `<secret /name>` in the place of each secret. Further lines of a found value (a pasted block whose lines
 * begin with a blank, say) follow with their names alone.
 *
 * @param found the file's text; empty if there is no file
 * @param reveal gives the secret of an SSM parameter, to compare; it is not shown
 * @param limit lines after which the rest is counted only
 * @throws ConfigFileInvalid if `found` is no oslo.config file
 */
export function describeOptionChanges(
  found: string,
  wanted: readonly Option[],
  reveal: (ssm: string) => string,
  redact: Redact,
  limit = LINES,
): string[] {
  const sections = parseOslo(found);
  const known = knownNames(wanted);
  const lines = wanted.flatMap(({ section, option, value }) => {
    const values = sections.get(sectionKey(section))?.get(option) ?? [];
    const raw = resolve(value, reveal);
    if (values.length > 0 && values.every((one) => sameValue(one, raw))) return [];
    const references = value.some((part) => typeof part !== 'string');
    const secret = references || holdsSecret(section, option);
    const isReadable = (one: string) => !secret && READABLE[option]?.test(one) === true && redact(one) === one;
    const before = values.slice(0, VALUES).map((one) => (isReadable(one) ? one : length(one)));
    const more = values.length > VALUES ? ` and ${values.length - VALUES} more` : '';
    const described = describe(value);
    // In clear although its name says that it is a secret: parsing the site document refuses that.
    const after = (secret && !references) || described === '' ? length(described) : shown(described);
    return [
      `[${section}] ${option}: ${before.join(', ') || '(not set)'}${more} → ${after}`,
      ...values
        .slice(0, VALUES)
        .flatMap((one) => furtherNames(one, known, limit))
        .map((text) => `-[${section}] ${option}, ${text}`),
    ];
  });
  return cut(lines, limit, (line) => line);
}

/**
 * What an auditor may read of a change to HAProxy's fragment: the hunks of a unified diff without context, none if
 * nothing changes. A removed line is shown by its keyword and the length of the rest.
 *
 * @param found the file's text; empty if there is no file
 * @param wanted the product's own text: all of it is shown, but for known secrets
 * @param limit lines after which the rest is counted only
 */
export function describeFileChanges(found: string, wanted: string, redact: Redact, limit = LINES): string[] {
  return hunks(found, wanted, limit, { removed: haproxyLine, added: (line) => shown(redact(line)) });
}

/**
 * The same for a file of iptables-save. Most of it is foreign on both sides: rules are shown, as a reader needs them, with
 * lengths in the place of comments and of everything that is not a plain match.
 */
export function describeRuleChanges(found: string, wanted: string, redact: Redact, limit = LINES): string[] {
  const told = (line: string) => shown(redact(ruleLine(line)));
  return hunks(found, wanted, limit, { removed: told, added: told });
}

const ADDRESS = /^[A-Za-z0-9_.:-]{1,64}$/;
const NUMBER = /^\d{1,10}$/;
const FLAG = /^(true|false|yes|no|on|off|0|1)$/i;
/** With no more of a path than Keystone's URLs have. */
const URL = /^https?:\/\/[A-Za-z0-9_.:-]{1,64}(\/identity)?(\/v\d(\.\d)?)?\/?$/;

/** Of the options of `magnumOptions`, those that are no secret and no login: what their values look like. */
const READABLE: Readonly<Record<string, RegExp | undefined>> = {
  auth_type: NAME,
  auth_uri: URL,
  auth_url: URL,
  cert_manager_type: NAME,
  default_docker_volume_type: NAME,
  driver: NAME,
  heartbeat_rate: NUMBER,
  heartbeat_timeout_threshold: NUMBER,
  host: ADDRESS,
  port: NUMBER,
  project_domain_id: NAME,
  project_name: NAME,
  rabbit_ha_queues: FLAG,
  rabbit_quorum_queue: FLAG,
  region_name: NAME,
  service_token_roles_required: FLAG,
  trustee_domain_name: NAME,
  trustee_keystone_interface: NAME,
  user_domain_id: NAME,
  www_authenticate_uri: URL,
};

/** The names of sections and options that can be shown wherever they are found. */
function knownNames(wanted: readonly Option[]): ReadonlySet<string> {
  return new Set([
    ...wanted.flatMap(({ section, option }) => [`[${sectionKey(section)}]`, option]),
    ...Object.entries(secretOptions).flatMap(([section, options]) => [
      `[${sectionKey(section)}]`,
      ...Object.keys(options),
    ]),
  ]);
}

/** What a value's second and further lines would be if they were lines of their own: no more than their known names. */
function furtherNames(value: string, known: ReadonlySet<string>, limit: number): string[] {
  const [, ...further] = value.split('\n', limit);
  return further.flatMap((line, index) => {
    const place = `line ${index + 2}: `;
    const header = /^\[([A-Za-z0-9_.-]{1,64})\]$/.exec(line)?.[1];
    if (header !== undefined) return known.has(`[${sectionKey(header)}]`) ? [`${place}[${header}]`] : [];
    const [, option = '', rest = ''] = /^([A-Za-z0-9_.-]{1,64})[ \t]*[=:](.*)$/s.exec(line) ?? [];
    return known.has(option) ? [`${place}${option} = ${length(rest.trim())}`] : [];
  });
}

/** In one line, without control characters for a terminal. */
function shown(text: string): string {
  const line = text
    .slice(0, CHARACTERS)
    .replaceAll('\n', '\\n')
    .replace(/[^\P{Cc}\t]/gu, '\ufffd');
  return text.length > CHARACTERS ? `${line}…` : line;
}
