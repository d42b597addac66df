/** What a sudoers file allows. @returns whether a user may run this, without a password, as root */
export type Sudoers = (user: string, argv: readonly string[]) => boolean;

/**
 * Reads a sudoers file as sudo 1.9 does, as far as `magnum-ha sudoers` writes one: comments, Defaults, and a rule a line,
 * `"USER" ALL=(root) NOPASSWD: COMMAND ARGUMENT…`. Defaults have no effect here.
 *
 * @throws Error if a line is anything else
 */
export function readSudoers(text: string): Sudoers {
  const rules = text.split('\n').flatMap((line) => {
    if (line === '' || line.startsWith('# ') || /^Defaults:"[^"]+" /.test(line)) return [];
    const [, user, path, rest] = /^"([^"]+)" ALL=\(root\) NOPASSWD: (\/\S+)(?: (.*))?$/.exec(line) ?? [];
    if (user === undefined || path === undefined) throw new Error(`syntax error: ${line}`);
    return [{ user, path, pattern: rest === undefined ? undefined : globOf(unescape(rest)) }];
  });
  return (user, [program = '', ...words]) =>
    rules.some(
      (rule) =>
        rule.user === user &&
        (rule.path === program || rule.path === `/usr/bin/${program}`) &&
        // A command without arguments in the file allows any.
        (rule.pattern?.test(words.join(' ')) ?? true),
    );
}

/** What the lexer leaves: of `\,` and its like the character, of an escaped glob character both. */
function unescape(words: string): string {
  let text = '';
  for (let at = 0; at < words.length; at++) {
    const [character = '', next = ''] = words.slice(at, at + 2);
    if (character === '\\' && '*?[]!'.includes(next)) text += character + words.charAt(++at);
    else if (character === '\\' && '\\,:=# '.includes(next)) text += words.charAt(++at);
    else if ('\\,:=#'.includes(character)) throw new Error(`syntax error at ${words.slice(at)}`);
    else text += character;
  }
  return text;
}

/** fnmatch(3) without flags: `*` and `?` match blanks and slashes too. */
function globOf(pattern: string): RegExp {
  const source = pattern.replace(/\\(.)|\[([^\]]+)\]|(\*)|(\?)|([^])/g, (_, literal, set, star, one, other) => {
    if (set !== undefined) return `[${String(set).replace(/^!/, '^')}]`;
    if (star !== undefined) return '.*';
    if (one !== undefined) return '.';
    return String(literal ?? other).replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  });
  return new RegExp(`^${source}$`, 's');
}
