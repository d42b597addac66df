import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { authority } from './certificates';

let once: ReturnType<typeof authority> | undefined;
const simulatedCa = () => (once ??= authority('Simulated CA'));

/** The certificate of the CA that signs those of simulated sites: whoever is to trust them needs it. */
export function caCertificate(): string {
  return simulatedCa().cert;
}

/** A certificate for addresses and names, and its key, in one text. */
export function certificateFor(hosts: readonly string[]): string {
  const isAddress = (host: string) => /^[\d.]+$/.test(host);
  const { cert, key } = simulatedCa().issue({
    addresses: hosts.filter(isAddress),
    names: hosts.filter((host) => !isAddress(host)),
  });
  return cert + key;
}

/** Speaks TLS on connections. @param pem certificate and key, in one text */
export function speakingTls(pem: string): (connection: Duplex) => Duplex {
  const secureContext = createSecureContext({ cert: pem, key: pem });
  return (connection) => {
    const socket = new TLSSocket(connection, { isServer: true, secureContext });
    return socket.on('error', () => connection.destroy());
  };
}
