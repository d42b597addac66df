import * as z from 'zod';
import { addresses, count, line, token, url } from './fields';
import { LIMITS } from './limits';

export const clusterTemplate = z
  .strictObject({
    name: token.describe('Name; looked up before anything is created.'),
    coe: z.enum(['swarm-mode', 'swarm', 'kubernetes', 'mesos', 'dcos']).describe('Container orchestration engine.'),
    imageId: line.describe('Name or ID of the Glance image.'),
    keypairId: line.optional().describe('Name of the Nova keypair.'),
    externalNetworkId: line.describe('Name or ID of the external network.'),
    fixedNetwork: line.optional().describe('Name or ID of the fixed network.'),
    fixedSubnet: line.optional().describe('Name or ID of the fixed subnet; needed with fixedNetwork.'),
    dnsNameserver: addresses.optional().describe('DNS server of the nodes, or several with commas between.'),
    flavorId: line.optional().describe('Flavor of the workers.'),
    masterFlavorId: line.optional().describe('Flavor of the managers.'),
    dockerVolumeSize: count.optional().describe('Size of the Docker volume, in GB (Cinder).'),
    dockerStorageDriver: token.optional().describe('Docker storage driver.'),
    networkDriver: token
      .optional()
      .describe('Container network driver: flannel, calico (kubernetes) or docker (swarm).'),
    volumeDriver: token.optional().describe('Container volume driver: cinder (kubernetes) or rexray (swarm).'),
    masterLbEnabled: z.boolean().optional().describe('Load balancer before the managers; needed for several.'),
    floatingIpEnabled: z.boolean().optional().describe('Whether every node gets a floating IP.'),
    tlsDisabled: z.boolean().optional().describe('Serve the COE API without TLS.'),
    registryEnabled: z.boolean().optional().describe('Whether each cluster gets a registry of its own (Swift).'),
    insecureRegistry: line.optional().describe('HOST:PORT of a registry without TLS.'),
    httpProxy: url.optional().describe('Proxy of the nodes for http.'),
    httpsProxy: url.optional().describe('Proxy of the nodes for https.'),
    noProxy: line.optional().describe('Names and addresses that the nodes reach without a proxy, with commas between.'),
    labels: z.record(token, line).optional().describe('Labels: what a driver can be told, such as kube_tag.'),
  })
  .describe("A Magnum cluster template; the fields are Magnum's attributes (image_id is imageId and so on).");

export const cluster = z
  .strictObject({
    name: token.describe('Name; looked up before anything is created.'),
    clusterTemplate: token.describe('Name of a template of clusterTemplates.'),
    managers: z
      .int()
      .min(1, 'at least 1 manager')
      .describe("Number of managers: Magnum's master_count. Cannot be changed later."),
    workers: z
      .int()
      .min(0, 'at least 0 workers')
      .describe("Number of workers: Magnum's node_count, which never includes the managers."),
    createTimeoutMinutes: count.default(60).describe("Magnum's own create_timeout."),
    deadlineMinutes: count
      .max(LIMITS.deadlineMinutes)
      .default(75)
      .describe('How long the workflow waits; CREATE_IN_PROGRESS can outlive create_timeout.'),
  })
  .describe('A Magnum cluster: managers + workers servers in all.');
