/** Where a process of a controller waits for TCP connections. */
export interface ListeningSocket {
  /** `0.0.0.0` and `::` are every address. */
  readonly address: string;
  readonly port: number;
}

/** LISTEN, as the kernel numbers the states of a connection. */
const LISTEN = '0A';

/**
 * Reads /proc/net/tcp and /proc/net/tcp6, one after the other: the kernel's own table, alike in every release, and the same
 * for every user also if /proc hides other users' processes.
 *
 * @see https://docs.kernel.org/networking/proc_net_tcp.html
 */
export function parseSockets(text: string): ListeningSocket[] {
  return text.split('\n').flatMap((line) => {
    const [, address = '', port = '', state] =
      /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ (\w\w) /.exec(line) ?? [];
    return state === LISTEN ? [{ address: addressOf(address), port: parseInt(port, 16) }] : [];
  });
}

/** Whether a process that listens there would keep another from listening at this address and port. */
export function occupies(socket: ListeningSocket, address: string, port: number): boolean {
  // One on every IPv6 address takes the IPv4 ones as well, unless it was told not to.
  return socket.port === port && ['0.0.0.0', '::', address, `::ffff:${address}`].includes(socket.address);
}

/** The kernel prints each word of four bytes as the number that it is on this machine: the last byte first. */
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)));
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return `::ffff:${bytes.slice(12).join('.')}`;
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}
