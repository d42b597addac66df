import { basename } from 'node:path';

/**
 * The age in seconds of every process of a service, from `ps -eo etimes=,args=`: its program has the service's name, or is
 * run by an interpreter, or by uWSGI. A log or a journal that somebody watches may name the service too.
 */
export function ages(ps: string, service: string): number[] {
  return ps.split('\n').flatMap((line) => {
    const [, age, args = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    const words = args.split(/\s+/);
    const programs = words.slice(0, 2).map((word) => basename(word).replace(/:$/, ''));
    const runs =
      programs.includes(service) ||
      (/^uwsgi(_|$)/.test(programs[0] ?? '') && words.some((word) => word.includes(service)));
    return age !== undefined && runs ? [Number(age)] : [];
  });
}

/**
 * The age of each haproxy process that serves. Its program must be haproxy: a shell or an editor may have it as an
 * argument; and one with `-c` only checks a configuration.
 */
export function haproxyAges(ps: string): number[] {
  return ps.split('\n').flatMap((line) => {
    const [, age, program = '', args = ''] = /^\s*(\d+)\s+(\S+)(.*)$/.exec(line) ?? [];
    return age !== undefined && basename(program) === 'haproxy' && !/\s-c(\s|$)/.test(args) ? [Number(age)] : [];
  });
}
