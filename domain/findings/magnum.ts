import {
  adminPort,
  authUri,
  authUriName,
  keystoneAuth,
  legacyKeystoneOptions,
  trusteeInterface,
} from './magnum-keystone';
import { heartbeat, queueTypes, rabbitOptions, rabbitTls } from './magnum-rabbit';
import type { Site } from '../site/document';
import type { Release } from '../site/releases';
import { clustersFail, type Finding } from './finding';
import { clientOf, extraOption } from '../config/options';

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
