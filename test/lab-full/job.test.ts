import { basename, dirname } from 'node:path';
import { catalogue } from '../../domain/commands/catalogue';
import type { Cluster, ClusterTemplate, Site } from '../../domain/site/document';
import { type OpenStackLab, startOpenStackLab } from '../lab-core/lab';
import { reportOf } from '../workflow/local';

// The main job on real OpenStack, with clusters that Heat makes of real servers, ports and groups. Only what runs within the
// servers is played.

const KUBERNETES: ClusterTemplate = {
  name: 'kubernetes-template',
  coe: 'kubernetes',
  imageId: 'fedora-coreos',
  keypairId: 'fuel',
  externalNetworkId: 'public',
  fixedNetwork: 'private',
  fixedSubnet: 'private-subnet',
  dnsNameserver: '8.8.8.8,1.1.1.1',
  flavorId: 'm1.medium',
  masterFlavorId: 'm1.large',
  dockerVolumeSize: 5,
  dockerStorageDriver: 'overlay2',
  networkDriver: 'calico',
  volumeDriver: 'cinder',
  masterLbEnabled: true,
  floatingIpEnabled: false,
  insecureRegistry: 'registry.example:5000',
  httpProxy: 'http://proxy.example:3128',
  httpsProxy: 'http://proxy.example:3128',
  noProxy: 'localhost,10.21.22.2',
  labels: { kube_tag: 'v1.23.3-rancher1', monitoring_enabled: 'false' },
};

const SWARM = 'swarm-mode-cluster';

let site: OpenStackLab;
beforeAll(async () => {
  site = await startOpenStackLab({
    profile: 'full',
    speed: 5,
    change: (document) => ({ ...document, clusterTemplates: [...document.clusterTemplates, KUBERNETES] }),
  });
});
afterAll(() => site.close());

it('before: Magnum is as its packages leave it, and HAProxy does not know it', async () => {
  const { magnumConf, fragment } = catalogue(site.lab.document).files;

  const [conf, fragments] = await Promise.all([
    site.bash('node-1', `cat ${magnumConf.path}`),
    site.bash('node-1', `ls ${dirname(fragment.path)}`),
  ]);

  expect(conf).not.toContain(site.lab.document.virtualIp);
  expect(fragments).not.toContain(basename(fragment.path));
});

it('apply: three conductors live, every API answers direct and through the VIP, templates and cluster are made', async () => {
  const report = reportOf(await site.execute('apply'));

  expect(report).toMatchObject({
    outcome: 'changed',
    verification: { healthy: true },
    clusterTemplates: [{ action: 'created' }, { name: KUBERNETES.name, action: 'created' }],
    clusters: [{ name: SWARM, action: 'created', status: 'CREATE_COMPLETE', managers: 3, workers: 2 }],
  });
  const restarts = report.controllers.map(({ restarted }) => restarted?.restartedAt ?? Infinity).sort();
  const heartbeats = (report.verification?.conductors ?? []).map(({ heartbeatAt }) => heartbeatAt).sort();
  expect(heartbeats).toHaveLength(3);
  expect(heartbeats.map((at, index) => at > (restarts[index] ?? Infinity))).toEqual([true, true, true]);
  expect(report.verification?.apis.map(({ name, answers }) => [name, answers])).toEqual(
    [...site.controllers, 'VIP'].map((name) => [name, true]),
  );
  // No load balancer is there to give the cluster an address.
  expect(report.clusters?.[0]).not.toHaveProperty('apiAddress');
  expect(await truth(SWARM)).toEqual({ status: 'CREATE_COMPLETE', nodes: 2, servers: 5 });
});

it('a second run finds nothing to change', async () => {
  const report = reportOf(await site.execute('apply'));

  expect(report).toMatchObject({
    outcome: 'unchanged',
    plan: [],
    outageMs: null,
    clusterTemplates: [{ action: 'unchanged' }, { action: 'unchanged' }],
    clusters: [{ action: 'unchanged', status: 'CREATE_COMPLETE' }],
  });
});

it('workers 2 → 4, and another label of kubernetes, by editing the document', async () => {
  const { document } = site.lab;
  const changed: Site = {
    ...document,
    clusterTemplates: document.clusterTemplates.map((one) =>
      one.name === KUBERNETES.name ? { ...one, labels: { kube_tag: 'v1.24.0' } } : one,
    ),
    clusters: document.clusters.map((one) => ({ ...one, workers: 4 })),
  };

  const report = reportOf(await site.execute('apply', changed));

  const { labels } = KUBERNETES;
  expect(report).toMatchObject({
    outcome: 'changed',
    outageMs: null,
    clusterTemplates: [
      { action: 'unchanged' },
      { action: 'updated', differences: [{ field: 'labels', found: labels, wanted: { kube_tag: 'v1.24.0' } }] },
    ],
    clusters: [
      {
        action: 'resized',
        status: 'UPDATE_COMPLETE',
        workers: 4,
        differences: [{ field: 'node_count', found: 2, wanted: 4 }],
      },
    ],
  });
  expect(await truth(SWARM)).toEqual({ status: 'UPDATE_COMPLETE', nodes: 4, servers: 7 });
});

it('a cluster that somebody deleted: a check says that it is missing, an apply makes it again', async () => {
  await site.bash('openstack', python(`cloud.ask("DELETE", f"{magnum}/clusters/${SWARM}")`));
  const gone = python(`
import time
while any(one["name"] == "${SWARM}" for one in cloud.ask("GET", f"{magnum}/clusters")["clusters"]):
    time.sleep(1)`);
  await site.bash('openstack', gone);
  const small = withCluster(SWARM, {});

  const checked = reportOf(await site.execute('check', small));
  const mended = reportOf(await site.execute('apply', small));

  expect(checked.outcome).toBe('drift');
  expect(checked.verdicts).toContainEqual(expect.objectContaining({ thing: `cluster ${SWARM}`, verdict: 'missing' }));
  expect(mended).toMatchObject({
    outcome: 'changed',
    outageMs: null,
    clusters: [{ name: SWARM, action: 'created', status: 'CREATE_COMPLETE', workers: 1 }],
  });
});

it('a cluster whose time is over: what is not complete in Heat is reported', async () => {
  // Nobody signals that its servers are up.
  await site.bash('openstack', 'kill $(cat /run/guest.pid)');

  const { error, cause } = await site.execute('apply', withCluster('silent', { deadlineMinutes: 6 }));

  expect(error).toBe('ClusterDeadlineExceeded');
  expect(cause).toMatch(
    /cluster silent is not complete after 6 minutes: Magnum's last status is CREATE_IN_PROGRESS, that of its Heat stack CREATE_IN_PROGRESS\. Resources in Heat that are not complete: .*swarm_primary_master\b.* CREATE_IN_PROGRESS/,
  );
});

it('a cluster that fails: the resources that failed in Heat are told, with their reasons', async () => {
  // No server finds a host.
  await site.bash('openstack', python(`cloud.ask("PUT", f"{nova}/os-services/disable", json=compute)`));

  const { error, cause } = await site.execute('apply', withCluster('failing', {}));

  expect(error).toBe('ClusterFailed');
  expect(cause).toMatch(
    /cluster failing \([0-9a-f-]+\) is CREATE_FAILED: default-master failed, default-worker failed; .*Resources in Heat that failed: OS::Nova::Server swarm_\w+\.0\.swarm-\w+ CREATE_FAILED: ResourceInError: .*No valid host was found/,
  );
});

/** The lab's own document with another cluster in the place of its own. */
function withCluster(name: string, changed: Partial<Cluster>): Site {
  const { document } = site.lab;
  const [cluster] = document.clusters as [Cluster];
  return { ...document, clusters: [{ ...cluster, name, managers: 1, workers: 1, ...changed }] };
}

/** What Magnum says of a cluster, how many nodes Heat has made, and how many servers Nova has. */
async function truth(name: string): Promise<unknown> {
  const script = python(`
cluster = cloud.ask("GET", f"{magnum}/clusters/${name}")
stack = cloud.ask("GET", f"{heat}/stacks/{cluster['stack_id']}")["stack"]
outputs = {one["output_key"]: one["output_value"] for one in stack["outputs"]}
servers = cloud.ask("GET", f"{nova}/servers")["servers"]
print(json.dumps({"status": cluster["status"], "nodes": len(outputs["swarm_nodes"]), "servers": len(servers)}))`);
  return JSON.parse(await site.bash('openstack', script));
}

/** A line of bash that runs Python as the administrator of the cloud. */
function python(script: string): string {
  return `python3 - <<'END_PYTHON'
import json
from lab_identity import Cloud
cloud = Cloud()
nova = "http://127.0.0.1:8774/v2.1"
heat = f"http://127.0.0.1:8004/v1/{cloud.project}"
magnum = "http://${site.lab.document.virtualIp}:${site.lab.document.magnum.apiPort}/v1"
compute = {"host": "openstack", "binary": "nova-compute"}
${script}
END_PYTHON`;
}
