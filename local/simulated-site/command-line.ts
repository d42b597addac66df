import { remembering } from '../../domain/remembering';

/** A line that the shell refuses, with what it says on stderr. */
export class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError';
}

/** One of the commands of a line, taken apart: `A=b sudo -n timeout -k 5 20 program argument`. */
export interface CommandLine {
  /** As it stood in the line. */
  readonly text: string;
  /** Whether sudo comes first; `sudo -n` never asks for a password. */
  readonly sudo: boolean;
  /** timeout(1), if it is used. */
  readonly timeout: Timeout | undefined;
  /** Program and arguments. */
  readonly argv: readonly string[];
}

/** What timeout(1) was told, in seconds. */
export interface Timeout {
  /** Until SIGTERM. */
  readonly after: number;
  /** From then until SIGKILL, if it sends that. */
  readonly kill: number | undefined;
}

/** The shell's own `read -r m`, `echo $m $?` and `echo $m >&2`. */
export interface Builtin {
  readonly builtin: 'read' | 'echo-exit-code' | 'echo-to-stderr';
}

/**
 * Takes a line apart as far as the product uses a shell: commands with `;` between.
 *
 * @throws ShellSyntaxError for anything further
 */
export const parseLine = remembering((line): readonly (CommandLine | Builtin)[] =>
  split(line).map(({ text, words }) => parseBuiltin(text) ?? parseCommand(text, words)),
);

const BUILTINS: Readonly<Record<string, Builtin['builtin']>> = {
  'read -r m': 'read',
  'echo $m $?': 'echo-exit-code',
  'echo $m >&2': 'echo-to-stderr',
};

function parseBuiltin(text: string): Builtin | undefined {
  const builtin = Object.hasOwn(BUILTINS, text) ? BUILTINS[text] : undefined;
  return builtin && { builtin };
}

function parseCommand(text: string, words: string[]): CommandLine {
  while (words[0] !== undefined && /^[A-Za-z_][A-Za-z0-9_]*=/.test(words[0])) words.shift();
  const sudo = words[0] === 'sudo' && words[1] === '-n';
  if (sudo) words.splice(0, 2);
  let timeout: Timeout | undefined;
  if (words[0] === 'timeout') {
    const prefix = words[1] === '-k' ? 3 : 1;
    // Any other command line of timeout is left to the program, which reports it.
    if (words.slice(prefix === 3 ? 2 : 1, prefix + 1).every(isSeconds) && words.length > prefix + 1) {
      timeout = { after: Number(words[prefix]), kill: prefix === 3 ? Number(words[2]) : undefined };
      words.splice(0, prefix + 1);
    }
  }
  return { text, sudo, timeout, argv: words };
}

function isSeconds(word: string): boolean {
  return /^\d+(\.\d+)?$/.test(word);
}

const PLAIN = /[A-Za-z0-9_./:=,@%+^-]/;

/** Splits a line into commands, and these into words: blanks between, '…' and \' quoting. */
function split(line: string): { text: string; words: string[] }[] {
  const commands: { text: string; words: string[] }[] = [];
  let start = 0;
  let words: string[] = [];
  let word: string | undefined;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (end: number) => {
    endWord();
    commands.push({ text: line.slice(start, end).trim(), words });
    words = [];
    start = end + 1;
  };
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    const special = (words[0] ?? word) === 'echo' ? /^ \$m (\$\?|>&2)(?=;|$)/.exec(line.slice(at))?.[0] : undefined;
    if (special !== undefined) {
      endWord();
      at += special.length - 1;
    } else if (character === ' ' || character === '\t') {
      endWord();
    } else if (character === ';' && (word !== undefined || words.length > 0)) {
      endCommand(at);
    } else if (character === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) throw new ShellSyntaxError("bash: -c: line 1: unexpected EOF while looking for matching `''");
      word = (word ?? '') + line.slice(at + 1, end);
      at = end;
    } else if (character === '\\' && at + 1 < line.length) {
      word = (word ?? '') + line.charAt(++at);
    } else if (PLAIN.test(character)) {
      word = (word ?? '') + character;
    } else {
      const near = character === '\n' ? 'newline' : character;
      throw new ShellSyntaxError(
        `bash: -c: line 1: syntax error near unexpected token \`${near}'\nbash: -c: line 1: \`${line}'`,
      );
    }
  }
  endCommand(line.length);
  return commands;
}
