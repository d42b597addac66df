import { externalNetwork, fixedNetwork, loadBalancer } from './template-networks';
import { isUuid, named, type Reader, readerOf } from './template-reader';
import * as z from 'zod';
import type { Finding } from './finding';
import { messageOf } from '../errors';
import { listOf, shown } from '../openstack/answers';
import { EndpointMissing } from '../openstack/keystone';
import type { OpenStackSession } from '../openstack/session';
import type { ClusterTemplate, Site } from '../site/document';
import { atLeast, type Release } from '../site/releases';
import { notChecked } from './not-checked';

/** A check of one thing that a template needs. */
type Check = (template: ClusterTemplate, read: Reader, site: Site) => Promise<Finding[]>;

const CHECKS: Readonly<Record<string, Check>> = {
  image,
  flavors,
  keypair,
  'external network': externalNetwork,
  'fixed network and subnet': fixedNetwork,
  'load balancer': loadBalancer,
  'volume type': volumeType,
};

/**
 * Whether the cloud has all that a template names, and what its clusters are made of.
 *
 * What is missing is an error as long as the template or one of its wanted clusters is still to be created.
 */
export async function checkTemplate(
  site: Site,
  template: ClusterTemplate,
  openstack: OpenStackSession,
): Promise<Finding[]> {
  const read = readerOf(openstack);
  const results = Object.entries(CHECKS).map(async ([what, check]) => {
    try {
      return await check(template, read, site);
    } catch (error) {
      if (error instanceof EndpointMissing) return [missingService(template, what, error)];
      return [notChecked(`whether the ${what} of template ${template.name} will do`, messageOf(error))];
    }
  });
  const [findings, made] = await Promise.all([Promise.all(results), isMade(site, template, openstack)]);
  return findings.flat().map((finding) => (made ? { ...finding, severity: 'warning' } : finding));
}

/** Whether the template and all wanted clusters of it exist already. */
async function isMade(site: Site, { name }: ClusterTemplate, { magnum }: OpenStackSession): Promise<boolean> {
  const clusters = site.clusters.filter(({ clusterTemplate }) => clusterTemplate === name);
  try {
    const found = await Promise.all([magnum.template(name), ...clusters.map((one) => magnum.cluster(one.name))]);
    return found.every((one) => one !== undefined);
  } catch {
    // Magnum does not serve yet, or has troubles of its own.
    return false;
  }
}

function missingService({ name }: ClusterTemplate, what: string, { evidence }: EndpointMissing): Finding {
  return {
    name: 'ServiceEndpointMissing',
    severity: 'error',
    evidence: `The ${what} of template ${name} needs a service. ${evidence}`,
    remedy:
      'Deploy that service, or correct openstack.region and openstack.interface: Heat cannot make clusters without.',
  };
}

// Schemas are made once: making one takes longer than checking by it.
const oneImage = named.extend({ os_distro: shown });
const images = z.object({ images: listOf(oneImage) });
const allFlavors = z.object({ flavors: listOf(named) });
const oneKeypair = z.object({ keypair: z.unknown() });
const allVolumeTypes = z.object({ volume_types: listOf(named) });

/** Which `os_distro` Magnum's own drivers are for, by COE; drivers that are installed apart may have others. */
export function distrosOf(
  coe: ClusterTemplate['coe'],
  release: Release,
): { own: readonly string[]; contributed: readonly string[] } {
  switch (coe) {
    case 'swarm-mode':
    case 'swarm':
      return { own: ['fedora-atomic'], contributed: [] };
    case 'kubernetes': {
      // Source: setup.cfg of 3.0.0 to 20.0.0.
      const old = atLeast(release, '2024.1') ? [] : ['fedora-atomic', 'coreos'];
      const coreos = atLeast(release, 'train') ? ['fedora-coreos'] : [];
      return { own: [...old, ...coreos], contributed: ['ubuntu', 'flatcar', 'rockylinux', 'coreos'] };
    }
    case 'mesos':
      return { own: ['ubuntu'], contributed: [] };
    case 'dcos':
      return { own: [], contributed: ['centos', 'coreos'] };
  }
}

async function image({ name, coe, imageId }: ClusterTemplate, read: Reader, { release }: Site): Promise<Finding[]> {
  const byId = isUuid(imageId) ? await read('image', `/v2/images/${imageId}`, oneImage) : undefined;
  const list = await read('image', `/v2/images?name=${encodeURIComponent(imageId)}`, images);
  const found = byId ?? list?.images[0];
  if (!found) {
    const evidence = `template ${name} names the image ${imageId}, which Glance does not have for this user`;
    const remedy = 'Upload it, share it with the project, or correct imageId: Magnum answers 400.';
    return [{ name: 'ImageMissing', severity: 'error', evidence, remedy }];
  }
  const { own, contributed } = distrosOf(coe, release);
  const distro = found.os_distro ?? '';
  if (own.includes(distro)) return [];
  const wanted = [...new Set([...own, ...contributed])].join(' or ');
  return [
    {
      name: 'ImageDistroUnsupported',
      severity: contributed.includes(distro) ? 'warning' : 'error',
      evidence: `template ${name} is of coe ${coe}; the property os_distro of its image ${imageId} is ${distro || 'not set'}`,
      remedy:
        `Use an image whose os_distro is ${wanted} (openstack image set --property os_distro=… IMAGE, if it is one): ` +
        'Magnum answers 400 "Cluster type not supported" if no driver is for it.',
    },
  ];
}

async function flavors({ name, flavorId, masterFlavorId }: ClusterTemplate, read: Reader): Promise<Finding[]> {
  const wanted = [...new Set([flavorId, masterFlavorId].flatMap((one) => one ?? []))];
  if (wanted.length === 0) return [];
  const list = await read('compute', '/flavors', allFlavors);
  const missing = wanted.filter((one) => !list?.flavors.some((flavor) => flavor.id === one || flavor.name === one));
  return missing.map((one) => ({
    name: 'FlavorMissing',
    severity: 'error',
    evidence: `template ${name} names the flavor ${one}, which Nova does not have for this user`,
    remedy: `Create it, or correct flavorId and masterFlavorId: Magnum answers 400 "Unable to find flavor ${one}".`,
  }));
}

async function keypair({ name, keypairId }: ClusterTemplate, read: Reader): Promise<Finding[]> {
  if (keypairId === undefined) return [];
  const found = await read('compute', `/os-keypairs/${encodeURIComponent(keypairId)}`, oneKeypair);
  if (found) return [];
  return [
    {
      name: 'KeypairMissing',
      severity: 'error',
      evidence: `template ${name} names the keypair ${keypairId}, which this user does not have in Nova`,
      remedy:
        'Create it as the user of the openstack section: Magnum takes the template, and refuses clusters with 404.',
    },
  ];
}

/** The types under which catalogues have Cinder, by release. */
export const VOLUME_SERVICES = ['volumev3', 'block-storage', 'volumev2'] as const;

async function volumeType(template: ClusterTemplate, read: Reader, site: Site): Promise<Finding[]> {
  const { name, dockerVolumeSize, labels } = template;
  if (dockerVolumeSize === undefined) return [];
  const types = await volumeTypes(read);
  const wanted = labels?.['docker_volume_type'] ?? site.magnum.defaultDockerVolumeType;
  if (wanted === undefined || types.some((type) => type.name === wanted || type.id === wanted)) return [];
  return [
    {
      name: 'VolumeTypeUnknown',
      severity: 'error',
      evidence: `template ${name} has a dockerVolumeSize; Cinder has no volume type ${wanted}, but ${types.map((type) => type.name ?? type.id).join(', ') || 'none'}`,
      remedy: 'Correct magnum.defaultDockerVolumeType, or create the type: the volumes of every node fail otherwise.',
    },
  ];
}

async function volumeTypes(read: Reader): Promise<readonly z.infer<typeof named>[]> {
  let missing: unknown;
  for (const type of VOLUME_SERVICES) {
    try {
      return (await read(type, '/types', allVolumeTypes))?.volume_types ?? [];
    } catch (error) {
      if (!(error instanceof EndpointMissing)) throw error;
      missing ??= error;
    }
  }
  throw missing;
}
