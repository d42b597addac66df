import { afterInterpreter, isContained, isService, type Process, type ProcessList, programOf } from './process-list';

/** Magnum's two services. */
export type MagnumProgram = 'magnum-api' | 'magnum-conductor';

/** How a service of Magnum's runs. */
export type MagnumForm =
  /** Its own program, or that program run by python. */
  | 'program'
  | 'gunicorn'
  | 'uwsgi'
  /** In Apache: to restart it means to restart Apache. */
  | 'mod_wsgi';

/** The processes of one of Magnum's services on a controller. */
export interface MagnumProcesses {
  /** Those on the controller itself. */
  readonly own: readonly Process[];
  /** How it runs; undefined if it does not. */
  readonly form: MagnumForm | undefined;
  /** Numbers of the users that it runs as. */
  readonly users: readonly number[];
  /** Seconds since its oldest process started: that one has read the configuration. Undefined if it does not run. */
  readonly age: number | undefined;
  /** Processes in containers: what is done to the controller's services and files does not reach them. */
  readonly contained: readonly Process[];
}

/**
 * Which processes are Magnum's. A log or a journal that somebody watches may name the service, too, and an ordinary user can
 * give a program any name: neither counts.
 *
 * @param accounts numbers of users that run Magnum, if they are not of system accounts
 */
export function magnumProcesses(
  list: ProcessList,
  program: MagnumProgram,
  accounts: ReadonlySet<number> = new Set(),
): MagnumProcesses {
  const found = list.all.flatMap((process) => {
    const form = formOf(process, program);
    return form === undefined ? [] : [{ process, form, contained: isContained(list, process) }];
  });
  const own = found.filter(({ process, contained }) => !contained && isService(process, accounts));
  const processes = own.map(({ process }) => process);
  return {
    own: processes,
    form: own[0]?.form,
    users: [...new Set(processes.map(({ user }) => user))],
    age: own.length === 0 ? undefined : Math.max(...processes.map(({ age }) => age)),
    contained: found.filter(({ contained }) => contained).map(({ process }) => process),
  };
}

/** The modules of Magnum's source that are its services, and the names of its WSGI scripts. */
const MODULES: Readonly<Record<MagnumProgram, RegExp>> = {
  'magnum-api': /(^|[/:=.])magnum([./](cmd[./]api|wsgi([./]api)?|api[./]app)|[-_]api([-_]wsgi)?)([:.(]|$)/,
  'magnum-conductor': /(^|[/:=.])magnum([./]cmd[./]conductor|[-_]conductor)([:.(]|$)/,
};

function formOf({ words, program: name }: Process, program: MagnumProgram): MagnumForm | undefined {
  // Apache's mod_wsgi names its processes after their group, cut to the length of Apache's own name: "(wsgi:magnum-ap -k start"
  if (words[0]?.startsWith('(wsgi:magnum')) return program === 'magnum-api' ? 'mod_wsgi' : undefined;
  const rest = afterInterpreter(words);
  const [script = ''] = rest;
  const runner = rest === words ? name : programOf(rest);
  const names = (word: string) => MODULES[program].test(word);
  if (/^(py)?uwsgi/.test(runner) || name === `${program}uWSGI`) {
    return rest.some((word) => names(word) || word.includes(program)) ? 'uwsgi' : undefined;
  }
  // gunicorn: master [magnum.api.app:build_wsgi_app]
  if (runner.startsWith('gunicorn')) {
    return rest.some((word) => names(word.replaceAll(/[[\]]/g, ''))) ? 'gunicorn' : undefined;
  }
  // The program itself, and what setproctitle makes of it: "magnum-api: worker 1"
  if (runner === program) return 'program';
  return rest !== words && names(script) && !script.includes('/') ? 'program' : undefined;
}
