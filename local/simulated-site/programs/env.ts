import { failure, type Invocation, type Outcome, type Program } from './program';

type Programs = ReadonlyMap<string, Program>;

/** env NAME=VALUE… PROGRAM ARGUMENT…; @param programs what can be run so */
export function envOf(programs: Programs): Program {
  return (invocation) => {
    const { arguments: given } = invocation;
    const words = given.slice(given.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word)));
    return started(programs, { ...invocation, arguments: words }, (name) =>
      failure(`env: '${name}': No such file or directory`, 127),
    );
  };
}

/** ip netns exec NAMESPACE PROGRAM ARGUMENT…; of namespaces there is HAProxy's. */
export function ipOf(programs: Programs): Program {
  return (invocation) => {
    const [object, verb, namespace = '', ...words] = invocation.arguments;
    if (object !== 'netns' || verb !== 'exec') return failure(`Object "${object ?? ''}" is unknown, try "ip help".`);
    if (invocation.who.user !== 'root')
      return failure('setting the network namespace failed: Operation not permitted', 255);
    if (namespace !== invocation.controller.virtualIpNamespace) {
      return failure(`Cannot open network namespace "${namespace}": No such file or directory`, 255);
    }
    return started(programs, { ...invocation, namespace, arguments: words }, (name) =>
      failure(`exec of "${name}" failed: No such file or directory`, 255),
    );
  };
}

/** Between two looks whether a lock is free, in milliseconds. */
const AGAIN_MS = 5;

/** flock -o PATH PROGRAM ARGUMENT…, of util-linux: waits until nobody else holds the lock. */
export function flockOf(programs: Programs): Program {
  return async (invocation) => {
    const [option, path = '', ...words] = invocation.arguments;
    const { controller, who, isKilled } = invocation;
    if (option !== '-o') return failure('flock: requires file descriptor, file or directory', 64);
    if (path === '/root' && who.user !== 'root')
      return failure(`flock: cannot open lock file ${path}: Permission denied`, 66);
    // A lock ends with the process that holds it.
    while (controller.locked.get(path)?.() === false) await invocation.sleep(AGAIN_MS);
    controller.locked.set(path, isKilled);
    try {
      return await started(programs, { ...invocation, arguments: words }, (name) =>
        failure(`flock: failed to execute ${name}: No such file or directory`, 69),
      );
    } finally {
      if (controller.locked.get(path) === isKilled) controller.locked.delete(path);
    }
  };
}

/** chroot --userspec=USER:GROUP --groups=GROUP / PROGRAM ARGUMENT…, which changes whose the program is, and no directory. */
export function chrootOf(programs: Programs): Program {
  return (invocation) => {
    const [spec = '', groups = '', directory, ...words] = invocation.arguments;
    const [, user, group] = /^--userspec=([a-z]+):([a-z]+)$/.exec(spec) ?? [];
    if (user === undefined || group === undefined || groups !== `--groups=${group}` || directory !== '/') {
      return failure("chroot: missing operand\nTry 'chroot --help' for more information.", 125);
    }
    if (invocation.who.user !== 'root')
      return failure("chroot: cannot change root directory to '/': Operation not permitted", 125);
    return started(programs, { ...invocation, who: { user, groups: [group] }, arguments: words }, (name) =>
      failure(`chroot: failed to run command '${name}': No such file or directory`, 127),
    );
  };
}

function started(
  programs: Programs,
  invocation: Invocation,
  missing: (name: string) => Outcome,
): Outcome | Promise<Outcome> {
  const [name = '', ...rest] = invocation.arguments;
  const program = invocation.controller.missing.has(name) ? undefined : programs.get(name);
  return program ? program({ ...invocation, arguments: rest }) : missing(name);
}
