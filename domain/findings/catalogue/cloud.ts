import { entry, ERROR, type FindingEntry, IF_CLUSTERS, UNTIL_MADE, WARNING } from './entry';

/** Found in the cloud, which is asked with the accounts that Magnum will use, through the first controller. */
export const CLOUD_CATALOGUE = {
  OpenStackUserRefused: entry(
    ERROR,
    "Keystone refuses the workflow's own user.",
    'Correct the openstack section of the document, or its password in SSM.',
  ),
  OpenStackAuthUrlWrong: entry(
    ERROR,
    'Keystone is not at openstack.authUrl.',
    'Correct openstack.authUrl, or start Keystone.',
  ),
  ServiceUserRefused: entry(
    ERROR,
    "Keystone refuses Magnum's own user: Magnum answers every request with 503.",
    'Create the user with its role, or correct magnum.keystone and its password in SSM.',
    { bootstrap: 'keystone' },
  ),
  KeystoneAuthUrlWrong: entry(
    ERROR,
    'No token can be had at `auth_url`: Magnum answers every request with 503.',
    'Correct magnum.keystone.authUrl, or start Keystone there.',
  ),
  AuthUriWrong: entry(
    IF_CLUSTERS,
    'No token can be had at `auth_uri`, which Magnum uses as it is for the trusts of clusters.',
    'Correct magnum.keystone.wwwAuthenticateUri.',
  ),
  TrusteeAdminRefused: entry(
    IF_CLUSTERS,
    'The trustee domain or its admin is missing, or the admin is refused.',
    'Create them, or correct magnum.trust and its password in SSM.',
    { bootstrap: 'keystone' },
  ),
  TrusteeAdminWithoutRole: entry(
    WARNING,
    'The trustee admin does not have the role admin in its domain.',
    'Give it that role there.',
    { bootstrap: 'keystone' },
  ),
  TrusteeEndpointMissing: entry(
    IF_CLUSTERS,
    'Keystone has no endpoint of the interface to which the nodes of clusters are sent.',
    'Create that endpoint, or correct magnum.trust.',
  ),
  MagnumEndpointMissing: entry(
    ERROR,
    'The region has no endpoint of Magnum.',
    'Create it, or correct openstack.region and openstack.interface.',
    { bootstrap: 'keystone' },
  ),
  RegionUnknown: entry(
    IF_CLUSTERS,
    'The document names a region that Keystone does not have.',
    'Correct it: `openstack region list` shows what there is.',
  ),
  ClientEndpointMissing: entry(
    IF_CLUSTERS,
    'A client of Magnum is to use an endpoint that is not there.',
    'Create it, or correct magnum.clients, magnum.region or magnum.endpointInterface.',
  ),
  KeyManagerMissing: entry(
    IF_CLUSTERS,
    'Certificates are to be kept in Barbican, which is not deployed.',
    'Set magnum.certificateManager to x509keypair.',
  ),
  DatabaseUserRefused: entry(
    ERROR,
    "The database refuses Magnum's user or database.",
    'Create the database and its grants, or correct magnum.database and its password in SSM.',
    { bootstrap: 'database' },
  ),
  DatabaseTlsFailed: entry(
    ERROR,
    'The database does not talk TLS, or its certificate is not trusted.',
    'Turn TLS on there, or off in magnum.database, or correct the ca section.',
  ),
  RabbitUserRefused: entry(
    ERROR,
    "RabbitMQ refuses Magnum's user or virtual host. Magnum says nothing, and a cluster that is asked for never appears.",
    'Create the user with its permissions, or correct magnum.rabbit and its password in SSM.',
    { bootstrap: 'rabbitmq' },
  ),
  RabbitTlsFailed: entry(
    ERROR,
    'RabbitMQ does not talk TLS, or its certificate is not trusted.',
    'Turn TLS on there, or off in magnum.rabbit, or correct the ca section.',
  ),
  RabbitPasswordWithSlash: entry(
    'error from Ocata on',
    "RabbitMQ's password has a slash, which no encoding gets past oslo.messaging.",
    'Give the user a password without one.',
  ),
  LoginUnanswered: entry(
    WARNING,
    'What listens at the address of the database or RabbitMQ does not answer a login.',
    'Check that the address is that of the service, and whether it wants TLS.',
  ),
  ServiceEndpointMissing: entry(
    UNTIL_MADE,
    'A service that a template needs has no endpoint: Glance, Nova, Neutron or Cinder.',
    'Deploy it, or correct openstack.region and openstack.interface.',
  ),
  ImageMissing: entry(
    UNTIL_MADE,
    'Glance does not have the image of a template (400).',
    'Upload it, share it with the project, or correct imageId.',
  ),
  ImageDistroUnsupported: entry(
    `${UNTIL_MADE}; warning if a contributed driver is for it`,
    'An image has no property os_distro, or one for which the COE has no driver.',
    'Use an image with an os_distro that has a driver, or set the property.',
  ),
  FlavorMissing: entry(
    UNTIL_MADE,
    'Nova does not have the flavor of a template (400).',
    'Create it, or correct flavorId and masterFlavorId.',
  ),
  KeypairMissing: entry(
    UNTIL_MADE,
    'Nova does not have the keypair of a template: Magnum takes the template, and refuses its clusters with 404.',
    'Create it as the user of the openstack section.',
  ),
  ExternalNetworkMissing: entry(
    UNTIL_MADE,
    'Neutron does not have the external network of a template (400).',
    'Correct externalNetworkId: `openstack network list --external` shows what there is.',
  ),
  FixedNetworkMissing: entry(
    UNTIL_MADE,
    'Neutron does not have the fixed network of a template: Magnum takes the template, and its clusters fail later.',
    'Create it, or correct fixedNetwork.',
  ),
  FixedSubnetUnknown: entry(
    UNTIL_MADE,
    'The fixed network of a template does not have that subnet: its clusters fail later.',
    'Create it there, or correct fixedSubnet.',
  ),
  LoadBalancerServiceMissing: entry(
    UNTIL_MADE,
    "A template wants a load balancer, and there is neither Octavia nor Neutron's LBaaS.",
    'Deploy Octavia, or do with one manager and without masterLbEnabled.',
  ),
  VolumeTypeUnknown: entry(
    UNTIL_MADE,
    'Cinder does not have the volume type of a template.',
    'Correct magnum.defaultDockerVolumeType, or create the type.',
  ),
  NotChecked: entry(
    WARNING,
    'A service answers otherwise than it should, so that something could not be checked.',
    'See whether that service runs; the check is repeated in every execution.',
  ),
} as const satisfies Record<string, FindingEntry>;
