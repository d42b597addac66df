import { posix } from 'node:path';
import { SystemError } from '../filesystem';
import { failure, type Invocation, type Outcome, type Program } from './program';

/** grep -RHE --include=GLOB… PATTERN PATH…, grep -HE PATTERN FILE…, grep -hE PATTERN FILE…, grep -IRHosF -D skip -e WORD… PATH… */
export const grep: Program = (invocation) => {
  const [flags, ...rest] = invocation.arguments;
  if (flags === '-IRHosF') return words(invocation, rest);
  const includes = rest.filter((one) => one.startsWith('--include=')).map((one) => one.slice('--include='.length));
  const [pattern, ...paths] = rest.filter((one) => !one.startsWith('--include='));
  if (!['-RHE', '-HE', '-hE'].includes(flags ?? '') || pattern === undefined || paths.length === 0) {
    return failure("Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.", 2);
  }
  const expression = new RegExp(pattern.replaceAll('[[:space:]]', String.raw`\s`));
  const isIncluded = (path: string) =>
    includes.length === 0 || includes.some((glob) => matches(posix.basename(path), glob));
  const errors: string[] = [];
  const lines = paths.flatMap((path) => {
    try {
      const files = filesAt(path, invocation).filter(isIncluded);
      return files.flatMap((file) =>
        read(file, invocation)
          .split('\n')
          .filter((line) => expression.test(line))
          .map((line) => (flags === '-hE' ? line : `${file}:${line}`)),
      );
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      errors.push(`grep: ${path}: ${error.message}\n`);
      return [];
    }
  });
  return {
    exit: errors.length > 0 ? 2 : lines.length > 0 ? 0 : 1,
    stdout: lines.map((line) => `${line}\n`).join(''),
    stderr: errors.join(''),
  };
};

/** Which of some words are in files; what is missing is passed over in silence. */
function words(invocation: Invocation, given: readonly string[]): Outcome {
  const wanted = given.filter((_, at) => given[at - 1] === '-e');
  const last = given.lastIndexOf('-e');
  const [skip, how] = given;
  if (skip !== '-D' || how !== 'skip' || wanted.length === 0) return failure('grep: unsupported options', 2);
  const paths = given.slice(last + 2);
  const { files } = invocation.controller;
  const there = paths.filter((path) => files.exists(path));
  const lines = there
    .flatMap((path) => filesAt(path, invocation))
    .flatMap((file) => {
      const content = read(file, invocation);
      return wanted.flatMap((word) => Array<string>(content.split(word).length - 1).fill(`${file}:${word}\n`));
    });
  return { exit: there.length < paths.length ? 2 : lines.length > 0 ? 0 : 1, stdout: lines.join('') };
}

/** Of globs, `*` and what follows it, or a name. */
function matches(name: string, glob: string): boolean {
  return glob.startsWith('*') ? name.endsWith(glob.slice(1)) : name === glob;
}

/** The file, or what is in the directory and below it. */
function filesAt(path: string, { controller: { files } }: Invocation): string[] {
  if (!files.exists(path)) throw new SystemError('ENOENT');
  return files.isDirectory(path) ? files.below(path).filter((one) => files.files.has(one)) : [path];
}

function read(path: string, { controller: { files }, who }: Invocation): string {
  return files.read(path, who);
}
