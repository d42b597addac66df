import { sha256 } from '../canonical';
import type { ClusterTemplate, Site } from '../site/document';
import type { Finding } from './finding';
import { isUuid } from './template-reader';
import { distrosOf } from './templates';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** What a cloud has of what a site's templates name. */
export interface SeenCloud {
  readonly images: readonly (Named & { readonly osDistro?: string | undefined })[];
  readonly flavors: readonly Named[];
  readonly keypairs: readonly string[];
  readonly networks: readonly (Named & { readonly external: boolean })[];
  readonly subnets: readonly (Named & { readonly network: string })[];
  /** Aliases of Neutron's extensions. */
  readonly extensions: readonly string[];
  readonly volumeTypes: readonly Named[];
}

/**
 * What a check has seen in the cloud: all that the templates of its document name, but for what it found missing. What else the cloud
 * has, a check does not ask.
 *
 * @param findings all of a check that could ask the cloud
 */
export function seenInCloud({ clusterTemplates, magnum, release }: Site, findings: readonly Finding[]): SeenCloud {
  const of = <T>(see: (template: ClusterTemplate, is: Is) => readonly T[]): T[] => {
    const seen = clusterTemplates.flatMap((template) =>
      see(template, (name, thing) => is(findings, template, name, thing)),
    );
    return [...new Map(seen.map((one) => [JSON.stringify(one), one])).values()];
  };
  return {
    images: of(({ imageId, coe }, is) => {
      if (is('ImageMissing')) return [];
      const told = is('ImageDistroUnsupported')?.replace(/^.* is /, '');
      const osDistro = told === 'not set' ? undefined : (told ?? distrosOf(coe, release).own[0]);
      return [{ ...named(imageId), ...(osDistro !== undefined && { osDistro }) }];
    }),
    flavors: of(({ flavorId, masterFlavorId }, is) =>
      [flavorId, masterFlavorId].flatMap((one) => (one === undefined || is('FlavorMissing', one) ? [] : [named(one)])),
    ),
    keypairs: of(({ keypairId }, is) => (keypairId === undefined || is('KeypairMissing') ? [] : [keypairId])),
    networks: of(({ externalNetworkId, fixedNetwork }, is) => {
      const missing = is('ExternalNetworkMissing');
      const external = missing === undefined;
      const isThere = external || missing.endsWith('is not external');
      return [
        ...(isThere ? [{ ...named(externalNetworkId), external }] : []),
        ...(fixedNetwork === undefined || is('FixedNetworkMissing')
          ? []
          : [{ ...named(fixedNetwork), external: false }]),
      ];
    }),
    subnets: of(({ fixedNetwork, fixedSubnet }, is) =>
      fixedNetwork === undefined || fixedSubnet === undefined || is('FixedSubnetUnknown') || is('FixedNetworkMissing')
        ? []
        : [{ ...named(fixedSubnet), network: fixedNetwork }],
    ),
    extensions: [
      'external-net',
      'router',
      ...(findings.some(({ name }) => name === 'LoadBalancerServiceMissing') ? [] : ['lbaasv2']),
    ],
    volumeTypes: of(({ labels }, is) => {
      const wanted = labels?.['docker_volume_type'] ?? magnum.defaultDockerVolumeType;
      return wanted === undefined || is('VolumeTypeUnknown') ? [] : [named(wanted)];
    }),
  };
}

/** What the finding of this name says of a template, and of a thing that it names; undefined if there is none. */
type Is = (name: Finding['name'], thing?: string) => string | undefined;

function is(
  findings: readonly Finding[],
  template: ClusterTemplate,
  name: Finding['name'],
  thing = '',
): string | undefined {
  const begins = `template ${template.name} `;
  return findings.find(
    (one) => one.name === name && one.evidence.startsWith(begins) && one.evidence.includes(` ${thing}`),
  )?.evidence;
}

/** A document names a thing by its name or its ID. */
function named(nameOrId: string): Named {
  if (isUuid(nameOrId)) return { id: nameOrId, name: nameOrId };
  const digits = sha256(nameOrId);
  return {
    id: `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`,
    name: nameOrId,
  };
}
