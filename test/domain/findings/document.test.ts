import { documentFindings } from '../../../domain/findings/document';
import type { Site } from '../../../domain/site/document';
import type { Release } from '../../../domain/site/releases';
import { CA, site } from '../sites';

const summary = (document: Site) => documentFindings(document).map(({ name, severity }) => `${severity} ${name}`);

describe('documentFindings', () => {
  test.each(['golden', 'fuel', 'fuel-9', 'centos-7', 'rocky-9', 'ubuntu-24', 'debian'] as const)(
    'sites/%s.json has none',
    (name) => {
      expect(documentFindings(site(name))).toEqual([]);
    },
  );

  test("the guide's document has the guide's faults", () => {
    expect(summary(site('guide'))).toEqual([
      'error AuthUriWithoutV3',
      'error KeystoneAuthMissing',
      'warning ConductorHostMissing',
      'warning LegacyKeystoneOptions',
      'warning DatabaseDriverMysql',
      'warning RegionMissing',
      'error CoeNotYetInRelease',
      'warning ImageDistroDoubtful',
      'error FixedSubnetMissing',
      'error ManagersWithoutLoadBalancer',
    ]);
  });

  test('a finding says what is where and what to do', () => {
    expect(documentFindings(site('guide'))[1]).toEqual({
      name: 'KeystoneAuthMissing',
      severity: 'error',
      evidence: 'magnum.keystone.keystoneAuth is false, so that Magnum falls back on admin_*; admin_password is empty',
      remedy: 'Set keystoneAuth to true: without credentials Magnum cannot list services, nor make several managers.',
    });
  });

  const template = (change: Partial<Site['clusterTemplates'][number]>) => (document: Site) => {
    document.clusterTemplates = document.clusterTemplates.map((one) => ({ ...one, ...change }));
  };
  const release = (name: Release) => (document: Site) => {
    document.release = name;
    document.magnum.keystone.authUrl = 'http://10.21.22.2:5000/v3';
  };
  const extra =
    (options: Site['magnum']['extraOptions'], name: Release = 'pike') =>
    (document: Site) => {
      release(name)(document);
      document.magnum.extraOptions = options;
    };

  test.each<[string, (document: Site) => void, string[]]>([
    ['/v3/ is /v3', (one) => (one.magnum.keystone.wwwAuthenticateUri = 'http://10.21.22.2:5000/v3/'), []],
    ['port 35357 by Queens', (one) => (one.release = 'queens'), ['warning KeystoneAdminPort']],
    ['port 5000 by Queens', release('queens'), []],
    [
      'an internal trustee interface',
      (one) => (one.magnum.trust = { ...one.magnum.trust, keystoneInterface: 'internal' }),
      ['warning TrusteeInterfaceNotPublic'],
    ],
    ['no volume type', (one) => delete one.magnum.defaultDockerVolumeType, ['error DockerVolumeTypeMissing']],
    [
      'no volume type, nor a volume',
      (one) => {
        delete one.magnum.defaultDockerVolumeType;
        template({ dockerVolumeSize: undefined })(one);
      },
      [],
    ],
    [
      'no volume type, for mesos, which has none',
      (one) => {
        delete one.magnum.defaultDockerVolumeType;
        template({ coe: 'mesos' })(one);
      },
      [],
    ],
    [
      'a volume type by label',
      (one) => {
        delete one.magnum.defaultDockerVolumeType;
        template({ labels: { docker_volume_type: 'lvm' } })(one);
      },
      [],
    ],
    [
      'no region, kubernetes',
      (one) => {
        delete one.magnum.region;
        template({ coe: 'kubernetes' })(one);
      },
      ['error RegionMissing'],
    ],
    ['swarm-mode by 2023.1', release('2023.1'), []],
    ['swarm-mode by 2023.2', release('2023.2'), ['warning CoeDeprecated']],
    ['swarm-mode by 2024.1', release('2024.1'), ['error CoeRemoved']],
    [
      'mesos by Zed',
      (one) => {
        release('zed')(one);
        template({ coe: 'mesos' })(one);
      },
      ['error CoeRemoved'],
    ],
    ['an image of Ubuntu for swarm-mode', template({ imageId: 'ubuntu_xenial' }), ['warning ImageDistroDoubtful']],
    ['an image of CoreOS for kubernetes', template({ coe: 'kubernetes', imageId: 'fedora-coreos-35' }), []],
    ['a volume driver', template({ volumeDriver: 'rexray' }), ['warning ClusterUserTrustMissing']],
    [
      'a volume driver and user trusts',
      (one) => {
        extra({ trust: { cluster_user_trust: 'True' } })(one);
        template({ volumeDriver: 'rexray' })(one);
      },
      [],
    ],
    ['a registry', template({ registryEnabled: true }), ['warning ClusterUserTrustMissing']],
    [
      'the cloud provider of kubernetes',
      template({ coe: 'kubernetes', labels: { cloud_provider_enabled: 'true' } }),
      ['warning ClusterUserTrustMissing'],
    ],
    [
      'volumes of Cinder without the cloud provider',
      (one) => {
        extra({ trust: { cluster_user_trust: 'True' } }, 'rocky')(one);
        template({ coe: 'kubernetes', volumeDriver: 'cinder', labels: { cloud_provider_enabled: 'False' } })(one);
      },
      ['error CloudProviderDisabled'],
    ],
    [
      'a network driver of kubernetes',
      (one) => {
        release('queens')(one);
        template({ coe: 'kubernetes', networkDriver: 'calico' })(one);
      },
      [],
    ],
    [
      'one that came later',
      template({ coe: 'kubernetes', networkDriver: 'calico' }),
      ['error NetworkDriverUnsupported'],
    ],
    [
      'one of other drivers, from 2024.1 on',
      (one) => {
        release('2024.1')(one);
        template({ coe: 'kubernetes', networkDriver: 'cilium' })(one);
      },
      [],
    ],
    [
      'a network driver of swarm for kubernetes',
      template({ coe: 'kubernetes', networkDriver: 'docker' }),
      ['error NetworkDriverUnsupported'],
    ],
    [
      'a volume driver of kubernetes for swarm',
      (one) => {
        extra({ trust: { cluster_user_trust: 'True' } })(one);
        template({ volumeDriver: 'cinder' })(one);
      },
      ['error VolumeDriverUnsupported'],
    ],
    ['one address for all controllers', extra({ api: { host: '127.0.0.1' } }), ['error ApiHostSame']],
    ['every address', extra({ api: { host: '0.0.0.0' } }), ['error ApiHostWildcard']],
    ['every address of both kinds', extra({ api: { host: '::' } }), ['error ApiHostWildcard']],
    [
      'every address, and HAProxy in a network of its own',
      (one) => {
        extra({ api: { host: '0.0.0.0' } })(one);
        one.haproxy.include = 'statement';
      },
      [],
    ],
    ['local certificates', extra({ certificates: { cert_manager_type: 'local' } }), ['error CertificateManagerLocal']],
    [
      'legacy RabbitMQ options by Rocky',
      extra({ oslo_messaging_rabbit: { rabbit_virtual_host: '/m' } }, 'rocky'),
      ['warning RabbitOptionsIgnored'],
    ],
    [
      'legacy RabbitMQ options by Stein',
      extra({ oslo_messaging_rabbit: { rabbit_virtual_host: '/m' } }, 'stein'),
      ['error RabbitOptionsIgnored'],
    ],
    [
      'both types of queues',
      extra({ Oslo_Messaging_Rabbit: { rabbit_quorum_queue: 'yes' } }, 'yoga'),
      ['error QueueTypesBoth'],
    ],
    [
      'admin_* with a password, instead of [keystone_auth]',
      (one) => {
        extra({
          keystone_authtoken: { admin_user: 'magnum', admin_password: { ssm: `/magnum-ha/${one.name}/options/admin` } },
        })(one);
        one.magnum.keystone.keystoneAuth = false;
      },
      ['warning KeystoneAuthMissing', 'warning LegacyKeystoneOptions'],
    ],
    [
      '[keystone_auth] of its own',
      (one) => {
        extra({ keystone_auth: { auth_url: 'http://10.21.22.2:5000/v3' } })(one);
        one.magnum.keystone.keystoneAuth = false;
      },
      [],
    ],
    [
      'internal endpoints but for what nodes use',
      (one) => {
        one.magnum.endpointInterface = 'internal';
        one.magnum.clients = { magnum: { endpointInterface: 'public' } };
      },
      [],
    ],
    [
      'an endpoint for nodes by an extra option',
      (one) => {
        extra({ magnum_client: { endpoint_type: 'publicURL' } })(one);
        one.magnum.endpointInterface = 'internal';
      },
      [],
    ],
    ['a health check that needs no token', (one) => (one.haproxy.healthCheckPath = '/v1/'), []],
    ['a private CA without https', (one) => (one.ca = { certificates: CA }), []],
    [
      'a private CA with https, and without a file',
      (one) => {
        one.ca = { certificates: CA };
        one.magnum.keystone.wwwAuthenticateUri = 'https://10.21.22.2:5000/v3';
      },
      ['warning CaFileNotSet'],
    ],
    [
      'TLS to RabbitMQ with a file of the CA',
      (one) => {
        one.ca = { certificates: CA, file: '/etc/magnum/ca.pem' };
        one.magnum.rabbit.tls = true;
      },
      [],
    ],
    [
      'a cluster without workers by Wallaby',
      (one) => {
        release('wallaby')(one);
        one.clusters = one.clusters.map((cluster) => ({ ...cluster, workers: 0 }));
      },
      [],
    ],
  ])('%s', (_, change, found) => {
    expect(summary(site('golden', change))).toEqual(found);
  });
});
