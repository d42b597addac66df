import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { certificatesIn } from '../site/certificates';

/** Whose certificates count. */
export interface Trust {
  /** Certificates of a private CA in PEM form, trusted in addition to the well-known ones. */
  readonly ca?: string;
  /**
   * What is checked: that the certificate is signed by a CA that is trusted and is for the host; only the former; nothing.
   * @default 'host'
   */
  readonly verify?: 'host' | 'signature' | 'nothing';
  /** The protocol inside, if the server must know it (ALPN). */
  readonly protocol?: string;
}

/** What listens there does not talk TLS. */
export class NoTls extends Error {
  override readonly name = 'NoTls';
}

/**
 * Makes TLS of a connection that is there. The connection is closed if it cannot be done.
 *
 * @param host what the certificate must be for
 * @throws NoTls, and Error if the certificate is not trusted or the two sides cannot agree, in plain words
 */
export function secure(stream: Duplex, host: string, port: number, trust: Trust = {}): Promise<tls.TLSSocket> {
  const { verify = 'host' } = trust;
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      socket: stream,
      host,
      // No name may be an address there (RFC 6066).
      servername: isIP(host) ? '' : host,
      rejectUnauthorized: verify !== 'nothing',
      ...(trust.protocol !== undefined && { ALPNProtocols: [trust.protocol] }),
      ...(trust.ca !== undefined && { ca: [...tls.rootCertificates, ...certificatesIn(trust.ca)] }),
      ...(verify !== 'host' && { checkServerIdentity: () => undefined }),
    });
    const fail = (error: unknown) => {
      stream.destroy();
      reject(plain(error, `${host}:${port}`));
    };
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

const UNTRUSTED = /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_)/;

/** OpenSSL's own message, without its thread number and source file. */
function plain(error: unknown, where: string): Error {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (/wrong version number|packet length too long|unknown protocol|record layer failure/.test(message)) {
    return new NoTls(`${where} does not talk TLS`);
  }
  if (UNTRUSTED.test(code)) {
    return new Error(
      `the certificate of ${where} is signed by a CA that is not trusted: put that CA's certificate into ca.certificates of the ` +
        'site document',
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new Error(`the certificate of ${where} is for another name: use a name or address that it has`);
  }
  if (code.startsWith('CERT_')) return new Error(`the certificate of ${where} is not valid: ${message}`);
  const [, reason = message.split('\n')[0] ?? ''] = /SSL routines:[^:]*:([^:]+)/.exec(message) ?? [];
  return new Error(`no TLS with ${where}: ${reason}`);
}
