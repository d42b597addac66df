import { entry, ERROR, type FindingEntry, IF_CLUSTERS, WARNING } from './entry';

/** Found by the site document alone, and by the release that is installed. */
export const DOCUMENT_CATALOGUE = {
  ApiHostSame: entry(
    ERROR,
    'extraOptions sets one `[api] host` for every controller.',
    "Remove it: each controller gets its own address, where every controller's HAProxy can reach it.",
  ),
  ApiHostWildcard: entry(
    ERROR,
    'The API listens on every address, the VIP among them, so that HAProxy cannot start.',
    "Let each API listen on its controller's own address.",
  ),
  AuthUriWithoutV3: entry(
    IF_CLUSTERS,
    'auth_uri does not end in /v3. Magnum uses it as it is for trusts, and Keystone answers 404.',
    'Let magnum.keystone.wwwAuthenticateUri end in /v3.',
  ),
  AuthUriNotRead: entry(
    ERROR,
    'auth_uri is written under a name that the installed release does not read.',
    'Set release to the one that is installed.',
  ),
  KeystoneAuthMissing: entry(
    `${IF_CLUSTERS}; warning if an admin_password is set`,
    'There is no `[keystone_auth]`: Magnum falls back on admin_*.',
    'Set magnum.keystone.keystoneAuth to true.',
  ),
  ConductorHostMissing: entry(
    WARNING,
    'There is no `[DEFAULT] host`: all conductors share one row of service-list.',
    'Set magnum.conductorHost to true.',
  ),
  LegacyKeystoneOptions: entry(
    WARNING,
    'extraOptions sets options that keystonemiddleware has dropped.',
    'Remove them and use `[keystone_auth]`.',
  ),
  KeystoneAdminPort: entry(
    WARNING,
    'A URL has port 35357, on which nothing listens by default from Queens on.',
    'Use port 5000.',
  ),
  CertificateManagerLocal: entry(
    ERROR,
    "`local` keeps certificates on one controller's disk, where the others do not find them.",
    'Remove cert_manager_type from extraOptions, and choose by magnum.certificateManager.',
  ),
  CertificateManagerUnknown: entry(
    IF_CLUSTERS,
    'Magnum has no certificate manager of that name: every cluster fails.',
    'Remove cert_manager_type from extraOptions, and choose by magnum.certificateManager.',
  ),
  DatabaseDriverMysql: entry(
    WARNING,
    '`mysql://` needs the module MySQLdb. Without it every request fails with 500.',
    'Set magnum.database.driver to mysql+pymysql.',
  ),
  RabbitOptionsIgnored: entry(
    'error from Stein on, else warning',
    'magnum.conf has rabbit_* options that oslo.messaging does not read when there is a transport_url.',
    'Remove them, or set release to the one that is installed.',
  ),
  HeartbeatNotInteger: entry(
    ERROR,
    'A heartbeat option is no whole number: magnum-conductor ends when it reads it.',
    'Set a whole number.',
  ),
  QueueTypesBoth: entry(
    ERROR,
    'Mirrored and quorum queues are both turned on: oslo.messaging stops.',
    'Remove rabbit_ha_queues and rabbit_quorum_queue from extraOptions.',
  ),
  RegionMissing: entry(
    'error if a template is of kubernetes or mesos, else warning',
    'There is no region_name, which the drivers of kubernetes and mesos need.',
    "Set magnum.region to a region of Keystone's list.",
  ),
  TrusteeInterfaceNotPublic: entry(
    WARNING,
    'The nodes of clusters are sent to an endpoint of Keystone that is not public.',
    'Use public unless the nodes reach that endpoint: otherwise no cluster completes.',
  ),
  NodesEndpointNotPublic: entry(
    WARNING,
    'The nodes of clusters are sent to an endpoint of Magnum that is not public.',
    'Set magnum.clients.magnum.endpointInterface to public unless the nodes reach that endpoint.',
  ),
  CaFileNotSet: entry(
    WARNING,
    'Keystone has https URLs, and its CA may not be one that the controllers trust.',
    "Set ca.file unless the controllers' own store has the CA: otherwise Magnum answers 503.",
  ),
  RabbitTlsUnchecked: entry(
    WARNING,
    'TLS to RabbitMQ has no CA: oslo.messaging takes any certificate.',
    'Set ca.file.',
  ),
  HealthCheckNeedsToken: entry(
    ERROR,
    'Magnum answers the health check with 401, for which HAProxy takes every API to be down.',
    'Set haproxy.healthCheckPath to /healthcheck.',
  ),
  CoeNotYetInRelease: entry(
    ERROR,
    'The release does not have the COE of a template yet.',
    'Upgrade, or choose another COE.',
  ),
  CoeRemoved: entry(ERROR, 'The release no longer has the COE of a template.', 'Choose another COE.'),
  CoeDeprecated: entry(WARNING, 'The COE of a template is deprecated.', 'Plan for another COE.'),
  ImageDistroDoubtful: entry(
    WARNING,
    'An image has a name that sounds like a distribution for which the COE has no driver.',
    'Use an image whose property os_distro has a driver.',
  ),
  DockerVolumeTypeMissing: entry(
    ERROR,
    'Clusters fail with "docker_volume_type not provided".',
    'Set magnum.defaultDockerVolumeType to a volume type of Cinder.',
  ),
  FixedSubnetMissing: entry(
    ERROR,
    'A template has a fixedNetwork and no fixedSubnet: its clusters fail.',
    'Name a subnet of that network.',
  ),
  NetworkDriverUnsupported: entry(
    ERROR,
    'A template has a network driver that Magnum does not take for its COE (400).',
    'Choose one that it takes, or leave it out.',
  ),
  VolumeDriverUnsupported: entry(
    ERROR,
    'A template has a volume driver that Magnum does not take for its COE (400).',
    'Choose the one that it takes, or leave it out.',
  ),
  ClusterUserTrustMissing: entry(
    WARNING,
    'A template has a volume driver, a registry or the cloud provider, and its nodes get no trust for Cinder or Swift.',
    'Set trust.cluster_user_trust to True in extraOptions.',
  ),
  CloudProviderDisabled: entry(
    ERROR,
    "A template of kubernetes has Cinder's volumes, and turns off the cloud provider, which makes them.",
    'Leave one of them out.',
  ),
  ManagersWithoutLoadBalancer: entry(
    ERROR,
    'A cluster has several managers, and its template no load balancer. From Ocata on the document is refused.',
    'Set masterLbEnabled to true.',
  ),
  NoWorkersUnsupported: entry(
    ERROR,
    'A cluster has no workers, which Magnum refuses before Wallaby.',
    'Want at least one.',
  ),
} as const satisfies Record<string, FindingEntry>;
