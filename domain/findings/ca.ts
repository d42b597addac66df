import { X509Certificate } from 'node:crypto';
import { catalogue } from '../commands/catalogue';
import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import { certificatesIn } from '../site/certificates';
import type { Site } from '../site/document';
import { clustersFail, type Finding } from './finding';

/**
 * Of more certificates than this it is no CA of one's own but the bundle of a system, some 150. From Pike on all of it goes
 * to every node, as user data, of which Nova takes 64 KiB.
 */
const MOST_CERTIFICATES = 20;

/** Whether every controller has the file of CA certificates that magnum.conf names, and in it those of the document. */
export async function checkCaFile(site: Site, nodes: readonly Node[]): Promise<Finding[]> {
  const { ca } = site;
  const { caFile } = catalogue(site);
  if (!caFile || ca?.file === undefined) return [];
  const { file } = ca;
  const wanted = fingerprints(ca.certificates);
  const seen = await everywhere(nodes, async ({ name, attempt }) => {
    const { exitCode, stdout } = await attempt(caFile);
    const found = fingerprints(exitCode === 0 ? stdout : '');
    const state = found.size === 0 ? 'missing' : [...wanted].some((one) => !found.has(one)) ? 'other' : 'same';
    return { name, state, bundle: found.size > MOST_CERTIFICATES };
  });
  const those = (wrong: (one: (typeof seen)[number]) => boolean) => seen.filter(wrong).map(({ name }) => name);
  const missing = those(({ state }) => state === 'missing');
  const other = those(({ state }) => state === 'other');
  const bundle = those((one) => one.bundle);
  return [
    ...finding(missing, {
      name: 'CaFileMissing',
      severity: 'error',
      evidence: `ca.file is ${file}, in which are no certificates that the SSH user can read on ${missing.join(', ')}`,
      remedy: 'Put the certificates there, readable by all, or correct ca.file: Magnum answers 503 otherwise.',
    }),
    ...finding(other, {
      name: 'CaFileDiffers',
      severity: 'warning',
      evidence: `${file} does not have all of ca.certificates on ${other.join(', ')}`,
      remedy: 'Make them the same: Magnum trusts those of the file, the workflow those of the document.',
    }),
    ...finding(bundle, {
      name: 'CaFileIsBundle',
      severity: clustersFail(site),
      evidence: `${file} has more than ${MOST_CERTIFICATES} certificates on ${bundle.join(', ')}`,
      remedy: "Name a file with your own CA's alone: all of it is copied to cluster nodes, and too much for that.",
    }),
  ];
}

function finding(controllers: readonly string[], one: Finding): Finding[] {
  return controllers.length === 0 ? [] : [one];
}

function fingerprints(pem: string): Set<string> {
  return new Set(
    certificatesIn(pem).flatMap((one) => {
      try {
        return [new X509Certificate(one).fingerprint256];
      } catch {
        return [];
      }
    }),
  );
}
