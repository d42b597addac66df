import * as z from 'zod';
import type { Random } from '../../../domain/world';
import type { Backing } from './backing';
import { administrates, type IdentityStore, newId } from './identity-store';

/** A request to Keystone about its own data. */
export interface IdentityCall {
  readonly method: string;
  /** The part after /v3, with its query. */
  readonly url: string;
  readonly body: unknown;
  /** ID of the user whose token came with it; undefined if none did that is good. */
  readonly user: string | undefined;
}

interface Reply {
  readonly status: number;
  readonly body?: object;
}

const COLLECTIONS = ['domains', 'projects', 'users', 'roles', 'services', 'endpoints'] as const;
type Collection = (typeof COLLECTIONS)[number];
type Row = Record<string, unknown> & { readonly id: string };

/**
 * Keystone v3: domains, projects, users, roles with their assignments, services and endpoints.
 *
 * @returns undefined if it is another request
 */
export function identityReply(
  backing: Backing,
  random: Random,
  { method, url, body, user }: IdentityCall,
): Reply | undefined {
  const [path = '', query = ''] = url.split('?');
  const [collection, ...rest] = path.split('/').filter((part) => part !== '');
  if (!COLLECTIONS.some((one) => one === collection)) return undefined;
  if (user === undefined) return failed(401, 'The request you have made requires authentication.');
  if (!administrates(backing.identity, user)) {
    return failed(
      403,
      `You are not authorized to perform the requested action: identity:${action(method, collection as Collection)}.`,
    );
  }
  const kind = collection as Collection;
  if (rest[1] === 'users') return roles(backing.identity, method, `${kind}/${rest[0] ?? ''}`, rest.slice(2));
  const [id] = rest;
  if (method === 'GET' && id === undefined) return listed(backing, kind, new URLSearchParams(query));
  if (method === 'GET' && id !== undefined) return shown(backing, kind, id);
  if (method === 'POST' && id === undefined) return created(backing, kind, body, newId(random));
  if (method === 'PATCH' && kind === 'users' && id !== undefined) return changed(backing.identity, id, body);
  return failed(405, 'The method is not allowed for the requested URL.');
}

function listed(backing: Backing, kind: Collection, query: URLSearchParams): Reply {
  const rows = rowsOf(backing, kind).filter((row) => [...query].every(([key, value]) => String(row[key]) === value));
  return { status: 200, body: { links: { next: null, self: '', previous: null }, [kind]: rows } };
}

function shown(backing: Backing, kind: Collection, id: string): Reply {
  const row = rowsOf(backing, kind).find((one) => one.id === id);
  return row ? { status: 200, body: { [singular(kind)]: row } } : notFound(kind, id);
}

function created(backing: Backing, kind: Collection, body: unknown, id: string): Reply {
  const { identity, catalogue } = backing;
  const one = singular(kind);
  const given = z.record(z.string(), z.record(z.string(), z.unknown())).safeParse(body).data?.[one];
  if (!given) return failed(400, `Expecting to find ${one} in request body.`);
  const text = (key: string) => (typeof given[key] === 'string' ? given[key] : '');
  const name = text('name');
  const domain_id = text('domain_id') || 'default';
  const same = rowsOf(backing, kind).some(
    (row) => row['name'] === name && (row['domain_id'] ?? domain_id) === domain_id,
  );
  if (same && name !== '' && kind !== 'services') {
    const texts: Partial<Record<Collection, string>> = {
      projects:
        'project - it is not permitted to have two projects with either the same name or same id in the same domain',
      domains: `project - it is not permitted to have two projects acting as domains with the same name: ${name}`,
    };
    const duplicate = `${one} - Duplicate entry found with name ${name} at domain ID ${domain_id}`;
    return failed(409, `Conflict occurred attempting to store ${texts[kind] ?? duplicate}.`);
  }
  const enabled = given['enabled'] !== false;
  if (kind === 'domains') identity.domains.push({ id, name, enabled });
  else if (kind === 'projects') identity.projects.push({ id, name, domain_id, enabled });
  else if (kind === 'users') {
    if (!identity.domains.some((domain) => domain.id === domain_id)) return notFound('domains', domain_id);
    identity.users.push({ id, name, domain_id, password: text('password'), enabled });
  } else if (kind === 'services') catalogue.push({ id, type: text('type'), name, endpoints: [] });
  else if (kind === 'endpoints') {
    const service = catalogue.find((known) => known.id === text('service_id'));
    const regions = catalogue.flatMap(({ endpoints }) => endpoints.map(({ region_id }) => region_id));
    const region = text('region_id');
    const wrong = service
      ? regions.includes(region)
        ? undefined
        : 'endpoint region_id in region table'
      : 'endpoint service_id in service table';
    if (!service || wrong !== undefined)
      return failed(
        400,
        `Expecting to find ${wrong ?? ''}. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.`,
      );
    service.endpoints.push({ id, interface: text('interface'), region, region_id: region, url: text('url') });
  } else identity.roles.push({ id, name });
  return { ...shown(backing, kind, id), status: 201 };
}

function changed({ users }: IdentityStore, id: string, body: unknown): Reply {
  const change = z
    .object({ user: z.object({ password: z.string().optional(), enabled: z.boolean().optional() }) })
    .safeParse(body);
  const user = users.find((one) => one.id === id);
  if (!user) return notFound('users', id);
  if (!change.success) return failed(400, 'Expecting to find user in request body.');
  const { password = user.password, enabled = user.enabled } = change.data.user;
  Object.assign(user, { password, enabled });
  const { password: hidden, ...shownUser } = user;
  return { status: 200, body: { user: shownUser } };
}

/** /projects/ID/users/ID/roles, likewise of domains; a role's ID may follow. */
function roles(store: IdentityStore, method: string, scope: string, [user = '', , role]: string[]): Reply {
  const known = store.users.some(({ id }) => id === user);
  if (!known) return notFound('users', user);
  const held = store.assignments.filter((one) => one.user === user && one.scope === scope);
  if (role === undefined) {
    const body = {
      links: { next: null, self: '', previous: null },
      roles: store.roles.filter(({ id }) => held.some((one) => one.role === id)),
    };
    return { status: 200, body };
  }
  if (!store.roles.some(({ id }) => id === role)) return notFound('roles', role);
  const there = held.some((one) => one.role === role);
  if (method === 'HEAD' || method === 'GET') return there ? { status: 204 } : notFound('roles', role);
  if (method !== 'PUT') return failed(405, 'The method is not allowed for the requested URL.');
  if (!there) store.assignments.push({ role, user, scope });
  return { status: 204 };
}

function rowsOf({ identity, catalogue }: Backing, kind: Collection): Row[] {
  if (kind === 'services') return catalogue.map(({ id, type, name }) => ({ id, type, name, enabled: true }));
  if (kind === 'endpoints') {
    return catalogue.flatMap(({ id: service_id, endpoints }) =>
      endpoints.map((one) => ({ ...one, service_id, enabled: true })),
    );
  }
  if (kind === 'users') return identity.users.map(({ password, ...user }) => user);
  return identity[kind].map((row) => ({ ...row }));
}

function singular(kind: Collection): string {
  return kind.slice(0, -1);
}

/** As policies name it. */
function action(method: string, kind: Collection): string {
  return method === 'GET' ? `list_${kind}` : `${method === 'PATCH' ? 'update' : 'create'}_${singular(kind)}`;
}

function notFound(kind: Collection, id: string): Reply {
  return failed(404, `Could not find ${singular(kind)}: ${id}.`);
}

function failed(code: number, message: string): Reply {
  const title = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 409: 'Conflict' }[code];
  return { status: code, body: { error: { code, message, title: title ?? 'Method Not Allowed' } } };
}
