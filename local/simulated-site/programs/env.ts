import type { Invocation, Outcome, Program } from './program';

/** env NAME=VALUE… PROGRAM ARGUMENT… */
export async function env(invocation: Invocation, programs: ReadonlyMap<string, Program>): Promise<Outcome> {
  const { arguments: given, controller } = invocation;
  const start = given.findIndex((word) => !/^\w+=/.test(word));
  const [name = '', ...rest] = given.slice(start);
  const program = controller.missing.has(name) ? undefined : programs.get(name);
  if (!program) return { exit: 127, stderr: `env: '${name}': No such file or directory\n` };
  return program({ ...invocation, arguments: rest });
}
