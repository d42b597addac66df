import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A certificate and its key, in PEM form. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate is for. */
export interface Subject {
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  /** When it ends; far away if missing. */
  readonly notAfter?: Date;
}

/** A CA of its own, whose key nobody keeps. */
export function authority(name: string) {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ca = certificate(name, keys.publicKey, { subject: name, key: keys.privateKey }, {}, true);
  return {
    /** Its own certificate, in PEM form. */
    cert: ca,
    issue: (subject: Subject): Certified => {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        cert: certificate('server', own.publicKey, { subject: name, key: keys.privateKey }, subject, false),
        key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      };
    },
  };
}

let serial = 0;

/** X.509, RFC 5280. */
function certificate(
  subject: string,
  publicKey: KeyObject,
  issuer: { subject: string; key: KeyObject },
  { names = [], addresses = [], notAfter = new Date('2099-01-01') }: Subject,
  isAuthority: boolean,
): string {
  const algorithm = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
  const alternatives = [
    ...names.map((name) => tlv(0x82, Buffer.from(name))),
    ...addresses.map((address) => tlv(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  const extension = (id: number, value: Buffer) => sequence(oid([0x55, 0x1d, id]), tlv(0x04, value));
  const body = sequence(
    tlv(0xa0, integer(2)),
    integer(++serial),
    algorithm,
    nameOf(issuer.subject),
    sequence(time(new Date('2020-01-01')), time(notAfter)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(
      0xa3,
      sequence(
        extension(0x13, isAuthority ? sequence(tlv(0x01, Buffer.from([0xff]))) : sequence()),
        ...(alternatives.length > 0 ? [extension(0x11, sequence(...alternatives))] : []),
      ),
    ),
  );
  const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, issuer.key)]));
  const text = sequence(body, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
}

function nameOf(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid([0x55, 0x04, 0x03]), tlv(0x0c, Buffer.from(name)))));
}

function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}

function integer(value: number): Buffer {
  return tlv(0x02, Buffer.from([value]));
}

function oid(bytes: readonly number[]): Buffer {
  return tlv(0x06, Buffer.from(bytes));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

/** Tag, length, value (DER). */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}
