import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type FileSystem, SystemError } from '../filesystem';
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

/** stat -c FORMAT FILE; FORMAT may have %a, %U, %G and %Y */
export const stat: Program = ({ arguments: [flag, format, path, ...more], controller: { files }, who }) => {
  if (flag !== '-c' || format === undefined || path === undefined || more.length > 0) return usage('stat', flag ?? '');
  try {
    const { mode, owner, group, modified } = files.stat(path, who);
    const values = new Map([
      ['%a', mode.toString(8)],
      ['%U', owner],
      ['%G', group],
      ['%Y', String(Math.floor(modified / 1000))],
    ]);
    return { exit: 0, stdout: `${format.replace(/%[a-zA-Z]/g, (directive) => values.get(directive) ?? '?')}\n` };
  } catch (error) {
    return failure(`stat: cannot statx '${path}': ${reason(error)}`);
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

/** install -m MODE /dev/null FILE */
export const install: Program = (invocation) => {
  const [flag, mode = '', source, target, ...more] = invocation.arguments;
  if (flag !== '-m' || source !== '/dev/null' || target === undefined || more.length > 0) {
    return missing('install', invocation.arguments);
  }
  if (!isMode(mode)) return failure(`install: invalid mode '${mode}'`);
  const { files } = invocation.controller;
  const path = files.isDirectory(target) ? posix.join(target, 'null') : target;
  return changing(files, () => {
    try {
      if (files.files.has(path)) files.remove(path, invocation.who);
    } catch (error) {
      return failure(`install: cannot remove '${path}': ${reason(error)}`);
    }
    try {
      files.create(path, invocation.who, parseInt(mode, 8));
    } catch (error) {
      // It looks at the target first, and takes no answer but "not there".
      const what = error instanceof SystemError && error.code === 'ENOTDIR' ? 'stat' : 'create regular file';
      return failure(`install: cannot ${what} '${path}': ${reason(error)}`);
    }
    return { exit: 0 };
  });
};

/** dd of=FILE conv=fsync status=none */
export const dd: Program = async (invocation) => {
  let path: string | undefined;
  for (const operand of invocation.arguments) {
    const [name, value] = [operand.slice(0, operand.indexOf('=')), operand.slice(operand.indexOf('=') + 1)];
    if (name === 'of') path = value;
    else if (name === 'conv' && value !== 'fsync') return ddUsage(`invalid conversion: '${value}'`);
    else if (name === 'status' && value !== 'none') return ddUsage(`invalid status level: '${value}'`);
    else if (name !== 'conv' && name !== 'status') return ddUsage(`unrecognized operand '${operand}'`);
  }
  if (path === undefined) return ddUsage(`unrecognized operand ''`);
  const target = path;
  const { files } = invocation.controller;
  const before = files.changes;
  try {
    files.create(target, invocation.who, 0o644);
  } catch (error) {
    return failure(`dd: failed to open '${target}': ${reason(error)}`);
  }
  const content = await invocation.stdin();
  try {
    files.write(target, content);
  } catch (error) {
    return { ...failure(`dd: error writing '${target}': ${reason(error)}`), changed: files.changes > before };
  }
  return { exit: 0, changed: true };
};

/** chown --reference=REFERENCE FILE */
export const chown: Program = (invocation) =>
  likeReference('chown', invocation, 'changing ownership of', (files, reference, path) => {
    const { owner, group } = files.stat(reference, invocation.who);
    return () => {
      files.setOwner(path, owner, group, invocation.who);
    };
  });

/** chmod --reference=REFERENCE FILE */
export const chmod: Program = (invocation) =>
  likeReference('chmod', invocation, 'changing permissions of', (files, reference, path) => {
    const { mode } = files.stat(reference, invocation.who);
    return () => {
      files.setMode(path, mode, invocation.who);
    };
  });

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

/** mkdir -m MODE DIRECTORY */
export const mkdir: Program = (invocation) => {
  const [flag, mode = '', path, ...more] = invocation.arguments;
  if (flag !== '-m' || path === undefined || more.length > 0) return missing('mkdir', invocation.arguments);
  if (!isMode(mode)) return failure(`mkdir: invalid mode '${mode}'`);
  const { files } = invocation.controller;
  return changing(files, () => {
    const errors = attempt(`mkdir: cannot create directory '${path}'`, () => {
      files.makeDirectory(path, invocation.who, parseInt(mode, 8));
    });
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
    program === 'mkdir' || program === 'rm'
      ? 'missing operand'
      : last === undefined || last.startsWith('-')
        ? 'missing file operand'
        : `missing destination file operand after '${last}'`;
  return failure(`${program}: ${what}\nTry '${program} --help' for more information.`);
}

function ddUsage(message: string): Outcome {
  return failure(`dd: ${message}\nTry 'dd --help' for more information.`);
}
