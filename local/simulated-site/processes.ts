/** A process of a controller. */
export interface SimulatedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly user: string;
  readonly name: string;
  /** Its command line. */
  readonly args: string;
  /** Path of the program that it runs, whatever its command line says. */
  readonly program: string;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
}

/** What init starts, and what somebody who is logged in runs. */
export const INIT = 1;
export const SSHD = 812;

/** PIDs go up from here; those before are of what has run since the boot. */
export const FIRST_PID = 1200;

/** Numbers of users. Those of services are below 1000; users that are not listed are ordinary ones. */
const USERS: Readonly<Record<string, number>> = {
  root: 0,
  'www-data': 33,
  apache: 48,
  haproxy: 106,
  mysql: 111,
  memcache: 113,
  rabbitmq: 115,
  neutron: 118,
  magnum: 121,
};

export function numberOf(user: string): number {
  return USERS[user] ?? 1000;
}

/** A daemon: what runs it, its first process and those that this one has started, which look alike. */
export interface Daemon {
  readonly name: string;
  readonly args: string;
  readonly user: string;
  /** @default 1 */
  readonly count?: number;
  /** @default the first word of `args` */
  readonly program?: string;
}

/** The processes of a daemon whose first one has this PID; the others follow it. */
export function processesOf(daemon: Daemon, first: number, startedAt: number): SimulatedProcess[] {
  const { name, args, user } = daemon;
  const program = daemon.program ?? args.split(' ', 1)[0] ?? '';
  return Array.from({ length: daemon.count ?? 1 }, (_, index) => {
    const parent = index === 0 ? INIT : first;
    return { pid: first + index, parent, user, name, args, program, startedAt };
  });
}
