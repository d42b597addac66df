import { isUuid, named, type Reader } from './template-reader';
import * as z from 'zod';
import type { Finding } from './finding';
import { flag, listOf, optionalListOf } from '../openstack/answers';
import { EndpointMissing } from '../openstack/keystone';
import type { ClusterTemplate } from '../site/document';

const networks = z.object({ networks: listOf(named.extend({ 'router:external': flag })) });
const subnets = z.object({ subnets: listOf(named.extend({ network_id: z.string() })) });
const allExtensions = z.object({ extensions: optionalListOf(z.object({ alias: z.string() })) });

async function networksOf(read: Reader, nameOrId: string) {
  const filter = isUuid(nameOrId) ? 'id' : 'name';
  const list = await read('network', `/v2.0/networks?${filter}=${encodeURIComponent(nameOrId)}`, networks);
  return list?.networks ?? [];
}

export async function externalNetwork({ name, externalNetworkId }: ClusterTemplate, read: Reader): Promise<Finding[]> {
  // An administrator sees everybody's networks of that name; Magnum looks among external ones only.
  const named = await networksOf(read, externalNetworkId);
  if (named.some((network) => network['router:external'] === true)) return [];
  return [
    {
      name: 'ExternalNetworkMissing',
      severity: 'error',
      evidence:
        named.length > 0
          ? `template ${name} names the external network ${externalNetworkId}, which is not external`
          : `template ${name} names the external network ${externalNetworkId}, which Neutron does not have for this user`,
      remedy: 'Correct externalNetworkId: `openstack network list --external` shows what there is; Magnum answers 400.',
    },
  ];
}

export async function fixedNetwork({ name, ...template }: ClusterTemplate, read: Reader): Promise<Finding[]> {
  const { fixedNetwork: wanted, fixedSubnet } = template;
  if (wanted === undefined) return [];
  const [network] = await networksOf(read, wanted);
  if (!network) {
    const evidence = `template ${name} names the fixed network ${wanted}, which Neutron does not have for this user`;
    const remedy = 'Create it, or correct fixedNetwork: Magnum takes the template, and its clusters fail later.';
    return [{ name: 'FixedNetworkMissing', severity: 'error', evidence, remedy }];
  }
  if (fixedSubnet === undefined) return [];
  const path = `/v2.0/subnets?${isUuid(fixedSubnet) ? 'id' : 'name'}=${encodeURIComponent(fixedSubnet)}`;
  const list = await read('network', path, subnets);
  if (list?.subnets.some(({ network_id }) => network_id === network.id)) return [];
  return [
    {
      name: 'FixedSubnetUnknown',
      severity: 'error',
      evidence: `template ${name} names the fixed subnet ${fixedSubnet}, which the network ${wanted} does not have`,
      remedy: 'Create it there, or correct fixedSubnet: clusters fail later.',
    },
  ];
}

/** Octavia has an endpoint of its own; before it load balancers were an extension of Neutron. */
export async function loadBalancer({ name, masterLbEnabled }: ClusterTemplate, read: Reader): Promise<Finding[]> {
  if (masterLbEnabled !== true) return [];
  const octavia = await read('load-balancer', '/', z.unknown()).then(
    () => true,
    // Whatever it answers there, it is deployed.
    (error: unknown) => !(error instanceof EndpointMissing),
  );
  if (octavia) return [];
  const list = await read('network', '/v2.0/extensions', allExtensions);
  if (list?.extensions.some(({ alias }) => alias === 'lbaasv2' || alias === 'lbaas')) return [];
  return [
    {
      name: 'LoadBalancerServiceMissing',
      severity: 'error',
      evidence: `template ${name} has masterLbEnabled; there is neither an endpoint of load-balancer nor Neutron's extension lbaasv2`,
      remedy: 'Deploy Octavia, or do with one manager and without masterLbEnabled: Heat cannot make the load balancer.',
    },
  ];
}
