import { type ChangeObject, diffArrays } from 'diff';
import { holdsSecret } from '../site/option-names';
import secretOptions from '../site/secret-options.json';
import haproxyKeywords from './haproxy-keywords.json';
import { TITLE } from './iptables';
import { describe, type Option, resolve } from './options';
import { parseOslo, sameValue, sectionKey } from './oslo';

/** Replaces every known secret. */
export type Redact = (text: string) => string;

/** Lines and characters a line after which a description is cut: it goes into a payload of 256 KiB. */
const LINES = 60;
const CHARACTERS = 300;

/** Values of one option that are described; the rest is counted. */
const VALUES = 3;

/** Above so many added and removed lines, or lines to compare, two texts count as altogether different. */
const EDITS = 200;
const COMPARED = 50_000;

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

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
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

const KEYWORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(haproxyKeywords).map(([first, seconds]) => [first, new Set(seconds.split(' '))]),
);

/** A line of HAProxy's configuration as its keyword, of one word or two, and the length of the rest. */
function haproxyLine(line: string): string {
  const text = line.trim();
  const indent = /^\s/.test(line) && text !== '' ? ' ' : '';
  if (text.startsWith('#')) return `${indent}${counted('#', text.slice(1))}`;
  const [, negation = '', rest = ''] = /^((?:no|default)\s+)?(.*)$/s.exec(text) ?? [];
  const [first = ''] = /^\S+/.exec(rest) ?? [];
  const seconds = KEYWORDS.get(first);
  if (!seconds) {
    // Nothing of it is known.
    const [unknown = ''] = /^\S+/.exec(text) ?? [];
    if (text === '' || NAME.test(unknown)) return indent + counted(text && '<keyword>', text.slice(unknown.length));
    return `${indent}<line of ${characters(text)}>`;
  }
  const after = rest.slice(first.length);
  // set-var(name) is a set-var.
  const [gap = '', second = ''] = /^\s+([a-z0-9._-]{1,64})(?![^\s(])/.exec(after) ?? [];
  const isKnown = second !== '' && seconds.has(second);
  const keyword = [negation.trim(), first, isKnown ? second : ''].filter((word) => word !== '').join(' ');
  return indent + counted(keyword, isKnown ? after.slice(gap.length) : after);
}

/** Options of iptables whose values are addresses, ports, names of interfaces, chains and states: how many each has. */
const PLAIN_OPTIONS: ReadonlyMap<string, number> = new Map(
  [
    '-f -4 -6 --fragment --ipv4 --ipv6 --syn --save-mark --restore-mark --physdev-is-bridged --rcheck --update --set ' +
      '--rsource --clamp-mss-to-pmtu --random',
    '-A -D -N -s -d -p -m -j -g -i -o --append --source --src --destination --dst --protocol --proto --match --jump --goto ' +
      '--in-interface --out-interface --sport --sports --source-port --source-ports --dport --dports --destination-port ' +
      '--destination-ports --port --ports --state --ctstate --ctproto --ctdir --reject-with --icmp-type --limit ' +
      '--limit-burst --src-range --dst-range --mark --set-mark --set-xmark --to-destination --to-source --to-ports ' +
      '--src-type --dst-type --uid-owner --gid-owner --mac-source --log-level --physdev-in --physdev-out --pkt-type ' +
      '--connlimit-above --connlimit-mask --seconds --hitcount --set-mss',
    '-I -R -P -c --insert --tcp-flags --match-set',
  ].flatMap((options, values) => options.split(' ').map((option) => [option, values] as const)),
);
/** Those whose values people have written. */
const TEXT_OPTIONS: ReadonlySet<string> = new Set(
  '--comment --string --hex-string --algo --log-prefix --nflog-prefix --ulog-prefix --name'.split(' '),
);
const OWN_COMMENT = new RegExp(`^${TITLE}( from [0-9./]{1,18})?$`);

/** A line of an iptables-save file with lengths in the place of what people may have written into it. */
function ruleLine(line: string): string {
  const text = line.trim();
  if (text === '' || /^(\*[a-z]{1,16}|COMMIT|:[\w.-]{1,32} [A-Z-]{1,16}( \[\d{1,20}:\d{1,20}\])?)$/.test(text)) {
    return text;
  }
  if (text.startsWith('#')) return counted('#', text.slice(1));
  if (!/^(\[\d{1,20}:\d{1,20}\]\s*)?-/.test(text)) return `<line of ${characters(text)}>`;
  const told: string[] = [];
  let room = CHARACTERS;
  let [option, values] = ['', 0];
  for (const word of words(text)) {
    if (word.startsWith('-') && !(option === '--comment' && values === 0)) {
      [option = ''] = word.split('=', 1);
      values = 0;
      told.push(ruleOption(word, option));
    } else if (word === '!' || COUNTERS.test(word)) {
      told.push(word);
    } else {
      values++;
      told.push(ruleValue(word, option, values));
    }
    room -= told.at(-1)?.length ?? 0;
    if (room < 0) break;
  }
  return told.join(' ');
}

const COUNTERS = /^\[\d{1,20}:\d{1,20}\]$/;

function ruleOption(word: string, name: string): string {
  const told = PLAIN_OPTIONS.has(name) || TEXT_OPTIONS.has(name) ? name : '<option>';
  return name === word ? told : `${told}=${length(word.slice(name.length + 1))}`;
}

/** @param number of the values after this option */
function ruleValue(word: string, option: string, number: number): string {
  if (option === '--comment' && OWN_COMMENT.test(word)) return `"${word}"`;
  const isPlain = number <= (PLAIN_OPTIONS.get(option) ?? 0) && /^[A-Za-z0-9_.:/,+-]{1,64}$/.test(word);
  return isPlain ? word : length(word);
}

/** The words of a line, without the quotes around them. */
function* words(line: string): Generator<string> {
  let word: string | undefined;
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index);
    if (quote === '' && (character === ' ' || character === '\t')) {
      if (word !== undefined) yield word;
      word = undefined;
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else {
      if (character === '\\' && quote !== '') index++;
      word = (word ?? '') + line.charAt(index);
    }
  }
  if (word !== undefined) yield word;
}

interface Change {
  readonly sign: '-' | '+';
  readonly line: string;
}

/** The hunks of a unified diff without context, each line as `tell` tells it. */
function hunks(
  found: string,
  wanted: string,
  limit: number,
  tell: { readonly removed: (line: string) => string; readonly added: (line: string) => string },
): string[] {
  const lines: (string | Change)[] = [];
  for (const { before, after, removed, added } of changes(linesOf(found), linesOf(wanted))) {
    const range = (start: number, count: number) => `${count === 0 ? start : start + 1},${count}`;
    lines.push(`@@ -${range(before, removed.length)} +${range(after, added.length)} @@`);
    for (const line of removed) lines.push({ sign: '-', line });
    for (const line of added) lines.push({ sign: '+', line });
  }
  const told = (one: string | Change) => {
    if (typeof one === 'string') return one;
    const line = one.line.replace(/\r?\n?$/, '');
    return one.sign + (one.sign === '-' ? tell.removed(line) : tell.added(line));
  };
  return cut(lines, limit, told);
}

/** Without their ends; a last line without one is another line than with it, and is marked by what no other line has. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  if (last !== '') lines.push(`${last}\n`);
  return lines;
}

interface Hunk {
  /** Lines before it, on either side. */
  readonly before: number;
  readonly after: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

function changes(found: readonly string[], wanted: readonly string[]): Hunk[] {
  let start = 0;
  while (start < found.length && start < wanted.length && found[start] === wanted[start]) start++;
  let ends = [found.length, wanted.length] as const;
  while (ends[0] > start && ends[1] > start && found[ends[0] - 1] === wanted[ends[1] - 1]) {
    ends = [ends[0] - 1, ends[1] - 1];
  }
  const [removed, added] = [found.slice(start, ends[0]), wanted.slice(start, ends[1])];
  if (removed.length + added.length === 0) return [];
  const whole = { before: start, after: start, removed, added };
  if (Math.abs(removed.length - added.length) > EDITS || removed.length + added.length > COMPARED) return [whole];
  // Numbers are compared at once, long lines are not.
  const numbers = new Map<string, number>();
  const numbered = (line: string) => {
    const number = numbers.get(line) ?? numbers.size;
    numbers.set(line, number);
    return number;
  };
  const parts = diffArrays(removed.map(numbered), added.map(numbered), { maxEditLength: EDITS });
  return parts ? inHunks(parts, whole) : [whole];
}

/** Removed and added lines that follow each other are a hunk. */
function inHunks(parts: readonly ChangeObject<readonly number[]>[], { before, removed, added }: Hunk): Hunk[] {
  const found: Hunk[] = [];
  let [old, fresh] = [0, 0];
  let from: readonly [number, number] | undefined;
  const close = () => {
    if (!from) return;
    found.push({
      before: before + from[0],
      after: before + from[1],
      removed: removed.slice(from[0], old),
      added: added.slice(from[1], fresh),
    });
    from = undefined;
  };
  for (const part of parts) {
    if (part.removed || part.added) from ??= [old, fresh];
    else close();
    if (!part.added) old += part.count;
    if (!part.removed) fresh += part.count;
  }
  close();
  return found;
}

/** A keyword and how much of the line it leaves. */
function counted(keyword: string, rest: string): string {
  const text = rest.trim();
  return text === '' ? keyword : `${keyword} <${characters(text)}>`;
}

/** All that is told of a value that may be a secret. */
function length(value: string): string {
  if (value === '') return '(empty)';
  const lines = value.split('\n').length;
  return `<${characters(value)}${lines > 1 ? ` in ${lines} lines` : ''}>`;
}

function characters(text: string): string {
  return `${text.length} character${text.length === 1 ? '' : 's'}`;
}

/** In one line, without control characters for a terminal. */
function shown(text: string): string {
  const line = text
    .slice(0, CHARACTERS)
    .replaceAll('\n', '\\n')
    .replace(/[^\P{Cc}\t]/gu, '\ufffd');
  return text.length > CHARACTERS ? `${line}…` : line;
}

function cut<T>(lines: readonly T[], limit: number, tell: (line: T) => string): string[] {
  const more = lines.length - limit;
  const told = lines.slice(0, limit).map(tell);
  return more <= 0 ? told : [...told, `… ${more} more line${more === 1 ? '' : 's'}`];
}
