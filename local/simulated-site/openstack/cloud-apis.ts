import type { RequestListener, ServerResponse } from 'node:http';
import type { Clock } from '../../../domain/world';
import type { Cloud } from './cloud';
import type { OpenStackFaults } from './faults';
import { heat, MovedTo, type Stacks } from './heat';
import { baseOf, sendJson, sendPage } from './http';
import type { Token } from './keystone';

interface Given {
  readonly cloud: Cloud;
  readonly tokens: ReadonlyMap<string, Token>;
  readonly faults: OpenStackFaults;
  readonly clusters: Stacks['clusters'];
  readonly clock: Clock;
}

/** Answers a GET. @returns the body; undefined if there is no such thing */
type Read = (path: string, query: URLSearchParams, cloud: Cloud, stacks: Stacks) => unknown;

/** The services that clusters are made of, as far as somebody looks at them: each with its port, on controllers and VIP. */
export const CLOUD_APIS = [
  { name: 'heat-api', port: 8004, read: heat },
  { name: 'nova-api', port: 8774, read: nova },
  { name: 'cinder-api', port: 8776, read: cinder },
  { name: 'glance-api', port: 9292, read: glance },
  { name: 'neutron-server', port: 9696, read: neutron },
] as const;

/** The API of one of these services. */
export function createCloudApi({ name, read }: { readonly name: string; readonly read: Read }, given: Given) {
  const listener: RequestListener = (request, response) => {
    request.resume();
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/') {
      // What HAProxy's checks ask for, too.
      sendJson(response, 300, { versions: [{ id: 'v2', status: 'CURRENT' }] });
      return;
    }
    const id = request.headers['x-auth-token'];
    if (given.faults.keystoneDown) {
      sendPage(response, 503, 'The Keystone service is temporarily unavailable.');
      return;
    }
    const token = typeof id === 'string' ? given.tokens.get(id) : undefined;
    if (!token || token.expiresAt <= given.clock.now()) {
      const message = 'The request you have made requires authentication.';
      sendJson(response, 401, { error: { code: 401, title: 'Unauthorized', message } });
      return;
    }
    const stacks = { clusters: given.clusters, base: baseOf(request) };
    const body = request.method === 'GET' ? read(pathname, searchParams, given.cloud, stacks) : undefined;
    if (body instanceof MovedTo) {
      response.setHeader('Location', body.location);
      sendPage(response, 302, `The resource was found at ${body.location}`);
    } else if (body !== undefined) sendJson(response, 200, body);
    else notFound(name, response);
  };
  return listener;
}

function notFound(service: string, response: ServerResponse): void {
  if (service === 'glance-api') sendPage(response, 404, 'No image found with that ID');
  else if (service === 'neutron-server') {
    sendJson(response, 404, {
      NeutronError: { type: 'HTTPNotFound', message: 'The resource could not be found.', detail: '' },
    });
  } else if (service === 'heat-api') {
    const message = 'The Stack could not be found.';
    sendJson(response, 404, { code: 404, title: 'Not Found', error: { message, type: 'EntityNotFound' } });
  } else sendJson(response, 404, { itemNotFound: { code: 404, message: 'The resource could not be found.' } });
}

function glance(path: string, query: URLSearchParams, { images }: Cloud): unknown {
  const shown = images.map(({ id, name, osDistro }) => ({
    id,
    name,
    status: 'active',
    visibility: 'public',
    disk_format: 'qcow2',
    container_format: 'bare',
    schema: '/v2/schemas/image',
    self: `/v2/images/${id}`,
    ...(osDistro === undefined ? {} : { os_distro: osDistro }),
  }));
  if (path === '/v2/images') {
    return { images: shown.filter(filter(query)), first: '/v2/images', schema: '/v2/schemas/images' };
  }
  return shown.find(({ self }) => self === path);
}

function nova(path: string, _: URLSearchParams, { flavors, keypairs }: Cloud): unknown {
  const [, version, collection, name] = path.split('/').map(decodeURIComponent);
  if (version !== 'v2.1') return undefined;
  if (collection === 'flavors' && name === undefined) return { flavors: flavors.map((one) => ({ ...one, links: [] })) };
  if (collection !== 'os-keypairs' || name === undefined || !keypairs.includes(name)) return undefined;
  return { keypair: { name, id: 1, type: 'ssh', public_key: 'ssh-rsa AAAA', fingerprint: '00', deleted: false } };
}

function neutron(path: string, query: URLSearchParams, cloud: Cloud): unknown {
  if (path === '/v2.0/networks') {
    const networks = cloud.networks.map(({ id, name, external }) => ({ id, name, 'router:external': external }));
    return { networks: networks.filter(filter(query)) };
  }
  if (path === '/v2.0/subnets') {
    const subnets = cloud.subnets.map(({ id, name, network }) => ({
      id,
      name,
      network_id: cloud.networks.find((one) => one.name === network || one.id === network)?.id ?? network,
    }));
    return { subnets: subnets.filter(filter(query)) };
  }
  if (path !== '/v2.0/extensions') return undefined;
  return { extensions: cloud.extensions.map((alias) => ({ alias, name: alias, description: '', links: [] })) };
}

function cinder(path: string, _: URLSearchParams, { volumeTypes }: Cloud): unknown {
  if (!/^\/v3\/[0-9a-f]{32}\/types$/.test(path)) return undefined;
  return { volume_types: volumeTypes.map((one) => ({ ...one, is_public: true, description: null, extra_specs: {} })) };
}

/** What a query of names or IDs lets pass. */
function filter(query: URLSearchParams): (one: { id: string; name: string }) => boolean {
  return ({ id, name }) => (query.get('name') ?? name) === name && (query.get('id') ?? id) === id;
}
