import type { OsloConfig } from './openstack';
import { remembering } from '../../domain/remembering';

/** A configuration file that oslo.config refuses; the message is that of its ParseError. */
export class ParseError extends Error {
  override readonly name = 'ParseError';
}

/** The options of a file: section → option → its values in order. */
type Sections = Map<string, Map<string, string[]>>;

/** Reads a configuration file as oslo.config does, and answers with the value that a service would use. */
export function readOsloConfig(path: string, text: string): OsloConfig {
  const sections = parseOsloConfig(text, path);
  const raw = (section: string, option: string): string | undefined =>
    sections.get(normalized(section))?.get(option.replaceAll('-', '_'))?.at(-1);
  const effective = (section: string, option: string): string | undefined => {
    const value = raw(section, option);
    return value === undefined ? undefined : substitute(value, (name) => raw(section, name) ?? raw('DEFAULT', name));
  };
  return effective;
}

/**
 * Parses a file by the rules of oslo_config.iniparser.
 *
 * @throws ParseError at the first line that breaks them
 */
export const parseOsloConfig = remembering((text: string, path: string): Sections => {
  const sections: Sections = new Map();
  let section: Map<string, string[]> | undefined;
  let open: { option: string; lines: string[] } | undefined;
  let number = 0;

  const refuse = (message: string, line: string): never => {
    throw new ParseError(`at ${path}:${number}, ${message}: ${python(line)}`);
  };
  const close = (): void => {
    if (!open) return;
    if (!section) throw new ParseError(`at ${path}:${number}, Section must be started before assignment: None`);
    const values = section.get(open.option) ?? [];
    section.set(open.option, [...values, open.lines.join('\n')]);
    open = undefined;
  };

  for (const raw of text.split(/\r\n|\n|\r/)) {
    number++;
    const line = raw.trimEnd();
    if (line === '') {
      close();
    } else if (/^[ \t]/.test(line)) {
      if (!open) refuse('Unexpected continuation line', line);
      open?.lines.push(line.trimStart());
    } else {
      close();
      if (line.startsWith('[')) {
        if (!line.endsWith(']')) refuse('Invalid section (must end with ])', line);
        if (line.length <= 2) refuse('Empty section name', line);
        const name = normalized(line.slice(1, -1));
        section = sections.get(name) ?? new Map<string, string[]>();
        sections.set(name, section);
      } else if (!line.startsWith('#') && !line.startsWith(';')) {
        const at = line.search(/[:=]/);
        if (at < 0) refuse("No ':' or '=' found in assignment", line);
        const option = line.slice(0, at).trim();
        if (option === '') refuse('Key cannot be empty', line);
        open = { option, lines: [unquoted(line.slice(at + 1).trim())] };
      }
    }
  }
  close();
  return sections;
});

function unquoted(value: string): string {
  const quote = value.charAt(0);
  // oslo.config compares the first with the last character, which in a lone quote are the same one.
  return (quote === '"' || quote === "'") && value.endsWith(quote) ? value.slice(1, -1) : value;
}

/** `$$` and `\$` are a dollar sign; `$name` and `${name}` are another option's value. */
function substitute(value: string, option: (name: string) => string | undefined): string {
  return value
    .replaceAll('\\$', '$$$$')
    .replace(/\$(?:(\$)|([_a-z][._a-z0-9]*)|\{([_a-z][._a-z0-9]*)\})/gi, (_text, dollar, plain, braced) => {
      if (dollar !== undefined) return '$';
      const name = String(plain ?? braced);
      const found = option(name);
      if (found === undefined)
        throw new Error(`oslo_config.cfg.NoSuchOptError: no such option ${name} in group [DEFAULT]`);
      return found;
    });
}

function normalized(section: string): string {
  return section === 'DEFAULT' ? section : section.toLowerCase();
}

/** As Python's repr prints a string. */
function python(text: string): string {
  const escaped = text.replace(/[\\\t]/g, (character) => (character === '\t' ? '\\t' : '\\\\'));
  return escaped.includes("'") && !escaped.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`;
}
