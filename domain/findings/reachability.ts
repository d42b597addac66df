import { everywhere } from '../commands/everywhere';
import type { Nodes } from '../commands/site-connection';
import { extraOption } from '../config/options';
import type { FindingName } from './catalogue';
import type { Finding } from './finding';
import { messageOf } from '../errors';
import type { Site } from '../site/document';
import { SshForwardingForbidden } from '../ssh/errors';

/** Through this controller nothing of the cloud can be asked then. */
export const FORWARDING_FORBIDDEN = 'ForwardingForbidden';

/** A TCP endpoint that Magnum on every controller connects to. */
interface Endpoint {
  readonly name: FindingName;
  readonly what: string;
  readonly host: string;
  readonly port: number;
  readonly remedy: string;
  /** Of several endpoints of one name, one is enough to work. */
  readonly severity: 'error' | 'warning' | 'error unless another answers';
}

/** Connects from every controller to everything that Magnum will connect to: databases, queues, caches, Keystone. */
export async function reachability(site: Site, nodes: Nodes, behindVip: boolean): Promise<Finding[]> {
  const endpoints = endpointsOf(site).filter(({ host }) => behindVip || host !== site.virtualIp);
  const attempts = await everywhere(nodes, ({ name, tunnel }) =>
    Promise.all(
      endpoints.map((endpoint) =>
        tunnel(endpoint.host, endpoint.port).then(
          (connection) => {
            connection.destroy();
            return { endpoint, controller: name, reason: undefined, error: undefined };
          },
          (error: unknown) => ({ endpoint, controller: name, reason: messageOf(error), error }),
        ),
      ),
    ),
  );
  // What sshd forbids tells nothing of what listens there.
  const isForbidden = ({ error }: { readonly error: unknown }) => error instanceof SshForwardingForbidden;
  const tried = attempts.flat().filter((one) => !isForbidden(one));
  const found = endpoints.flatMap((endpoint): Finding[] => {
    const failures = tried.filter((one) => one.endpoint === endpoint && one.reason !== undefined);
    if (failures.length === 0) return [];
    const { name, what, host, port, remedy } = endpoint;
    // A controller without any of them does not work.
    const cutOff = failures.some(
      ({ controller }) =>
        !tried.some((one) => one.controller === controller && one.endpoint.name === name && one.reason === undefined),
    );
    const from = failures.map(({ controller, reason }) => `${controller} (${reason ?? ''})`).join(', ');
    return [
      {
        name,
        severity:
          endpoint.severity === 'error unless another answers' ? (cutOff ? 'error' : 'warning') : endpoint.severity,
        evidence: `${what} ${host}:${port} does not take connections from ${from}`,
        remedy,
      },
    ];
  });
  return [...forbidden(attempts.flat().filter(isForbidden)), ...found];
}

/** One finding for all that sshd forbids. */
function forbidden(attempts: readonly { readonly endpoint: Endpoint; readonly controller: string }[]): Finding[] {
  if (attempts.length === 0) return [];
  const unique = (values: readonly string[]) => [...new Set(values)].join(', ');
  const controllers = unique(attempts.map(({ controller }) => controller));
  return [
    {
      name: FORWARDING_FORBIDDEN,
      severity: 'error',
      evidence:
        `sshd on ${controllers} does not forward connections to ` +
        unique(attempts.map(({ endpoint: { host, port } }) => `${host}:${port}`)),
      remedy:
        'Allow it for the SSH user in sshd_config there: AllowTcpForwarding yes, and no PermitOpen that leaves these out; and in ' +
        'authorized_keys no no-port-forwarding. The workflow talks to OpenStack through it.',
    },
  ];
}

function endpointsOf(site: Site): Endpoint[] {
  const { magnum } = site;
  const keystone = new Set([magnum.keystone.authUrl, magnum.keystone.wwwAuthenticateUri].map(originOf));
  return [
    {
      name: 'DatabaseUnreachable',
      what: 'The database',
      ...hostAndPort(magnum.database.host, 3306),
      severity: 'error',
      remedy: 'Correct magnum.database.host, or start the database: without it every request fails with 500.',
    },
    ...magnum.rabbit.hosts.map((host): Endpoint => ({
      name: 'RabbitUnreachable',
      what: 'RabbitMQ',
      ...hostAndPort(host, 5672),
      severity: 'error unless another answers',
      remedy:
        'Correct magnum.rabbit.hosts, or start that node: without any, a cluster that is asked for never appears.',
    })),
    ...magnum.memcachedServers.map((host): Endpoint => ({
      name: 'MemcachedUnreachable',
      what: 'memcached',
      ...hostAndPort(host, 11211),
      severity: 'warning',
      remedy: 'Correct magnum.memcachedServers, or start it: each request waits for a dead one.',
    })),
    ...[...keystone].map((origin): Endpoint => {
      const { host, port } = hostAndPort(origin, 5000);
      return {
        name: 'KeystonePortUnreachable',
        what: 'Keystone',
        host,
        port,
        severity: 'error',
        remedy:
          port === 35357
            ? 'Use port 5000 in magnum.keystone: nothing listens on 35357 by default from Queens on, and Magnum answers 503.'
            : 'Correct the URLs in magnum.keystone, or start Keystone: without it Magnum answers 503.',
      };
    }),
    ...discovery(site),
  ];
}

/** The drivers of swarm and kubernetes get a discovery URL for each cluster from a public service, on the conductor. */
function discovery(site: Site): Endpoint[] {
  if (!site.clusterTemplates.some(({ coe }) => coe === 'swarm' || coe === 'kubernetes')) return [];
  const url = extraOption(site, 'cluster', 'etcd_discovery_service_endpoint_format') ?? 'https://discovery.etcd.io/';
  if (!URL.canParse(url)) return [];
  return [
    {
      name: 'DiscoveryUnreachable',
      what: 'The discovery service',
      ...hostAndPort(originOf(url), 443),
      severity: 'warning',
      remedy:
        'Let the controllers out to it, or set a discovery_url of your own when creating clusters: else they fail with ' +
        '"Failed to get discovery url".',
    },
  ];
}

/** HOST:PORT of a URL. */
function originOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

/** The two parts of HOST or HOST:PORT. */
export function hostAndPort(text: string, usual: number): { host: string; port: number } {
  const [, host = text, port] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { host, port: port === undefined ? usual : Number(port) };
}
