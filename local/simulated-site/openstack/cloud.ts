import type { Site } from '../../../domain/site/document';

/** What Glance, Nova, Neutron and Cinder hold, as far as somebody looks at it. */
export interface Cloud {
  images: { id: string; name: string; osDistro?: string }[];
  flavors: { id: string; name: string }[];
  keypairs: string[];
  networks: { id: string; name: string; external: boolean }[];
  subnets: { id: string; name: string; network: string }[];
  /** Aliases of Neutron's extensions. */
  extensions: string[];
  volumeTypes: { id: string; name: string }[];
}

/**
 * The cloud of the guide, with the image that swarm-mode wants (`fedora-atomic`) besides the guide's own, and the volume type
 * that the document names.
 */
export function presetCloud({ magnum }: Site): Cloud {
  return {
    images: [
      { id: '6f1cfb0e-2d0b-4a2f-9f5e-1b7b3c1d0001', name: 'fedora-atomic', osDistro: 'fedora-atomic' },
      { id: '6f1cfb0e-2d0b-4a2f-9f5e-1b7b3c1d0002', name: 'ubuntu_xenial', osDistro: 'ubuntu' },
      { id: '6f1cfb0e-2d0b-4a2f-9f5e-1b7b3c1d0003', name: 'fedora-coreos', osDistro: 'fedora-coreos' },
      { id: '6f1cfb0e-2d0b-4a2f-9f5e-1b7b3c1d0004', name: 'without-distribution' },
    ],
    flavors: ['m1.tiny', 'm1.small', 'm1.medium', 'm1.large'].map((name, index) => ({ id: String(index + 1), name })),
    keypairs: ['fuel'],
    networks: [
      { id: '0c9a7a52-5d52-4c43-8a3e-8f4b5a6c0001', name: 'public', external: true },
      { id: '0c9a7a52-5d52-4c43-8a3e-8f4b5a6c0002', name: 'private', external: false },
    ],
    subnets: [{ id: '4be0c5cf-6a5f-4d0c-9e55-0d6a7f1e0001', name: 'private-subnet', network: 'private' }],
    extensions: ['external-net', 'router', 'lbaasv2'],
    volumeTypes: [{ id: '9a7c1d5e-3b1f-4b36-8a51-2c9d0e7f0001', name: magnum.defaultDockerVolumeType ?? 'lvm' }],
  };
}

/** Whether one of `items` has this name or ID. */
export function has(items: readonly { id: string; name: string }[], nameOrId: string): boolean {
  return items.some(({ id, name }) => id === nameOrId || name === nameOrId);
}
