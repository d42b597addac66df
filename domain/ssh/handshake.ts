import type { ParsedKey, PublicKeyAuthMethod } from 'ssh2';

/** What a host tells of itself while it lets somebody in, or does not: for messages. */
export interface Handshake {
  /** For ssh2, which tells in words what it reads. */
  readonly listen: (words: string) => void;
  /** For ssh2: the key is offered once. */
  readonly authenticate: (left: readonly string[] | null, partial: boolean | null) => PublicKeyAuthMethod | false;
  /** What the host offered where nothing was agreed on, as half a sentence. */
  disagreement(reason: string): string | undefined;
  /** The ways of logging in that the host still wants, after it has taken the key. */
  readonly wanted: readonly string[] | undefined;
}

/** Words of ssh2 1.17, lib/protocol/kex.js: what a host offers, by what it is for. */
const OFFERED = /^Handshake: \(remote\) ([^:]+): (.*)$/;
const NOTHING_AGREED = /^Handshake failed: no matching (.*)$/;
/** By the words of the failure: as the offer is called, and as people call it. */
const KINDS: Readonly<Record<string, readonly [offered: string, named: string]>> = {
  'key exchange algorithm': ['KEX method', 'key exchange algorithm'],
  'host key format': ['Host key format', 'type of host key'],
  'C->S cipher': ['C->S cipher', 'cipher'],
  'S->C cipher': ['S->C cipher', 'cipher'],
  'C->S MAC': ['C->S MAC', 'MAC'],
  'S->C MAC': ['S->C MAC', 'MAC'],
};

/** Remembers what is told of one connection. */
export function handshakeOf(username: string, key: ParsedKey): Handshake {
  const offered = new Map<string, string>();
  let wanted: readonly string[] | undefined;
  let isTried = false;
  return {
    listen: (words) => {
      const [, kind, list] = OFFERED.exec(words) ?? [];
      if (kind !== undefined && list !== undefined) offered.set(kind, list);
    },
    authenticate: (left, partial) => {
      if (partial === true && left) wanted = left;
      if (isTried) return false;
      isTried = true;
      return { type: 'publickey', username, key };
    },
    disagreement: (reason) => {
      const [, failed = ''] = NOTHING_AGREED.exec(reason) ?? [];
      const [kind = '', named = ''] = KINDS[failed] ?? [];
      const list = offered.get(kind);
      return list === undefined ? undefined : `no common ${named}: the host offers ${list.replaceAll(',', ', ')}`;
    },
    get wanted() {
      return wanted;
    },
  };
}
