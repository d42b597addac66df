import { apiUrl } from '../../../domain/config/haproxy';
import type { Site } from '../../../domain/site/document';
import { hasTls, keystoneEndpoints } from '../endpoints';

/** A service of Keystone's catalogue. */
export interface CatalogueService {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly endpoints: { id: string; interface: string; region: string; region_id: string; url: string }[];
}

const INTERFACES = ['public', 'internal', 'admin'] as const;

/**
 * The services of a site, all behind its VIP, in the region the document names; Barbican only if it is wanted.
 * @param projectId which Keystone puts into the URLs that have it
 */
export function catalogueOf(site: Site, projectId: string): CatalogueService[] {
  const { magnum, openstack } = site;
  const [keystone] = keystoneEndpoints(site);
  const at = (path: string) => `${hasTls(site) ? 'https' : 'http'}://${keystone.host}${path}`;
  const services: [type: string, name: string, path: string][] = [
    ['identity', 'keystone', `:${keystone.port}/v3`],
    ['container-infra', 'magnum', ''],
    ['image', 'glance', ':9292'],
    ['compute', 'nova', ':8774/v2.1'],
    ['network', 'neutron', ':9696'],
    ['orchestration', 'heat', `:8004/v1/${projectId}`],
    ['volumev3', 'cinderv3', `:8776/v3/${projectId}`],
    ...(magnum.certificateManager === 'barbican'
      ? [['key-manager', 'barbican', ':9311'] as [string, string, string]]
      : []),
  ];
  return services.map(([type, name, path], index) => ({
    id: `5e41ce00000000000000000000000${String(index).padStart(3, '0')}`,
    type,
    name,
    endpoints: INTERFACES.map((kind, place) => ({
      id: `e4d0047000000000000000000000${String(index).padStart(3, '0')}${place}`,
      interface: kind,
      region: openstack.region,
      region_id: openstack.region,
      url:
        type === 'container-infra'
          ? apiUrl(site, kind)
          : at(type === 'identity' && kind === 'admin' ? ':35357/v3' : path),
    })),
  }));
}
