import { FINDINGS } from '../../../domain/findings/catalogue';
import type { Finding } from '../../../domain/findings/finding';
import type { Site } from '../../../domain/site/document';
import { run as preflight } from '../../../lambdas/preflight';
import { run as preflightCloud } from '../../../lambdas/preflight-cloud';
import type { SimulatedSite } from '../../../local/simulated-site';
import { authority } from '../../../local/simulated-site/certificates';
import { secretsOf, simulate } from '../simulated';
import { CA, site as siteOf } from '../sites';

/** A cause of failure: what is changed in the document, the site or the secrets, and what is found then. */
interface Cause {
  readonly what: string;
  readonly found: readonly string[];
  readonly document?: (document: Site) => void;
  /** Changes what is simulated, before anything is asked. */
  readonly site?: (site: SimulatedSite) => void;
  /** The site as it is simulated, where it is not what the document says. */
  readonly truth?: (document: Site) => void;
  /** SSM parameter that holds another value than the cloud knows. */
  readonly wrong?: string;
  /** Secrets that are other than usual, in the SSM parameters and in the cloud. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** All that preflight finds on a simulated site. */
async function findings({ document: change, site: prepare, truth, wrong, ...cause }: Omit<Cause, 'what' | 'found'>) {
  const actual = siteOf('golden', truth);
  const document = siteOf('golden', (one) => {
    truth?.(one);
    change?.(one);
  });
  const { site, clock, world, end } = simulate(actual, {
    secrets: { ...secretsOf(actual), ...cause.secrets },
    ...(wrong === undefined ? {} : { known: { [wrong]: 'mistaken' } }),
  });
  prepare?.(site);
  try {
    return await clock.drive(all());
  } finally {
    await end();
  }

  /** As the state machine hands them on. */
  async function all(): Promise<readonly Finding[]> {
    const { findings: before } = await preflight({ site: document }, world);
    return (await preflightCloud({ site: document, findings: before }, world)).findings;
  }
}

const summary = (all: readonly Finding[]) => all.map(({ name, severity }) => `${severity} ${name}`);
const zed = (document: Site) => {
  document.release = 'zed';
  document.magnum.keystone.authUrl = 'http://10.21.22.2:5000/v3';
};
const template = (change: Partial<Site['clusterTemplates'][number]>) => (document: Site) => {
  document.clusterTemplates = document.clusterTemplates.map((one) => ({ ...one, ...change }));
};
const extra = (section: string, options: Record<string, string>) => (document: Site) => {
  document.magnum.extraOptions = { ...document.magnum.extraOptions, [section]: options };
};
const withoutService = (type: string) => (site: SimulatedSite) => {
  const { catalogue } = site.openstack;
  catalogue.splice(
    catalogue.findIndex((service) => service.type === type),
    1,
  );
};
const everywhere = (act: (controller: NonNullable<ReturnType<SimulatedSite['controllers']['get']>>) => void) => {
  return (site: SimulatedSite) => {
    for (const controller of site.controllers.values()) act(controller);
  };
};
const withCaFile = (content: string) =>
  everywhere(({ files }) => {
    const like = files.files.get('/etc/magnum/magnum.conf');
    if (!like) throw new Error('there is no magnum.conf');
    files.files.set('/etc/magnum/ca.pem', { ...like, content, mode: 0o644 });
  });
const parameter = (name: string) => `/magnum-ha/golden/${name}`;

describe('causes of failure', () => {
  const causes: Cause[] = [
    {
      what: 'one address for the API of all controllers',
      document: extra('api', { host: '127.0.0.1' }),
      found: ['error ApiHostSame'],
    },
    {
      what: 'auth_uri without /v3',
      document: (one) => (one.magnum.keystone.wwwAuthenticateUri = 'http://10.21.22.2:5000'),
      found: ['error AuthUriWithoutV3'],
    },
    {
      what: 'auth_uri where Keystone is not',
      document: (one) => (one.magnum.keystone.wwwAuthenticateUri = 'http://10.21.22.2:5000/identity/v3'),
      found: ['error AuthUriWrong'],
    },
    {
      what: 'no [keystone_auth]',
      document: (one) => (one.magnum.keystone.keystoneAuth = false),
      found: ['error KeystoneAuthMissing'],
    },
    {
      what: "Magnum's user is refused",
      wrong: parameter('keystone-password'),
      found: ['error ServiceUserRefused'],
    },
    {
      what: "nobody listens on Keystone's port 35357",
      site: everywhere((one) => {
        one.stop();
        one.files.files.delete('/etc/haproxy/conf.d/030-keystone-2.cfg');
        one.start();
      }),
      found: ['error KeystonePortUnreachable', 'error KeystoneAuthUrlWrong'],
    },
    {
      what: 'Magnum 2.x, which knows no names of trustees',
      site: everywhere((one) => (one.magnumVersion = '2.0.1')),
      found: ['error TrusteeNamesUnknown'],
    },
    {
      what: 'the trustee admin is refused',
      wrong: parameter('trustee-password'),
      found: ['error TrusteeAdminRefused'],
    },
    {
      what: 'there is no trustee domain',
      document: (one) => (one.magnum.trust.domainName = 'nowhere'),
      found: ['error TrusteeAdminRefused'],
    },
    {
      what: 'the trustee admin has another role',
      site: ({ openstack }) => {
        const { roles } = openstack.backing.identity;
        roles.splice(0, roles.length, ...roles.map((role) => ({ ...role, name: 'reader' })));
      },
      found: ['warning TrusteeAdminWithoutRole'],
    },
    {
      what: 'nodes are sent to an internal Keystone',
      document: (one) => (one.magnum.trust.keystoneInterface = 'internal'),
      found: ['warning TrusteeInterfaceNotPublic'],
    },
    {
      what: 'Keystone has no public endpoint',
      site: ({ openstack }) => {
        const identity = openstack.catalogue.find(({ type }) => type === 'identity');
        identity?.endpoints.splice(0, 1);
      },
      found: ['error TrusteeEndpointMissing'],
    },
    {
      what: 'no region',
      document: (one) => {
        delete one.magnum.region;
      },
      found: ['warning RegionMissing'],
    },
    {
      what: 'a region that Keystone does not have',
      document: (one) => (one.magnum.region = 'RegionTwo'),
      found: ['error RegionUnknown'],
    },
    {
      what: 'a region of one client that Keystone does not have',
      document: (one) => (one.magnum.clients = { heat: { region: 'RegionTwo' } }),
      found: ['error RegionUnknown', 'error ClientEndpointMissing'],
    },
    {
      what: 'a client is to use an endpoint that is not there',
      document: (one) => (one.magnum.endpointInterface = 'public'),
      site: ({ openstack }) => {
        const nova = openstack.catalogue.find(({ type }) => type === 'compute');
        nova?.endpoints.splice(0, 1);
      },
      found: ['error ClientEndpointMissing'],
    },
    {
      what: 'nodes are sent to an internal endpoint of Magnum',
      document: (one) => (one.magnum.endpointInterface = 'internal'),
      found: ['warning NodesEndpointNotPublic'],
    },
    {
      what: 'barbican where there is none',
      document: (one) => (one.magnum.certificateManager = 'barbican'),
      found: ['error KeyManagerMissing'],
    },
    {
      what: "certificates on one controller's disk",
      document: extra('certificates', { cert_manager_type: 'local' }),
      found: ['error CertificateManagerLocal'],
    },
    {
      what: 'a certificate manager that does not exist',
      document: extra('certificates', { cert_manager_type: 'bogus' }),
      found: ['error CertificateManagerUnknown'],
    },
    {
      what: 'no volume type',
      document: (one) => {
        delete one.magnum.defaultDockerVolumeType;
      },
      found: ['error DockerVolumeTypeMissing'],
    },
    {
      what: 'a volume type that Cinder does not have',
      site: ({ openstack }) => openstack.cloud.volumeTypes.splice(0, 1, { id: '1', name: 'ceph' }),
      found: ['error VolumeTypeUnknown'],
    },
    { what: 'no Cinder', site: withoutService('volumev3'), found: ['error ServiceEndpointMissing'] },
    {
      what: 'a volume driver without trusts of users',
      document: template({ volumeDriver: 'rexray' }),
      found: ['warning ClusterUserTrustMissing'],
    },
    {
      what: 'the discovery service is out of reach',
      document: template({ coe: 'swarm' }),
      found: ['warning DiscoveryUnreachable'],
    },
    {
      what: 'an image without os_distro',
      document: template({ imageId: 'without-distribution' }),
      found: ['error ImageDistroUnsupported'],
    },
    {
      what: 'an image that no driver is for',
      document: template({ imageId: 'ubuntu_xenial' }),
      found: ['warning ImageDistroDoubtful', 'error ImageDistroUnsupported'],
    },
    {
      what: 'an image that only a contributed driver is for',
      document: template({ coe: 'kubernetes', imageId: 'ubuntu_xenial' }),
      found: ['warning DiscoveryUnreachable', 'warning ImageDistroUnsupported'],
    },
    {
      what: 'an image that a driver came for later',
      document: template({ coe: 'kubernetes', imageId: 'fedora-coreos' }),
      found: ['warning DiscoveryUnreachable', 'error ImageDistroUnsupported'],
    },
    { what: 'no image', document: template({ imageId: 'nowhere' }), found: ['error ImageMissing'] },
    {
      what: 'a COE that Magnum has no driver for yet',
      site: everywhere((one) => (one.magnumVersion = '4.1.4')),
      found: ['error CoeNotYetInRelease', 'warning ReleaseMismatch'],
    },
    {
      what: 'several managers without a load balancer',
      truth: (one) => {
        one.release = 'newton';
        delete one.magnum.defaultDockerVolumeType;
      },
      document: (one) => {
        template({ masterLbEnabled: false, coe: 'swarm' })(one);
        extra('cluster', { etcd_discovery_service_endpoint_format: 'http://10.21.22.2:5000/' })(one);
      },
      found: ['error ManagersWithoutLoadBalancer'],
    },
    {
      what: 'no service for load balancers',
      site: ({ openstack }) => (openstack.cloud.extensions = ['router']),
      found: ['error LoadBalancerServiceMissing'],
    },
    {
      what: 'RabbitMQ options that the installed Magnum ignores',
      truth: zed,
      document: extra('oslo_messaging_rabbit', { rabbit_virtual_host: '/m' }),
      found: ['error RabbitOptionsIgnored'],
    },
    {
      what: 'a database driver that is not installed',
      truth: zed,
      document: (one) => (one.magnum.database.driver = 'mysql'),
      found: ['warning DatabaseDriverMysql', 'error DatabaseDriverMissing'],
    },
    {
      what: 'RabbitMQ refuses the user',
      wrong: parameter('rabbit-password'),
      found: ['error RabbitUserRefused', 'error RabbitUserRefused', 'error RabbitUserRefused'],
    },
    {
      what: "a slash in RabbitMQ's password",
      secrets: { [parameter('rabbit-password')]: 'a/b' },
      found: ['error RabbitPasswordWithSlash'],
    },
    {
      what: 'both types of queues',
      truth: zed,
      document: extra('oslo_messaging_rabbit', { rabbit_quorum_queue: 'True' }),
      found: ['error QueueTypesBoth'],
    },
    {
      what: 'a heartbeat that kills the conductor',
      document: extra('oslo_messaging_rabbit', { heartbeat_rate: 'two' }),
      found: ['error HeartbeatNotInteger'],
    },
    {
      what: 'the database refuses the user',
      wrong: parameter('database-password'),
      found: ['error DatabaseUserRefused'],
    },
    {
      what: 'there is no such database',
      document: (one) => (one.magnum.database.name = 'other'),
      found: ['error DatabaseUserRefused'],
    },
    {
      what: 'one memcached is dead',
      site: ({ controllers }) => controllers.get('node-3')?.services.get('memcached')?.stop(),
      found: ['warning MemcachedUnreachable'],
    },
    {
      what: 'one RabbitMQ is dead',
      site: ({ controllers }) => controllers.get('node-3')?.services.get('rabbitmq-server')?.stop(),
      found: ['warning RabbitUnreachable'],
    },
    {
      what: 'all of RabbitMQ is dead',
      site: everywhere((one) => one.services.get('rabbitmq-server')?.stop()),
      found: ['error RabbitUnreachable', 'error RabbitUnreachable', 'error RabbitUnreachable'],
    },
    {
      what: 'the database is elsewhere',
      document: (one) => (one.magnum.database.host = '10.21.22.2:3307'),
      found: ['error DatabaseUnreachable'],
    },
    {
      what: 'the database does not talk TLS',
      document: (one) => {
        one.ca = { certificates: CA, file: '/etc/magnum/ca.pem' };
        one.magnum.database.tls = true;
      },
      site: withCaFile(CA),
      found: ['error DatabaseTlsFailed'],
    },
    {
      what: 'RabbitMQ does not talk TLS',
      document: (one) => (one.magnum.rabbit.tls = true),
      found: ['warning RabbitTlsUnchecked', ...Array<string>(3).fill('error RabbitTlsFailed')],
    },
    {
      what: 'Keystone speaks http, not https',
      document: (one) => {
        one.ca = { certificates: CA };
        one.magnum.keystone.authUrl = 'https://10.21.22.2:5000/v3';
      },
      found: ['warning CaFileNotSet', 'error KeystoneAuthUrlWrong'],
    },
    {
      what: 'controllers do not have the file of the CA',
      document: (one) => (one.ca = { certificates: CA, file: '/etc/magnum/ca.pem' }),
      found: ['error CaFileMissing'],
    },
    {
      what: 'controllers have the file of another CA',
      document: (one) => (one.ca = { certificates: CA, file: '/etc/magnum/ca.pem' }),
      site: withCaFile(authority('Another CA').cert),
      found: ['warning CaFileDiffers'],
    },
    {
      what: 'the file of the CA is the bundle of the system',
      document: (one) => (one.ca = { certificates: CA, file: '/etc/magnum/ca.pem' }),
      site: withCaFile([CA, ...Array.from({ length: 30 }, (_, index) => authority(`CA ${index}`).cert)].join('')),
      found: ['error CaFileIsBundle'],
    },
    {
      what: 'controllers have the file of the CA',
      document: (one) => (one.ca = { certificates: CA, file: '/etc/magnum/ca.pem' }),
      site: withCaFile(`# Private CA\n${CA}`),
      found: [],
    },
    {
      what: 'a health check that needs a token',
      document: (one) => (one.haproxy.healthCheckPath = '/v1/mservices'),
      found: ['error HealthCheckNeedsToken'],
    },
    {
      what: 'a cluster without workers, which came later',
      document: (one) => (one.clusters = one.clusters.map((cluster) => ({ ...cluster, workers: 0 }))),
      found: ['error NoWorkersUnsupported'],
    },
    {
      what: 'what is there is no database',
      document: (one) => (one.magnum.database.host = '10.21.22.2:5000'),
      found: ['warning LoginUnanswered'],
    },
    {
      what: "the workflow's own user is refused",
      wrong: parameter('openstack-password'),
      found: ['error OpenStackUserRefused'],
    },
    {
      what: 'Keystone does not serve',
      site: ({ openstack }) => (openstack.faults.keystoneDown = true),
      found: ['error KeystoneAuthUrlWrong', 'error AuthUriWrong', 'error OpenStackAuthUrlWrong'],
    },
    {
      what: 'Keystone fails on the first logins, and then no longer',
      site: ({ openstack }) => (openstack.faults.loginsFail = 2),
      found: [],
    },
    {
      what: 'Magnum has no endpoint',
      site: withoutService('container-infra'),
      found: ['error MagnumEndpointMissing'],
    },
    {
      what: 'Magnum has no endpoint in the region',
      document: (one) => (one.openstack.region = 'RegionTwo'),
      found: [
        'error MagnumEndpointMissing',
        'error TrusteeEndpointMissing',
        // Image, flavor, keypair, external and fixed network, load balancer, volume type.
        ...Array.from({ length: 7 }, () => 'error ServiceEndpointMissing'),
      ],
    },
    {
      what: 'Glance does not serve',
      site: everywhere((one) => one.services.get('glance-api')?.stop()),
      found: ['warning NotChecked'],
    },
    {
      what: 'no flavor',
      document: template({ flavorId: 'nope', masterFlavorId: 'm1.small' }),
      found: ['error FlavorMissing'],
    },
    { what: 'no keypair', document: template({ keypairId: 'nokey' }), found: ['error KeypairMissing'] },
    {
      what: 'no external network',
      document: template({ externalNetworkId: 'nowhere' }),
      found: ['error ExternalNetworkMissing'],
    },
    {
      what: "an external network, and somebody's own of that name",
      site: ({ openstack }) => openstack.cloud.networks.unshift({ id: '1', name: 'public', external: false }),
      found: [],
    },
    {
      what: 'an external network that is not external',
      document: template({ externalNetworkId: 'private' }),
      found: ['error ExternalNetworkMissing'],
    },
    { what: 'no fixed network', document: template({ fixedNetwork: 'nowhere' }), found: ['error FixedNetworkMissing'] },
    { what: 'no fixed subnet', document: template({ fixedSubnet: 'nowhere' }), found: ['error FixedSubnetUnknown'] },
    {
      what: 'a fixed network without a subnet',
      document: (one) => {
        one.clusterTemplates = one.clusterTemplates.map(({ fixedSubnet, ...others }) => others);
      },
      found: ['error FixedSubnetMissing'],
    },
    {
      what: 'Magnum is not installed',
      site: ({ controllers }) => {
        const node = controllers.get('node-2');
        if (node) node.magnumVersion = '';
      },
      found: ['error MagnumNotInstalled'],
    },
    {
      what: 'different versions of Magnum',
      site: ({ controllers }) => {
        const node = controllers.get('node-2');
        if (node) node.magnumVersion = '15.0.1';
      },
      found: ['warning MagnumVersionsDiffer'],
    },
    {
      what: 'a magnum.conf that was modified in the future',
      site: ({ controllers }) => {
        controllers.get('node-2')?.files.setModified('/etc/magnum/magnum.conf', Date.parse('2100-01-01'));
      },
      found: ['warning ModifiedInFuture'],
    },
    {
      what: 'HAProxy that was left disabled',
      site: ({ pacemaker }) => void pacemaker.setDisabled('node-1', 'p_haproxy', true),
      found: ['error HAProxyDisabled'],
    },
    {
      what: 'a name of auth_uri that the installed Magnum does not read',
      truth: (one) => (one.release = '2026.1'),
      document: (one) => {
        one.release = 'pike';
        one.clusters = [];
        one.clusterTemplates = [];
      },
      found: ['error AuthUriNotRead', 'warning KeystoneAdminPort', 'warning ReleaseMismatch'],
    },
  ];

  it('are as severe as the catalogue says', () => {
    const rules = new Map<string, string>(FINDINGS.map(([name, { severity }]) => [name, severity]));

    const all = causes.flatMap(({ found }) => found.map((one) => one.split(' ') as [string, string]));

    expect(all.filter(([severity, name]) => !rules.get(name)?.includes(severity))).toEqual([]);
  });

  it.each(causes)('$what', async ({ found, ...cause }) => {
    const all = await findings(cause);

    expect(summary(all)).toEqual(found);
    expect(all.every(({ evidence, remedy }) => evidence !== '' && remedy.endsWith('.'))).toBe(true);
  });
});

test('nothing is found where all is well', async () => {
  expect(await findings({})).toEqual([]);
});

test('what the bootstrap of the document makes does not refuse an apply; the rest does', async () => {
  const all = await findings({
    document: (one) => (one.bootstrap = ['database', 'keystone']),
    wrong: parameter('database-password'),
    site: (site) => {
      withoutService('container-infra')(site);
      for (const controller of site.controllers.values()) controller.services.get('rabbitmq-server')?.stop();
    },
  });

  expect(summary(all)).toEqual([
    ...Array.from({ length: 3 }, () => 'error RabbitUnreachable'),
    'warning DatabaseUserRefused',
    'warning MagnumEndpointMissing',
  ]);
});

test('where no cluster is wanted, what only clusters need refuses nothing', async () => {
  const all = await findings({
    document: (one) => {
      one.clusters = [];
      one.magnum.keystone.keystoneAuth = false;
    },
    wrong: parameter('trustee-password'),
  });

  expect(summary(all)).toEqual(['warning KeystoneAuthMissing', 'warning TrusteeAdminRefused']);
});

test('no finding repeats a secret', async () => {
  const all = await findings({
    wrong: parameter('rabbit-password'),
    document: (one) => (one.magnum.region = 'mistaken'),
  });

  expect(JSON.stringify(all)).toContain('<secret /magnum-ha/golden/rabbit-password>');
  expect(JSON.stringify(all)).not.toContain('mistaken');
});
