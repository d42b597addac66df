/** A socket that listens, as ss shows it. */
export interface Listening {
  /** `*` if it listens on all addresses. */
  readonly address: string;
  readonly port: number;
  /** Processes that have it open, and the name of the first one's program; none if ss does not say, as it says only to root. */
  readonly pids: readonly number[];
  readonly program: string | undefined;
}

/** Reads the output of `ss -ltnp`, of any iproute2 from 3.12 (Ubuntu 14.04). */
export function parseListening(ss: string): Listening[] {
  return ss.split('\n').flatMap((line) => {
    const [state, , , local = '', , ...rest] = line.trim().split(/\s+/);
    const [, address = '', port] = /^(.*):(\d+)$/.exec(local) ?? [];
    if (state !== 'LISTEN' || port === undefined) return [];
    return [{ address: normalized(address), port: Number(port), ...usersIn(rest.join(' ')) }];
  });
}

/** Those that take connections to this address and port: by the address itself, or by all. */
export function takers(listening: readonly Listening[], address: string, port: number): Listening[] {
  return listening.filter((one) => one.port === port && (one.address === '*' || one.address === address));
}

/**
 * What listens at this port of every address, so that HAProxy could not listen at one of them: HAProxy's own sockets share a
 * port. None if HAProxy is in a network namespace of its own, as Fuel's is: what listens outside does not concern it.
 */
export function inTheWay(listening: readonly Listening[], address: string, port: number): Listening | undefined {
  const isHaproxy = ({ program = '' }: Listening) => program.startsWith('haproxy');
  if (!listening.some((one) => one.address === address || isHaproxy(one))) return undefined;
  return takers(listening, address, port).find((one) => one.address === '*' && !isHaproxy(one));
}

/** `[::]` takes IPv4 too, unless a program asks for the opposite, which ss does not show. */
function normalized(address: string): string {
  const plain = address
    .replace(/%[^%]*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:/, '');
  return ['*', '0.0.0.0', '::', ''].includes(plain) ? '*' : plain;
}

/** A process chooses its name, so the whole must have the form that ss gives it: a quote in a name makes it unreadable. */
function usersIn(users: string): Pick<Listening, 'pids' | 'program'> {
  if (!/^users:\((\("[^"]*",(pid=)?\d+,(fd=)?\d+\),?)+\)$/.test(users)) return { pids: [], program: undefined };
  const found = [...users.matchAll(/"([^"]*)",(?:pid=)?(\d+),/g)];
  return { pids: [...new Set(found.map(([, , pid]) => Number(pid)))], program: found[0]?.[1] };
}
