import type { ExecutionRecord } from '../../domain/audit/audit';
import { sha256 } from '../../domain/canonical';
import { allSecretNames } from '../../domain/secrets/references';
import type { ClusterTemplate, Site } from '../../domain/site/document';
import type { VirtualLocal } from '../../local/deploy';
import { readSnapshot, type Snapshot, snapshotOf } from '../../local/rehearsal/snapshot';
import { GENERATIONS } from '../../local/simulated-site';
import { generateKeyPair } from '../../local/simulated-site/ssh-server';
import { document, reportOf, run, withLocal } from './local';

const golden = document('golden');
const [template] = golden.clusterTemplates as [ClusterTemplate];
/** A site whose cloud has nothing of the guide's. */
const other: Site = {
  ...golden,
  clusterTemplates: [
    {
      ...template,
      imageId: '6f1cfb0e-2d0b-4a2f-9f5e-0000000000aa',
      flavorId: 'c2.xlarge',
      masterFlavorId: 'c2.large',
      keypairId: 'operations',
      externalNetworkId: 'uplink',
      fixedNetwork: 'tenants',
      fixedSubnet: 'tenants-v4',
      labels: { docker_volume_type: 'ceph' },
    },
  ],
};

/** Each of them with a word of its own. */
const secrets = Object.fromEntries(
  allSecretNames(golden).map((name, index) => [
    name,
    name === golden.ssh.privateKey.ssm ? generateKeyPair().private : `canary${index}-hunter2`,
  ]),
);

/** Makes the cloud that of the other site. */
function furnish({ site }: VirtualLocal, changes: Partial<VirtualLocal['site']['openstack']['cloud']> = {}): void {
  Object.assign(site.openstack.cloud, {
    images: [{ id: '6f1cfb0e-2d0b-4a2f-9f5e-0000000000aa', name: 'atomic-29', osDistro: 'fedora-atomic' }],
    flavors: ['c2.large', 'c2.xlarge'].map((name, index) => ({ id: String(index), name })),
    keypairs: ['operations'],
    networks: [
      { id: 'a', name: 'uplink', external: true },
      { id: 'b', name: 'tenants', external: false },
    ],
    subnets: [{ id: 'c', name: 'tenants-v4', network: 'tenants' }],
    extensions: ['lbaasv2'],
    volumeTypes: [{ id: 'd', name: 'ceph' }],
    ...changes,
  });
}

/** What a check of a site makes a snapshot of. @param prepare what the site is like */
function checked(
  site: Site,
  prepare: (local: VirtualLocal) => unknown,
  options: Parameters<typeof withLocal>[2] = {},
): Promise<ExecutionRecord> {
  return withLocal(
    site,
    async (local) => {
      await prepare(local);
      return run(local, 'check');
    },
    { secrets, ...options },
  );
}

/** The digest of the document that an execution read. */
const sha256In = ({ events }: ExecutionRecord) =>
  /\\"document\\":\{[^}]*\\"sha256\\":\\"(\w+)\\"/.exec(JSON.stringify(events))?.[1] ?? '';
const take = (record: ExecutionRecord, site: Site): Snapshot => snapshotOf(record, { site, sha256: sha256In(record) });
const stored = (one: Snapshot) => readSnapshot(JSON.stringify(one), other);

test('a document of a cloud that has nothing of the simulated one can be rehearsed with a snapshot, and not without', async () => {
  const snapshot = stored(take(await checked(other, furnish), other));

  const without = await withLocal(other, (local) => run(local));
  const { generation, cloud } = snapshot;
  const rehearsed = await withLocal(other, (local) => run(local), { generation, cloud });

  expect(without).toMatchObject({ status: 'FAILED', error: 'PreflightRefused' });
  expect(without.cause).toContain('ImageMissing');
  expect(reportOf(rehearsed)).toMatchObject({ outcome: 'changed', findings: [] });
});

test('it says what the cloud has, where the check looked, and which document it read', async () => {
  const record = await checked(other, furnish);

  const taken = take(record, other);

  expect(taken).toMatchObject({
    site: 'golden',
    generation: 'debian-12',
    document: { sha256: sha256In(record) },
    assumed: [],
    cloud: {
      images: [{ id: '6f1cfb0e-2d0b-4a2f-9f5e-0000000000aa', osDistro: 'fedora-atomic' }],
      flavors: [{ name: 'c2.xlarge' }, { name: 'c2.large' }],
      keypairs: ['operations'],
      networks: [
        { name: 'uplink', external: true },
        { name: 'tenants', external: false },
      ],
      subnets: [{ name: 'tenants-v4', network: 'tenants' }],
      volumeTypes: [{ name: 'ceph' }],
    },
  });
});

test.each<[string, Parameters<typeof furnish>[1], string]>([
  ['the image', { images: [] }, 'ImageMissing'],
  [
    'the property of the image',
    { images: [{ id: 'x', name: '6f1cfb0e-2d0b-4a2f-9f5e-0000000000aa' }] },
    'ImageDistroUnsupported',
  ],
  ['a flavor', { flavors: [{ id: '1', name: 'c2.xlarge' }] }, 'FlavorMissing'],
  ['the keypair', { keypairs: [] }, 'KeypairMissing'],
  ['the external network', { networks: [{ id: 'b', name: 'tenants', external: false }] }, 'ExternalNetworkMissing'],
  ['the network of nodes', { networks: [{ id: 'a', name: 'uplink', external: true }] }, 'FixedNetworkMissing'],
  ['the subnet', { subnets: [] }, 'FixedSubnetUnknown'],
  ['load balancers', { extensions: [] }, 'LoadBalancerServiceMissing'],
  ['the volume type', { volumeTypes: [{ id: 'd', name: 'lvm' }] }, 'VolumeTypeUnknown'],
])('what the cloud lacks is lacking in the rehearsal, too: %s', async (_, changes, finding) => {
  const record = await checked(other, (local) => {
    furnish(local, changes);
  });

  const { cloud } = stored(take(record, other));
  const rehearsed = await withLocal(other, (local) => run(local, 'check'), { cloud });

  expect(reportOf(rehearsed).findings.map(({ name }) => name)).toEqual([finding]);
});

test.each(['fuel-9', 'fuel-10', 'centos-7', 'rocky-9', 'ubuntu-24', 'debian-11', 'debian-13'] as const)(
  'the controllers of the rehearsal are those of %s, whatever the document says',
  async (generation) => {
    const { releases } = GENERATIONS[generation];
    const { defaultDockerVolumeType, ...magnum } = golden.magnum;
    const site: Site = { ...golden, magnum, release: releases[1], clusterTemplates: [], clusters: [] };

    const { generation: found } = take(await checked(site, () => undefined, { generation }), site);

    expect(found).toBe(generation);
  },
);

test('a clean check in one look does as well', async () => {
  const site: Site = { ...golden, clusters: [] };
  const record = await checked(site, (local) => run(local));

  expect(take(record, site).cloud.images).toMatchObject([{ name: 'fedora-atomic' }]);
});

test('no secret is in it', async () => {
  const record = await checked(other, (local) => {
    furnish(local);
    for (const { files } of local.site.controllers.values()) {
      files.seed('/etc/magnum/magnum.conf', `[DEFAULT]\ntransport_url = ${Object.values(secrets).join(' ')}\n`, 0o640);
    }
  });

  const text = JSON.stringify(take(record, other));

  for (const value of Object.values(secrets)) expect(text).not.toContain(value.slice(0, 40));
  expect(text).not.toContain('hunter2');
});

describe('is refused', () => {
  const refusal = (action: () => unknown): string => {
    try {
      action();
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : '';
    }
    return '';
  };

  test('of a check that could not ask the cloud, or read another document, or of another site', async () => {
    const blind = await checked(other, ({ site }) => (site.openstack.faults.keystoneDown = true));
    const well = await checked(other, furnish);

    expect(refusal(() => take({ events: [] }, { ...other, name: '' }))).toContain('read no document');
    expect(refusal(() => take(blind, other))).toMatch(/^SnapshotUnusable: .* \(OpenStackAuthUrlWrong: /);
    expect(refusal(() => snapshotOf(well, { site: other, sha256: sha256('') }))).toMatch(
      /^SnapshotUnusable: .*magnum-ha site get golden --version-id /,
    );
    expect(refusal(() => take(well, { ...other, name: 'elsewhere' }))).toContain('on site golden, not on elsewhere');
  });

  test.each([
    ['no JSON', 'x', 'is no JSON'],
    ['something else', '{"format": 1}', 'site: '],
    ['a report', '{"site": "golden"}', 'format: '],
  ])('if it is %s', (_, text, wanted) => {
    expect(refusal(() => readSnapshot(text, other))).toMatch(/^SnapshotUnusable: /);
    expect(refusal(() => readSnapshot(text, other))).toContain(wanted);
  });

  test('for the document of another site', async () => {
    const text = JSON.stringify(take(await checked(other, furnish), other));

    expect(refusal(() => readSnapshot(text, { ...other, name: 'elsewhere' }))).toContain('a snapshot of site golden');
  });
});
