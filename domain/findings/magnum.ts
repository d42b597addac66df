import type { Site } from '../site/document';
import { atLeast, type Release } from '../site/releases';
import { clustersFail, type Finding } from './finding';
import { clientOf, describe, extraOption, isTrue, magnumOptions, type Option } from '../config/options';
import { sectionKey } from '../config/oslo';

/** What will go wrong with Magnum itself, as the site document configures it. */
export function magnumFindings(site: Site, installed: Release): Finding[] {
  return [
    ...apiHost(site),
    ...authUri(site),
    ...authUriName(site, installed),
    ...keystoneAuth(site),
    ...conductorHost(site),
    ...legacyKeystoneOptions(site),
    ...adminPort(site, installed),
    ...certificateManager(site),
    ...databaseDriver(site),
    ...rabbitOptions(site, installed),
    ...heartbeat(site),
    ...queueTypes(site),
    ...region(site),
    ...trusteeInterface(site, installed),
    ...nodesEndpoint(site),
    ...caFile(site),
    ...rabbitTls(site),
    ...healthCheck(site),
  ];
}

/**
 * How Magnum's API is told to listen on its controller's own address alone. Debian's package starts uWSGI, which does not read
 * [api] host. Source: /etc/init.d/magnum-api of 15.0.1-4, which reads the file last.
 */
export function ownAddressRemedy({ magnum: { apiPort } }: Site): string {
  return (
    "Let each API listen on its controller's own address alone. Where uWSGI serves it, as with Debian's package, " +
    `/etc/default/magnum-api says where: DAEMON_ARGS="--http-socket ADDRESS:${apiPort} --ini /etc/magnum/magnum-api-uwsgi.ini".`
  );
}

function apiHost(site: Site): Finding[] {
  const host = extraOption(site, 'api', 'host');
  if (host === undefined) return [];
  if (/^(0\.0\.0\.0|::|\*)?$/.test(host)) {
    // Fuel's HAProxy has a network of its own.
    if (site.haproxy.include === 'statement') return [];
    return [
      {
        name: 'ApiHostWildcard',
        severity: 'error',
        evidence: `extraOptions sets [api] host = ${host}, so that the API listens on the VIP's address too`,
        remedy: `HAProxy cannot start then, and all behind the VIP stays down. ${ownAddressRemedy(site)}`,
      },
    ];
  }
  return [
    {
      name: 'ApiHostSame',
      severity: 'error',
      evidence: `extraOptions sets [api] host = ${host} on every controller`,
      remedy: "Remove it: each controller gets its own address, where every controller's HAProxy can reach it.",
    },
  ];
}

function authUri({ clusters, magnum: { keystone } }: Site): Finding[] {
  if (/\/v3\/?$/.test(keystone.wwwAuthenticateUri)) return [];
  return [
    {
      name: 'AuthUriWithoutV3',
      severity: clustersFail({ clusters }),
      evidence: `magnum.keystone.wwwAuthenticateUri is ${keystone.wwwAuthenticateUri}`,
      remedy: 'Let it end in /v3: Magnum uses it as it is for trusts, and Keystone answers 404 there otherwise.',
    },
  ];
}

/** The option was renamed; from Stein on Magnum reads the new name alone, keystonemiddleware from 13.0.0 on. */
function authUriName(site: Site, installed: Release): Finding[] {
  const written = namesOf(writtenOptions(site, 'keystone_authtoken'));
  const unread =
    (atLeast(installed, '2026.1') && !written.has('www_authenticate_uri')) ||
    (!atLeast(installed, 'stein') && !written.has('auth_uri'));
  if (!unread) return [];
  return [
    {
      name: 'AuthUriNotRead',
      severity: 'error',
      evidence: `release is ${site.release}, in whose dialect the name of auth_uri is one that ${installed} does not read`,
      remedy: `Set release to ${installed}, which is installed: without the option requests and trusts fail.`,
    },
  ];
}

function keystoneAuth(site: Site): Finding[] {
  if (site.magnum.keystone.keystoneAuth || extraOption(site, 'keystone_auth', 'auth_url') !== undefined) return [];
  const password = extraOption(site, 'keystone_authtoken', 'admin_password');
  const state = password === undefined ? 'is not set' : password === '' ? 'is empty' : 'is set';
  return [
    {
      name: 'KeystoneAuthMissing',
      severity: password ? 'warning' : clustersFail(site),
      evidence: `magnum.keystone.keystoneAuth is false, so that Magnum falls back on admin_*; admin_password ${state}`,
      remedy: 'Set keystoneAuth to true: without credentials Magnum cannot list services, nor make several managers.',
    },
  ];
}

function conductorHost(site: Site): Finding[] {
  if (site.magnum.conductorHost || extraOption(site, 'DEFAULT', 'host') !== undefined) return [];
  return [
    {
      name: 'ConductorHostMissing',
      severity: 'warning',
      evidence: 'magnum.conductorHost is false, so that no [DEFAULT] host is written',
      remedy:
        'Set it to true: from Magnum 3.0 on conductors without one share one row of service-list, and look like one.',
    },
  ];
}

/** Options that the middleware ignores if there is an `auth_type`. Magnum itself reads admin_* only if [keystone_auth] is missing. */
function legacyKeystoneOptions(site: Site): Finding[] {
  const legacy = ['auth_host', 'auth_port', 'auth_protocol', 'auth_admin_prefix', 'identity_uri', 'admin_token'];
  const names = [...legacy, 'admin_user', 'admin_password', 'admin_tenant_name'];
  const set = names.filter((option) => extraOption(site, 'keystone_authtoken', option) !== undefined);
  if (set.length === 0) return [];
  return [
    {
      name: 'LegacyKeystoneOptions',
      severity: 'warning',
      evidence: `extraOptions sets [keystone_authtoken] ${set.join(', ')}`,
      remedy:
        'Remove them and use [keystone_auth]: they are deprecated, and keystonemiddleware 13.0.0 has dropped them.',
    },
  ];
}

function adminPort({ magnum: { keystone }, openstack }: Site, release: Release): Finding[] {
  if (!atLeast(release, 'queens')) return [];
  const urls = {
    'magnum.keystone.wwwAuthenticateUri': keystone.wwwAuthenticateUri,
    'magnum.keystone.authUrl': keystone.authUrl,
    'openstack.authUrl': openstack.authUrl,
  };
  return Object.entries(urls).flatMap(([field, url]): Finding[] =>
    /^https?:\/\/[^/]*:35357(\/|$)/.test(url)
      ? [
          {
            name: 'KeystoneAdminPort',
            severity: 'warning',
            evidence: `${field} is ${url}`,
            remedy: `Use port 5000: by ${release} nothing listens on 35357 by default, and Magnum then answers 503.`,
          },
        ]
      : [],
  );
}

function certificateManager(site: Site): Finding[] {
  const type = extraOption(site, 'certificates', 'cert_manager_type');
  if (type === undefined || type === 'x509keypair' || type === 'barbican') return [];
  const evidence = `extraOptions sets [certificates] cert_manager_type = ${type}`;
  if (type === 'local') {
    const remedy = "Remove it: local keeps certificates on one controller's disk, where the others do not find them.";
    return [{ name: 'CertificateManagerLocal', severity: 'error', evidence, remedy }];
  }
  const remedy = 'Remove it: Magnum has no such manager, and every cluster fails with "Failed to create certificates".';
  return [{ name: 'CertificateManagerUnknown', severity: clustersFail(site), evidence, remedy }];
}

function databaseDriver({ magnum: { database } }: Site): Finding[] {
  if (database.driver !== 'mysql') return [];
  return [
    {
      name: 'DatabaseDriverMysql',
      severity: 'warning',
      evidence: 'magnum.database.driver is mysql',
      remedy: 'Use mysql+pymysql: mysql:// needs the module MySQLdb, and without it every request fails with 500.',
    },
  ];
}

function rabbitOptions(site: Site, installed: Release): Finding[] {
  if (!atLeast(installed, 'ocata')) return [];
  const names = ['hosts', 'host', 'port', 'userid', 'password', 'virtual_host'].map((name) => `rabbit_${name}`);
  const written = namesOf(writtenOptions(site, 'oslo_messaging_rabbit'));
  const set = names.filter((option) => written.has(option));
  if (set.length === 0) return [];
  const ofDialect = !atLeast(site.release, 'ocata');
  const whose = ofDialect ? `release is ${site.release}, whose dialect sets` : 'extraOptions sets';
  return [
    {
      name: 'RabbitOptionsIgnored',
      severity: atLeast(installed, 'stein') ? 'error' : 'warning',
      evidence: `${whose} [oslo_messaging_rabbit] ${set.join(', ')}`,
      remedy:
        `${ofDialect ? `Set release to ${installed}, which is installed` : 'Remove them'}: [DEFAULT] transport_url counts ` +
        'alone, and oslo.messaging 9.0.0 (Stein) has dropped them.',
    },
  ];
}

/** The options of a section that magnum.conf will have. They are the same on every controller. */
function writtenOptions(site: Site, section: string): Option[] {
  return magnumOptions(site, site.controllers[0]).filter((one) => sectionKey(one.section) === section);
}

function namesOf(options: readonly Option[]): Set<string> {
  return new Set(options.map(({ option }) => option));
}

function heartbeat(site: Site): Finding[] {
  const wrong = ['heartbeat_rate', 'heartbeat_timeout_threshold'].flatMap((option) => {
    const value = extraOption(site, 'oslo_messaging_rabbit', option);
    return value === undefined || /^[+-]?\d+$/.test(value.trim()) ? [] : [`${option} = ${value}`];
  });
  if (wrong.length === 0) return [];
  return [
    {
      name: 'HeartbeatNotInteger',
      severity: 'error',
      evidence: `extraOptions sets [oslo_messaging_rabbit] ${wrong.join(', ')}`,
      remedy: 'Set a whole number: magnum-conductor ends as soon as it reads another value.',
    },
  ];
}

function queueTypes(site: Site): Finding[] {
  const written = writtenOptions(site, 'oslo_messaging_rabbit');
  const on = (name: string) => written.some(({ option, value }) => option === name && isTrue(describe(value)));
  if (!on('rabbit_ha_queues') || !on('rabbit_quorum_queue')) return [];
  return [
    {
      name: 'QueueTypesBoth',
      severity: 'error',
      evidence: `magnum.rabbit.queues is ${site.magnum.rabbit.queues}, and extraOptions turns the other type on too`,
      remedy: 'Remove rabbit_ha_queues and rabbit_quorum_queue from extraOptions: with both on oslo.messaging stops.',
    },
  ];
}

function region(site: Site): Finding[] {
  if (site.magnum.region !== undefined || extraOption(site, 'cinder_client', 'region_name') !== undefined) return [];
  const needing = site.clusterTemplates.filter(({ coe }) => coe === 'kubernetes' || coe === 'mesos');
  return [
    {
      name: 'RegionMissing',
      severity: needing.length > 0 ? 'error' : 'warning',
      evidence: ['magnum.region is not set', ...needing.map(({ name }) => `template ${name} needs it`)].join(', '),
      remedy: "Set it to a region of Keystone's list: the drivers of kubernetes and mesos refuse to do without.",
    },
  ];
}

function trusteeInterface({ magnum: { trust } }: Site, release: Release): Finding[] {
  if (!atLeast(release, 'pike') || trust.keystoneInterface === 'public') return [];
  return [
    {
      name: 'TrusteeInterfaceNotPublic',
      severity: 'warning',
      evidence: `magnum.trust.keystoneInterface is ${trust.keystoneInterface}`,
      remedy: 'Use public unless the nodes of clusters reach that Keystone endpoint: else no cluster completes.',
    },
  ];
}

/** Nodes of clusters get the URL of Magnum that its client of itself finds: for certificates, among others. */
function nodesEndpoint(site: Site): Finding[] {
  const { endpointInterface = 'public' } = clientOf(site, 'magnum');
  if (endpointInterface === 'public' || extraOption(site, 'magnum_client', 'endpoint_type') !== undefined) return [];
  return [
    {
      name: 'NodesEndpointNotPublic',
      severity: 'warning',
      evidence: `[magnum_client] endpoint_type is ${endpointInterface}URL by magnum.endpointInterface or magnum.clients`,
      remedy:
        'Set magnum.clients.magnum.endpointInterface to public unless cluster nodes reach that endpoint of Magnum.',
    },
  ];
}

/** Only a hint: the CA may be among those of the system, which Python on Debian and RHEL takes. */
function caFile({ ca, magnum: { keystone } }: Site): Finding[] {
  const urls = [keystone.wwwAuthenticateUri, keystone.authUrl];
  if (!ca || ca.file !== undefined || !urls.some((url) => url.startsWith('https:'))) return [];
  return [
    {
      name: 'CaFileNotSet',
      severity: 'warning',
      evidence: 'magnum.keystone has https URLs, and ca has certificates but no file',
      remedy: "Set ca.file unless the controllers' own store of CAs has them: Magnum answers 503 otherwise.",
    },
  ];
}

function rabbitTls({ ca, magnum: { rabbit } }: Site): Finding[] {
  if (!rabbit.tls || ca?.file !== undefined) return [];
  return [
    {
      name: 'RabbitTlsUnchecked',
      severity: 'warning',
      evidence: 'magnum.rabbit.tls is true, ca.file is not set',
      remedy: 'Set ca.file: oslo.messaging takes any certificate otherwise, and so anybody for RabbitMQ.',
    },
  ];
}

/** What Magnum answers without a token: acl_public_routes and /healthcheck in its api-paste.ini, 3.0.0 to 22.0.0. */
const PUBLIC_PATHS = ['/', '/v1', '/healthcheck'];

function healthCheck({ haproxy: { healthCheckPath } }: Site): Finding[] {
  if (healthCheckPath === undefined || PUBLIC_PATHS.includes(healthCheckPath.replace(/(?<=.)\/$/, ''))) return [];
  return [
    {
      name: 'HealthCheckNeedsToken',
      severity: 'error',
      evidence: `haproxy.healthCheckPath is ${healthCheckPath}`,
      remedy: 'Use /healthcheck: Magnum answers 401 there, for which HAProxy takes every API to be down.',
    },
  ];
}
