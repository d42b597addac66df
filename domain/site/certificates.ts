import { X509Certificate } from 'node:crypto';

/** Each certificate of a PEM text, from its first line to its last. What else such a file holds is comment. */
export function certificatesIn(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

/** What is wrong with a PEM text that is to hold certificates; undefined if nothing is. It quotes nothing. */
export function certificateProblem(pem: string): string | undefined {
  const certificates = certificatesIn(pem);
  if (certificates.length === 0) return 'must be certificates in PEM form, from -----BEGIN CERTIFICATE----- on';
  const broken = certificates.findIndex((one) => !isCertificate(one));
  return broken < 0 ? undefined : `its certificate number ${broken + 1} cannot be read: copy the file again`;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
