import { intersect, type Intervals } from './intervals';

/** Every IPv4 address. */
export const ALL_ADDRESSES: Intervals = [[0, 0xffff_ffff]];

/** A mask with holes stands for as many ranges as the holes leave; with more than these, it is not understood. */
const MOST_RANGES = 65_536;

/** A number as iptables reads it (`strtoul` with base 0): decimal, `0x` hexadecimal, or octal after a 0. */
export function parseNumber(text: string, highest: number): number | undefined {
  if (!/^(?:0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.test(text)) return undefined;
  const value = /^0[0-7]/.test(text) ? parseInt(text, 8) : Number(text);
  return value <= highest ? value : undefined;
}

/** An address: iptables fills missing bytes with 0 (`10` is 10.0.0.0). Undefined if it is no address, so a host's name. */
export function parseAddress(text: string): number | undefined {
  const bytes = text.split('.').map((byte) => parseNumber(byte, 255));
  if (bytes.length > 4) return undefined;
  let address = 0;
  for (const index of [0, 1, 2, 3]) {
    const byte = index < bytes.length ? bytes[index] : 0;
    if (byte === undefined) return undefined;
    address = address * 256 + byte;
  }
  return address;
}

/**
 * The addresses of `ADDRESS[/MASK]` that lie within others; the mask is a number of bits or dotted, holes in it allowed.
 * Undefined if only the host could say, because it has a name, or if the holes leave too many ranges.
 */
export function parseNetwork(text: string, within: Intervals = ALL_ADDRESSES): Intervals | undefined {
  const slash = text.lastIndexOf('/');
  const mask = slash < 0 ? 0xffff_ffff : parseMask(text.slice(slash + 1));
  if (mask === undefined) return undefined;
  // iptables does not look at the address then: any/0.
  if (mask === 0) return within;
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  return address === undefined ? undefined : masked(address, mask, within);
}

/** The network as iptables prints it, if it is a plain one. */
export function printNetwork(text: string): string {
  const [only, ...rest] = parseNetwork(text) ?? [];
  if (!only || rest.length > 0) return text;
  return `${printAddress(only[0])}/${32 - Math.log2(only[1] - only[0] + 1)}`;
}

export function printAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** `LOW-HIGH`, or one address. */
export function parseAddressRange(text: string): Intervals | undefined {
  const [low = '', high = low] = text.split('-');
  const [from, to] = [parseAddress(low), parseAddress(high)];
  return from === undefined || to === undefined ? undefined : [[from, to]];
}

/** Ports as `--dport` or `--dports` take them. Undefined if there is a name of a service in it that is not known here. */
export function parsePorts(text: string): Intervals | undefined {
  const ranges = text.split(',').map((range): readonly [number, number] | undefined => {
    const [low = '', high = low] = range.split(':');
    const from = low === '' ? 0 : parsePort(low);
    const to = high === '' ? 65_535 : parsePort(high);
    return from === undefined || to === undefined ? undefined : [from, to];
  });
  return ranges.every((range) => range !== undefined) ? ranges : undefined;
}

function parsePort(text: string): number | undefined {
  return parseNumber(text, 65_535) ?? parseNumber(SERVICES.get(text) ?? '', 65_535);
}

function parseMask(text: string): number | undefined {
  if (text.split('.').length === 4) return parseAddress(text);
  const bits = parseNumber(text, 32);
  return bits === undefined ? undefined : 2 ** 32 - 2 ** (32 - bits);
}

/** The addresses that agree with `address` in the bits of `mask`. */
function masked(address: number, mask: number, within: Intervals): Intervals | undefined {
  const free = 2 ** 32 - mask;
  if (Number.isInteger(Math.log2(free))) {
    const low = address - (address % free);
    return intersect([[low, low + free - 1]], within);
  }
  let ranges: Intervals = [[0, 0xffff_ffff]];
  for (let size = 2 ** 31; size >= 1; size /= 2) {
    // Bits further down are all free.
    if (mask % (size * 2) === 0) break;
    const [isFixed, isSet] = [mask, address].map((bits) => Math.floor(bits / size) % 2 === 1);
    const halves = ranges.flatMap(([low, high]): Intervals => {
      const [lower, upper] = [[low, low + size - 1] as const, [low + size, high] as const];
      return isFixed ? [isSet ? upper : lower] : [lower, upper];
    });
    ranges = halves.filter(([low, high]) => within.some(([from, to]) => low <= to && from <= high));
    if (ranges.length > MOST_RANGES) return undefined;
  }
  return intersect(ranges, within);
}

/** `NAME VALUE, NAME VALUE, …` */
export function pairs(text: string): Map<string, string> {
  return new Map(
    text.split(',').map((pair) => {
      const [name = '', value = ''] = pair.trim().split(' ');
      return [name, value];
    }),
  );
}

/** TCP ports by the names of `/etc/services` that people write into rules; iptables itself prints numbers. */
const SERVICES = pairs(`
    ftp-data 20, ftp 21, ssh 22, telnet 23, smtp 25, time 37, whois 43, nicname 43, domain 53, gopher 70, finger 79,
    http 80, www 80, kerberos 88, pop3 110, pop-3 110, sunrpc 111, portmapper 111, auth 113, ident 113, nntp 119,
    netbios-ssn 139, imap2 143, imap 143, snmp 161, snmp-trap 162, snmptrap 162, bgp 179, ldap 389, https 443,
    microsoft-ds 445, kpasswd 464, submissions 465, smtps 465, login 513, shell 514, printer 515, klogin 543,
    kshell 544, rtsp 554, nntps 563, submission 587, ipp 631, ldaps 636, rsync 873, ftps-data 989, ftps 990,
    telnets 992, imaps 993, pop3s 995, socks 1080, openvpn 1194, ms-sql-s 1433, radius 1812, nfs 2049,
    cvspserver 2401, mysql 3306, nut 3493, ms-wbt-server 3389, svn 3690, epmd 4369, sieve 4190, sip 5060,
    sip-tls 5061, xmpp-client 5222, xmpp-server 5269, postgresql 5432, postgres 5432, amqps 5671, amqp 5672,
    x11 6000, redis 6379, http-alt 8080, webcache 8080, git 9418, webmin 10000, zabbix-agent 10050,
    zabbix-trapper 10051
`);
