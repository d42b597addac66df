import { formatPatch, OMIT_HEADERS, structuredPatch } from 'diff';
import { holdsSecret } from '../site/option-names';
import { describe, type Option, resolve } from './options';
import { parseOslo, sameValue, sectionKey } from './oslo';

/** Puts something else in the place of every known secret. */
export type Redact = (text: string) => string;

/** Lines and characters a line after which a description is cut: it goes into a payload of 256 KiB. */
const LINES = 60;
const CHARACTERS = 300;

/**
 * What an auditor may read of a change to magnum.conf: `[section] option: found → wanted`, one line for each option that
 * differs. Foreign options do not come up. Secrets are `<secret /name>` where wanted and `<redacted>` where found.
 *
 * @param found the file's text; empty where there is no file
 * @param reveal gives the secret of an SSM parameter, to compare; it is not shown
 * @param limit lines after which the rest is counted only
 * @throws ConfigFileInvalid where `found` is no oslo.config file
 */
export function describeOptionChanges(
  found: string,
  wanted: readonly Option[],
  reveal: (ssm: string) => string,
  redact: Redact,
  limit = LINES,
): string[] {
  const sections = parseOslo(found);
  const lines = wanted.flatMap(({ section, option, value }) => {
    const values = sections.get(sectionKey(section))?.get(option) ?? [];
    const raw = resolve(value, reveal);
    if (values.length > 0 && values.every((one) => sameValue(one, raw))) return [];
    const secret = holdsSecret(option) || value.some((part) => typeof part !== 'string');
    const before = values.length === 0 ? '(not set)' : secret ? REDACTED : mask(redact(values.join(', ')));
    return [`[${section}] ${option}: ${shown(before)} → ${shown(describe(value))}`];
  });
  return cut(lines, limit);
}

/**
 * What an auditor may read of a change to any other managed file: the hunks of a unified diff, none where nothing
 * changes. Known secrets, user names and passwords in URLs and whatever follows a password's name are redacted.
 *
 * @param found the file's text; empty where there is no file
 * @param limit lines after which the rest is counted only
 */
export function describeFileChanges(found: string, wanted: string, redact: Redact, limit = LINES): string[] {
  const hunks = formatPatch(structuredPatch('', '', found, wanted), OMIT_HEADERS);
  const lines = hunks.split('\n').filter((line) => line !== '');
  return cut(
    lines.map((line) => shown(mask(redact(line)))),
    limit,
  );
}

const REDACTED = '<redacted>';

function mask(text: string): string {
  return text
    .replace(/:\/\/\S*@/g, `://${REDACTED}@`)
    .replace(
      /((?<![a-z])(?:pass(?:word|wd|phrase)?|secret|token|credentials?|authorization|stats\s+auth)(?:\s*[=:]\s*|\s+)).+/gi,
      `$1${REDACTED}`,
    );
}

/** In one line, without characters that would steer a terminal. */
function shown(text: string): string {
  const line = text.replaceAll('\n', '\\n').replace(/[^\P{Cc}\t]/gu, '\ufffd');
  if (line === '') return '(empty)';
  return line.length > CHARACTERS ? `${line.slice(0, CHARACTERS)}…` : line;
}

function cut(lines: readonly string[], limit: number): string[] {
  const more = lines.length - limit;
  if (more <= 0) return [...lines];
  return [...lines.slice(0, limit), `… ${more} more line${more === 1 ? '' : 's'}`];
}
