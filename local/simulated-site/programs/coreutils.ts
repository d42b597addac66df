import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type FileSystem, SystemError } from '../filesystem';
import { numberOf } from '../processes';
import { failure, type Invocation, type Outcome, type Program } from './program';

/** cat FILE… */
export const cat: Program = (invocation) =>
  eachOperand('cat', invocation, (path) => invocation.controller.files.read(path, invocation.who));

/** head -c BYTES FILE */
export const head: Program = (invocation) => {
  const [flag, bytes, path, ...more] = invocation.arguments;
  if (flag !== '-c' || !/^\d+$/.test(bytes ?? '') || path === undefined || more.length > 0)
    return usage('head', flag ?? '');
  try {
    return { exit: 0, stdout: invocation.controller.files.read(path, invocation.who).slice(0, Number(bytes)) };
  } catch (error) {
    return failure(`head: cannot open '${path}' for reading: ${reason(error)}`);
  }
};

/** sha256sum FILE… */
export const sha256sum: Program = (invocation) =>
  eachOperand('sha256sum', invocation, (path) => {
    const content = invocation.controller.files.read(path, invocation.who);
    return `${createHash('sha256').update(content).digest('hex')}  ${path}\n`;
  });

/** stat -c FORMAT FILE…, where FORMAT is of %a, %U, %u, %G, %g, %F, %m and %Y: everything is on one file system */
export const stat: Program = (invocation) => {
  const { arguments: given, controller, who } = invocation;
  const { files } = controller;
  const [flag, format, ...paths] = given;
  if (flag !== '-c' || format === undefined || paths.length === 0) return usage('stat', flag ?? '');
  let stdout = '';
  const errors = paths.flatMap((path) =>
    attempt(`stat: cannot statx '${path}'`, () => {
      const { mode, owner, group, modified } = files.stat(path, who);
      const values = new Map([
        ['%a', mode.toString(8)],
        ['%U', owner],
        ['%u', String(numberOf(owner))],
        ['%G', group],
        ['%g', String(numberOf(group))],
        ['%F', files.isDirectory(path) ? 'directory' : 'regular file'],
        ['%m', controller.mountPoints.find((one) => path === one || path.startsWith(`${one}/`)) ?? '/'],
        ['%Y', String(Math.floor(modified / 1000))],
      ]);
      stdout += `${format.replace(/%[a-zA-Z]/g, (directive) => values.get(directive) ?? '?')}\n`;
    }),
  );
  return errors.length > 0 ? { ...failure(errors.join('\n')), stdout } : { exit: 0, stdout };
};

/** ls -1t DIRECTORY: the names in it, the latest first. */
export const ls: Program = ({ arguments: [flag, path, ...more], controller: { files }, who }) => {
  if (flag !== '-1t' || path === undefined || more.length > 0) return usage('ls', flag ?? '');
  try {
    files.stat(path, who);
    const names = files.list(path).map((name) => ({ name, at: files.stat(posix.join(path, name), who).modified }));
    // Those of the same time by their names.
    const sorted = names.sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1));
    return { exit: 0, stdout: sorted.map(({ name }) => `${name}\n`).join('') };
  } catch (error) {
    return failure(`ls: cannot access '${path}': ${reason(error)}`, 2);
  }
};

/** date +%s */
export const date: Program = ({ arguments: [format, extra], controller }) => {
  if (format !== '+%s') return usage('date', format ?? '');
  if (extra !== undefined) return failure(`date: extra operand '${extra}'\nTry 'date --help' for more information.`);
  return { exit: 0, stdout: `${Math.floor(controller.now() / 1000)}\n` };
};

/** sleep SECONDS */
export const sleep: Program = async ({ arguments: [seconds], ...invocation }) => {
  await invocation.sleep(Number(seconds) * 1000);
  return { exit: 0 };
};

/** dd [if=FILE] [of=FILE] [iflag=nofollow] [conv=fsync,excl,nocreat] status=none; there are no links that it could follow. */
export const dd: Program = async (invocation) => {
  const operands = new Map<string, string>();
  for (const operand of invocation.arguments) {
    const [name, value] = [operand.slice(0, operand.indexOf('=')), operand.slice(operand.indexOf('=') + 1)];
    const unknown = value.split(',').find((one) => VALUES[name]?.includes(one) === false);
    if (!['if', 'of', ...Object.keys(VALUES)].includes(name)) return ddUsage(`unrecognized operand '${operand}'`);
    if (unknown !== undefined) return ddUsage(`invalid ${NAMES[name] ?? ''}: '${unknown}'`);
    operands.set(name, value);
  }
  const [source, target] = [operands.get('if'), operands.get('of')];
  const { files } = invocation.controller;
  const { who } = invocation;
  let content: string | undefined;
  if (source !== undefined) {
    try {
      content = files.read(source, who);
    } catch (error) {
      if (error instanceof SystemError && error.code === 'EISDIR') {
        return failure(`dd: error reading '${source}': ${reason(error)}`);
      }
      return failure(`dd: failed to open '${source}': ${reason(error)}`);
    }
  }
  if (target === undefined) return { exit: 0, stdout: content ?? (await invocation.stdin()) };
  const before = files.changes;
  try {
    if (operands.get('conv')?.split(',').includes('excl') === true && files.exists(target)) {
      throw new SystemError('EEXIST');
    }
    files.create(target, who, 0o644);
  } catch (error) {
    return failure(`dd: failed to open '${target}': ${reason(error)}`);
  }
  content ??= await invocation.stdin();
  try {
    files.write(target, content);
  } catch (error) {
    return { ...failure(`dd: error writing '${target}': ${reason(error)}`), changed: files.changes > before };
  }
  return { exit: 0, changed: true };
};

const VALUES: Readonly<Record<string, readonly string[]>> = {
  iflag: ['nofollow'],
  conv: ['fsync', 'excl'],
  status: ['none'],
};
const NAMES: Readonly<Record<string, string>> = { iflag: 'input flag', conv: 'conversion', status: 'status level' };

/** touch FILE, and touch --reference=REFERENCE FILE; a file that there is not is not made by the product's commands. */
export const touch: Program = (invocation) => {
  const { arguments: given, controller, who } = invocation;
  const [first = '', second] = given;
  const { files } = controller;
  const reference = /^--reference=(.+)$/.exec(first)?.[1];
  const path = reference === undefined ? first : second;
  if (path === undefined || path === '') return missing('touch', []);
  let modified = controller.now();
  if (reference !== undefined) {
    const errors = attempt(`touch: failed to get attributes of '${reference}'`, () => {
      ({ modified } = files.stat(reference, who));
    });
    if (errors.length > 0) return failure(errors.join('\n'));
  }
  return changing(files, () => {
    const errors = attempt(`touch: cannot touch '${path}'`, () => {
      if (!files.exists(path)) files.create(path, who, 0o644);
      files.setModified(path, modified);
    });
    return errors.length > 0 ? failure(errors.join('\n')) : { exit: 0 };
  });
};

/** chown --reference=REFERENCE FILE */
export const chown: Program = (invocation) =>
  likeReference('chown', invocation, 'changing ownership of', (files, reference, path) => {
    const { owner, group } = files.stat(reference, invocation.who);
    return () => {
      files.setOwner(path, owner, group, invocation.who);
    };
  });

/** chgrp --reference=REFERENCE FILE */
export const chgrp: Program = (invocation) =>
  likeReference('chgrp', invocation, 'changing group of', (files, reference, path) => {
    const { group } = files.stat(reference, invocation.who);
    return () => {
      files.setOwner(path, files.stat(path, invocation.who).owner, group, invocation.who);
    };
  });

/** chmod --reference=REFERENCE FILE, chmod o= FILE and chmod g+r FILE */
export const chmod: Program = (invocation) => {
  const [change = '', path = ''] = invocation.arguments;
  const { files } = invocation.controller;
  const changed = SYMBOLIC[change];
  if (changed) {
    return changing(files, () => {
      const errors = attempt(`chmod: cannot access '${path}'`, () => {
        files.setMode(path, changed(files.stat(path, invocation.who).mode), invocation.who);
      });
      return errors.length > 0 ? failure(errors.join('\n')) : { exit: 0 };
    });
  }
  return likeReference('chmod', invocation, 'changing permissions of', (all, reference, target) => {
    const { mode } = all.stat(reference, invocation.who);
    return () => {
      all.setMode(target, mode, invocation.who);
    };
  });
};

const SYMBOLIC: Readonly<Record<string, (mode: number) => number>> = {
  'o=': (mode) => mode & ~0o007,
  'g+r': (mode) => mode | 0o040,
};

/** cp -a SOURCE… TARGET; also -aL, which differs by links, of which there are none. */
export const cp: Program = (invocation) => {
  const [flag, ...operands] = invocation.arguments;
  const known = flag === '-a' || flag === '-aL';
  if (!known || operands.length < 2) return missing('cp', operands, known ? undefined : flag);
  const { files } = invocation.controller;
  const target = operands.pop() ?? '';
  if (operands.length > 1 && !files.isDirectory(target)) {
    return failure(`cp: target '${target}': ${files.exists(target) ? 'Not a directory' : 'No such file or directory'}`);
  }
  return changing(files, () => {
    const errors = operands.flatMap((source) => {
      const to = files.isDirectory(target) ? posix.join(target, posix.basename(source)) : target;
      return copy(invocation, source, to);
    });
    return errors.length > 0 ? failure(errors.join('\n')) : { exit: 0 };
  });
};

/** mv -fT SOURCE TARGET */
export const mv: Program = (invocation) => {
  const [flag, source, target, ...more] = invocation.arguments;
  if (flag !== '-fT') return usage('mv', flag ?? '');
  if (source === undefined || target === undefined) return missing('mv', invocation.arguments.slice(1));
  if (more[0] !== undefined) return failure(`mv: extra operand '${more[0]}'\nTry 'mv --help' for more information.`);
  const { files } = invocation.controller;
  if (!files.exists(source)) return failure(`mv: cannot stat '${source}': No such file or directory`);
  if (files.isDirectory(target) && !files.isDirectory(source)) {
    return failure(`mv: cannot overwrite directory '${target}' with non-directory`);
  }
  if (files.files.has(target) && files.isDirectory(source)) {
    return failure(`mv: cannot overwrite non-directory '${target}' with directory '${source}'`);
  }
  return changing(files, () => {
    try {
      files.rename(source, target, invocation.who);
    } catch (error) {
      return failure(`mv: cannot move '${source}' to '${target}': ${reason(error)}`);
    }
    return { exit: 0 };
  });
};

/** rm -f FILE… and rm -rf FILE… */
export const rm: Program = (invocation) => {
  const [flag, ...paths] = invocation.arguments;
  if (flag !== '-rf' && flag !== '-f') return flag === undefined ? missing('rm', []) : usage('rm', flag);
  const { files } = invocation.controller;
  return changing(files, () => {
    const errors = paths.flatMap((path) => {
      if (path === '/')
        return [
          "rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe",
        ];
      if (!files.exists(path)) return [];
      return attempt(`rm: cannot remove '${path}'`, () => {
        files.remove(path, invocation.who, flag === '-rf');
      });
    });
    return errors.length > 0 ? failure(errors.join('\n')) : { exit: 0 };
  });
};

/** mkdir [-p] [-m MODE] DIRECTORY…; with -p, those that are there are left as they are. */
export const mkdir: Program = (invocation) => {
  const given = [...invocation.arguments];
  const parents = given[0] === '-p' && given.shift() === '-p';
  const mode = given[0] === '-m' ? (given.splice(0, 2)[1] ?? '') : '0755';
  if (given.length === 0 || given.some((one) => one.startsWith('-'))) return missing('mkdir', invocation.arguments);
  if (!isMode(mode)) return failure(`mkdir: invalid mode '${mode}'`);
  const { files } = invocation.controller;
  return changing(files, () => {
    const errors = given.flatMap((path) =>
      parents && files.isDirectory(path)
        ? []
        : attempt(`mkdir: cannot create directory '${path}'`, () => {
            files.makeDirectory(path, invocation.who, parseInt(mode, 8));
          }),
    );
    return errors.length > 0 ? failure(errors.join('\n')) : { exit: 0 };
  });
};

function eachOperand(program: string, { arguments: paths }: Invocation, print: (path: string) => string): Outcome {
  const option = paths.find((path) => path.startsWith('-') && path !== '-');
  if (option !== undefined) return usage(program, option);
  let stdout = '';
  const errors = paths.flatMap((path) =>
    attempt(`${program}: ${path}`, () => {
      stdout += print(path);
    }),
  );
  return errors.length > 0 ? { ...failure(errors.join('\n')), stdout } : { exit: 0, stdout };
}

function likeReference(
  program: string,
  invocation: Invocation,
  what: string,
  prepare: (files: FileSystem, reference: string, path: string) => () => void,
): Outcome {
  const [option = '', path, ...more] = invocation.arguments;
  const reference = /^--reference=(.+)$/.exec(option)?.[1];
  if (reference === undefined) return usage(program, option);
  if (path === undefined || more.length > 0)
    return failure(`${program}: missing operand\nTry '${program} --help' for more information.`);
  const { files } = invocation.controller;
  return changing(files, () => {
    let act: () => void;
    try {
      act = prepare(files, reference, path);
    } catch (error) {
      return failure(`${program}: failed to get attributes of '${reference}': ${reason(error)}`);
    }
    if (!files.exists(path)) return failure(`${program}: cannot access '${path}': No such file or directory`);
    const errors = attempt(`${program}: ${what} '${path}'`, act);
    return errors.length > 0 ? failure(errors.join('\n')) : { exit: 0 };
  });
}

/** Copies a file or a directory with owner, group and mode. */
function copy({ controller, who }: Pick<Invocation, 'controller' | 'who'>, source: string, target: string): string[] {
  const { files } = controller;
  if (!files.exists(source)) return [`cp: cannot stat '${source}': No such file or directory`];
  if (source === target) return [`cp: '${source}' and '${target}' are the same file`];
  if (files.isDirectory(source)) {
    const errors = files.isDirectory(target)
      ? []
      : attempt(`cp: cannot create directory '${target}'`, () => {
          files.makeDirectory(target, who, files.stat(source, who).mode);
        });
    if (errors.length > 0) return errors;
    for (const name of files.list(source)) {
      errors.push(...copy({ controller, who }, posix.join(source, name), posix.join(target, name)));
    }
    return errors;
  }
  let content = '';
  const read = attempt(`cp: cannot open '${source}' for reading`, () => {
    content = files.read(source, who);
  });
  if (read.length > 0) return read;
  const { mode, owner, group, modified } = files.stat(source, who);
  const made = attempt(`cp: cannot create regular file '${target}'`, () => {
    files.create(target, who, mode);
  });
  if (made.length > 0) return made;
  const written = attempt(`cp: error writing '${target}'`, () => {
    files.write(target, content);
  });
  if (written.length > 0) return written;
  return attempt(`cp: failed to preserve ownership for '${target}'`, () => {
    files.setModified(target, modified);
    files.setMode(target, mode, who);
    if (who.user === 'root') files.setOwner(target, owner, group, who);
  });
}

function attempt(message: string, action: () => void): string[] {
  try {
    action();
    return [];
  } catch (error) {
    return [`${message}: ${reason(error)}`];
  }
}

function changing(files: FileSystem, action: () => Outcome): Outcome {
  const before = files.changes;
  const outcome = action();
  return { ...outcome, changed: files.changes > before };
}

function reason(error: unknown): string {
  if (error instanceof SystemError) return error.message;
  throw error;
}

function isMode(mode: string): boolean {
  return /^[0-7]{1,4}$/.test(mode);
}

function usage(program: string, option: string): Outcome {
  const what = option.startsWith('--') ? `unrecognized option '${option}'` : `invalid option -- '${option.charAt(1)}'`;
  return failure(
    `${program}: ${option.startsWith('-') ? what : 'missing operand'}\nTry '${program} --help' for more information.`,
  );
}

function missing(program: string, operands: readonly string[], option?: string): Outcome {
  if (option?.startsWith('-') === true) return usage(program, option);
  const [last] = operands;
  const what =
    program === 'mkdir' || program === 'rm' || program === 'touch'
      ? 'missing operand'
      : last === undefined || last.startsWith('-')
        ? 'missing file operand'
        : `missing destination file operand after '${last}'`;
  return failure(`${program}: ${what}\nTry '${program} --help' for more information.`);
}

function ddUsage(message: string): Outcome {
  return failure(`dd: ${message}\nTry 'dd --help' for more information.`);
}
