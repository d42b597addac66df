/** A socket that listens, as ss shows it. */
export interface Listening {
  /** `*` if it listens on all addresses. */
  readonly address: string;
  readonly port: number;
  /** Processes that have it open; none if ss does not say, as it says only to root. */
  readonly pids: readonly number[];
}

/** Reads the output of `ss -ltnp`, of any iproute2 from 3.12 (Ubuntu 14.04). */
export function parseListening(ss: string): Listening[] {
  return ss.split('\n').flatMap((line) => {
    const [state, , , local = '', , ...rest] = line.trim().split(/\s+/);
    const [, address = '', port] = /^(.*):(\d+)$/.exec(local) ?? [];
    if (state !== 'LISTEN' || port === undefined) return [];
    return [{ address: normalized(address), port: Number(port), pids: pidsIn(rest.join(' ')) }];
  });
}

/** Those that take connections to this address and port: by the address itself, or by all. */
export function takers(listening: readonly Listening[], address: string, port: number): Listening[] {
  return listening.filter((one) => one.port === port && (one.address === '*' || one.address === address));
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
function pidsIn(users: string): number[] {
  if (!/^users:\((\("[^"]*",(pid=)?\d+,(fd=)?\d+\),?)+\)$/.test(users)) return [];
  return [...new Set([...users.matchAll(/",(?:pid=)?(\d+),/g)].map(([, pid]) => Number(pid)))];
}
