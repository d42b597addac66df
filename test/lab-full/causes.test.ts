import { readFileSync } from 'node:fs';
import type { Site } from '../../domain/site/document';
import { parseSite } from '../../domain/site/parse';
import {
  type Cause,
  evidenceOf,
  expected,
  findingsOf,
  hidden,
  shared,
  untilServing,
  withoutEndpoints,
  withoutPort35357,
  wrong,
} from '../lab-core/cause';
import { type OpenStackLab, startOpenStackLab } from '../lab-core/lab';

// What breaks templates and clusters, on real Glance, Nova and Neutron. What breaks Magnum
// itself is in test/lab-core. Cinder and Octavia are stood in for.

let site: OpenStackLab;
beforeAll(async () => {
  site = await startOpenStackLab({ profile: 'full', speed: 10 });
});
afterAll(() => site.close());

const template = (change: Partial<Site['clusterTemplates'][number]>) => (document: Site) => {
  document.clusterTemplates = document.clusterTemplates.map((one) => ({ ...one, ...change }));
};

const causes: Cause[] = [
  { what: 'nothing is found where all is well', found: {} },
  {
    what: 'the trustee admin is refused, where clusters are wanted',
    secrets: wrong('trustee-password'),
    found: { 'error TrusteeAdminRefused': /domain magnum to its admin magnum_domain_admin: 401/ },
  },
  {
    what: 'no volume type',
    document: (one) => {
      delete one.magnum.defaultDockerVolumeType;
    },
    found: { 'error DockerVolumeTypeMissing': /has a dockerVolumeSize/ },
  },
  {
    what: 'a template whose names nobody has',
    document: (one) => {
      one.magnum.defaultDockerVolumeType = 'ceph';
      template({
        imageId: 'nowhere',
        flavorId: 'nope',
        masterFlavorId: 'm1.small',
        keypairId: 'nokey',
        externalNetworkId: 'nothing',
        fixedNetwork: 'void',
        volumeDriver: 'rexray',
      })(one);
    },
    found: {
      'warning ClusterUserTrustMissing': /volumeDriver rexray/,
      'error ImageMissing': /image nowhere/,
      'error FlavorMissing': /flavor nope/,
      'error KeypairMissing': /keypair nokey/,
      'error ExternalNetworkMissing': /nothing, which Neutron does not have/,
      'error FixedNetworkMissing': /fixed network void/,
      'error VolumeTypeUnknown': /no volume type ceph, but lvm$/,
    },
  },
  {
    what: 'no Cinder',
    cloud: withoutEndpoints('":8776/" in one["url"]'),
    found: { 'error ServiceEndpointMissing': /The volume type of template .*volumev3/ },
  },
  {
    what: 'the discovery service is out of reach',
    document: template({ coe: 'swarm' }),
    found: { 'warning DiscoveryUnreachable': /discovery\.etcd\.io:443 .*node-1.*node-2.*node-3/ },
  },
  {
    what: 'an image without os_distro',
    document: template({ imageId: 'without-distribution' }),
    found: { 'error ImageDistroUnsupported': /image without-distribution is not set$/ },
  },
  {
    what: 'an image that no driver is for',
    document: template({ imageId: 'ubuntu_xenial' }),
    found: {
      'warning ImageDistroDoubtful': /image ubuntu_xenial, which sounds like ubuntu/,
      'error ImageDistroUnsupported': /image ubuntu_xenial is ubuntu$/,
    },
  },
  {
    what: 'an image that only a contributed driver is for',
    document: template({ coe: 'kubernetes', imageId: 'ubuntu_xenial' }),
    found: { 'warning DiscoveryUnreachable': /443/, 'warning ImageDistroUnsupported': /ubuntu_xenial is ubuntu$/ },
  },
  {
    what: 'no service for load balancers',
    cloud: withoutEndpoints('":9876" in one["url"]'),
    found: { 'error LoadBalancerServiceMissing': /neither an endpoint of load-balancer/ },
  },
  {
    what: 'Glance does not serve',
    cloud: shared(
      'service glance-api stop',
      `service glance-api start; ${untilServing('http://10.21.22.2:9292/versions')}`,
    ),
    found: { 'warning NotChecked': /whether the image of template .* will do/ },
  },
  {
    what: 'an external network that is not external',
    document: template({ externalNetworkId: 'private' }),
    found: { 'error ExternalNetworkMissing': /private, which is not external/ },
  },
  {
    what: 'a fixed subnet that the network does not have',
    document: template({ fixedSubnet: 'public-subnet' }),
    found: { 'error FixedSubnetUnknown': /public-subnet, which the network private does not have/ },
  },
  {
    what: 'a fixed network without a subnet',
    document: (one) => {
      one.clusterTemplates = one.clusterTemplates.map(({ fixedSubnet, ...others }) => others);
    },
    found: { 'error FixedSubnetMissing': /no fixedSubnet/ },
  },
];

describe('causes of failure, on real Glance, Nova and Neutron', () => {
  it.each(causes)('$what', async (cause) => {
    const findings = await findingsOf(site, cause);

    expect(evidenceOf(findings)).toEqual(expected(cause));
    expect(findings).toHaveLength(Object.keys(cause.found).length);
  });
});

describe("the guide's document on Magnum 15", () => {
  const ON_ANY_LAB = [
    'error AuthUriWithoutV3',
    'error KeystoneAuthMissing',
    'error RabbitOptionsIgnored',
    'error DockerVolumeTypeMissing',
    'error FixedSubnetMissing',
    'error ManagersWithoutLoadBalancer',
    'error ImageDistroUnsupported',
    'warning ConductorHostMissing',
    'warning LegacyKeystoneOptions',
    'warning KeystoneAdminPort',
    'warning DatabaseDriverMysql',
    'warning RegionMissing',
    'warning ImageDistroDoubtful',
    'warning ReleaseMismatch',
  ];

  /** The guide's, with what is the lab's own: host keys, names of secrets, and where RabbitMQ and memcached run. */
  function guide(): Site {
    const { magnum, openstack, ...lab } = site.lab.document;
    const { magnum: its, ...others } = parseSite('guide', readFileSync(`${__dirname}/../../sites/guide.json`, 'utf8'));
    return {
      ...others,
      name: lab.name,
      bastion: lab.bastion,
      ssh: lab.ssh,
      controllers: lab.controllers,
      magnum: {
        ...its,
        memcachedServers: magnum.memcachedServers,
        database: { ...its.database, password: magnum.database.password },
        keystone: { ...its.keystone, password: magnum.keystone.password },
        rabbit: { ...its.rabbit, hosts: magnum.rabbit.hosts, password: magnum.rabbit.password },
        trust: { ...its.trust, domainAdminPassword: magnum.trust.domainAdminPassword },
      },
      openstack: { ...others.openstack, password: openstack.password },
    };
  }

  const told = (cause = '') => [...cause.matchAll(/^- (\w+ \w+): .+\. .+\.$/gm)].map(([, finding]) => finding);

  it('is refused by the causes by their names; MySQLdb is there, and 35357 served', async () => {
    const { status, error, cause } = await site.execute('apply', guide());

    expect({ status, error }).toEqual({ status: 'FAILED', error: 'PreflightRefused' });
    expect(told(cause).sort()).toEqual(ON_ANY_LAB.toSorted());
    expect(cause).toContain('rabbit_hosts, rabbit_userid, rabbit_password');
    expect(cause).toContain('magnum.keystone.authUrl is http://10.21.22.2:35357/');
  });

  it('without MySQLdb, which no package of Magnum brings, and without a listener on 35357', async () => {
    const changes = [
      hidden(site.controllers, '/usr/lib/python3/dist-packages/MySQLdb'),
      withoutPort35357(site.controllers),
    ];
    const all = (script: 'act' | 'undo') =>
      Promise.all(site.controllers.map((name) => site.bash(name, changes.map((one) => one[script]).join(' && '))));
    await all('act');

    const { error, cause } = await site.execute('apply', guide());
    await all('undo');

    expect(error).toBe('PreflightRefused');
    expect(told(cause).sort()).toEqual(
      [
        ...ON_ANY_LAB,
        'error DatabaseDriverMissing',
        'error KeystonePortUnreachable',
        'error KeystoneAuthUrlWrong',
      ].sort(),
    );
    expect(cause).toContain('python3 cannot import MySQLdb');
    expect(cause).toContain('Keystone 10.21.22.2:35357 does not take connections from node-1');
  });
});
