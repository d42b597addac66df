import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Clock, Random } from '../../../domain/world';
import type { Backing } from './backing';
import type { OpenStackFaults } from './faults';
import { baseOf, readJson, sendJson } from './http';
import { identityReply } from './identity-api';
import { authenticated, type IdentityUser, scopeOf } from './identity-store';

/** A token that Keystone has issued. */
export interface Token {
  readonly id: string;
  readonly user: string;
  /** Its ID. */
  readonly userId: string;
  /** Of the project that it is for. */
  readonly projectId: string | undefined;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Fernet tokens live an hour unless keystone.conf says otherwise. */
const TOKEN_MS = 3600_000;

interface Given {
  readonly backing: Backing;
  readonly faults: OpenStackFaults;
  readonly clock: Clock;
  readonly random: Random;
}

const reference = z.object({ id: z.string().optional(), name: z.string().optional() });
const inDomain = reference.extend({ domain: reference.optional() });
const passwordAuth = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.tuple([z.literal('password')]),
      password: z.object({ user: inDomain.extend({ password: z.string() }) }),
    }),
    scope: z.object({ project: inDomain.optional(), domain: reference.optional() }).optional(),
  }),
});

/** Keystone v3: versions, tokens by password, regions. */
export function createKeystone(given: Given): { listener: RequestListener; tokens: Map<string, Token> } {
  const tokens = new Map<string, Token>();
  const listener: RequestListener = (request, response) => {
    // Only a client that goes away while it sends makes this fail.
    serve(request, response, given, tokens).catch(() => response.destroy());
  };
  return { listener, tokens };
}

async function serve(request: IncomingMessage, response: ServerResponse, given: Given, tokens: Map<string, Token>) {
  const body = await readJson(request);
  const path = (request.url ?? '/').replace(/\?.*/, '').replace(/\/+$/, '') || '/';
  const base = baseOf(request);
  if (given.faults.keystoneDown) {
    // HAProxy answers for it.
    response.writeHead(503, { 'Content-Type': 'text/html', Connection: 'close' });
    response.end(
      '<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n',
    );
  } else if (path === '/') {
    sendJson(response, 300, { versions: { values: [version(base)] } }, { Location: `${base}/v3/` });
  } else if (path === '/v3') {
    sendJson(response, 200, { version: version(base) });
  } else if (path === '/v3/auth/tokens' && request.method === 'POST' && given.faults.loginsFail > 0) {
    given.faults.loginsFail -= 1;
    response.writeHead(502, { 'Content-Type': 'text/html', Connection: 'close' });
    response.end(
      '<html><body><h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete response.\n</body></html>\n',
    );
  } else if (path === '/v3/auth/tokens' && request.method === 'POST') {
    issue(body, response, given, tokens);
  } else if (path.startsWith('/v3/regions/') && request.method === 'GET') {
    showRegion(request, decodeURIComponent(path.slice('/v3/regions/'.length)), response, given, tokens);
  } else {
    const token = tokens.get(String(request.headers['x-auth-token']));
    const user = token && token.expiresAt > given.clock.now() ? token.userId : undefined;
    const call = { method: request.method ?? 'GET', url: (request.url ?? '').replace(/^\/v3/, ''), body, user };
    const reply = identityReply(given.backing, given.random, call);
    if (reply) {
      if (reply.body) sendJson(response, reply.status, reply.body);
      else response.writeHead(reply.status).end();
      return;
    }
    const message = `The resource could not be found: ${path}.`;
    sendJson(response, 404, { error: { code: 404, message, title: 'Not Found' } });
  }
}

function showRegion(
  { headers }: IncomingMessage,
  id: string,
  response: ServerResponse,
  { backing: { catalogue } }: Given,
  tokens: Map<string, Token>,
) {
  const token = headers['x-auth-token'];
  const regions = catalogue.flatMap(({ endpoints }) => endpoints.map(({ region_id }) => region_id));
  if (typeof token !== 'string' || !tokens.has(token)) refuse(response);
  else if (regions.includes(id)) {
    sendJson(response, 200, { region: { id, description: '', parent_region_id: null, links: {} } });
  } else {
    sendJson(response, 404, { error: { code: 404, message: `Could not find region: ${id}.`, title: 'Not Found' } });
  }
}

function refuse(response: ServerResponse) {
  const message = 'The request you have made requires authentication.';
  const body = { error: { code: 401, message, title: 'Unauthorized' } };
  sendJson(response, 401, body, { 'WWW-Authenticate': 'Keystone uri="http://localhost/v3"' });
}

function version(base: string) {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${base}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

function issue(body: unknown, response: ServerResponse, { backing, ...given }: Given, tokens: Map<string, Token>) {
  const parsed = passwordAuth.safeParse(body);
  if (!parsed.success) {
    const message = 'Expecting to find auth in request body. The server could not comply with the request.';
    sendJson(response, 400, { error: { code: 400, message, title: 'Bad Request' } });
    return;
  }
  const { identity, scope } = parsed.data.auth;
  const user = authenticated(backing.identity, identity.password.user, identity.password.user.password);
  const scoped = user && scope ? scopeOf(backing.identity, user, scope) : undefined;
  if (!user || (scope && !scoped)) {
    refuse(response);
    return;
  }
  const token = issueTo(user, scoped?.project?.id, tokens, given);
  const { id, name, domain_id } = user;
  const home = backing.identity.domains.find((one) => one.id === domain_id);
  const domain = { id: domain_id, name: home?.name };
  const time = (milliseconds: number) => new Date(milliseconds).toISOString().replace('Z', '000Z');
  sendJson(
    response,
    201,
    {
      token: {
        methods: ['password'],
        user: { domain, id, name, password_expires_at: null },
        audit_ids: [token.id.slice(-22)],
        expires_at: time(token.expiresAt),
        issued_at: time(token.issuedAt),
        ...(scoped && { ...scoped, is_domain: false, catalog: backing.catalogue }),
      },
    },
    { 'X-Subject-Token': token.id, Vary: 'X-Auth-Token' },
  );
}

function issueTo(
  { id: userId, name: user }: IdentityUser,
  projectId: string | undefined,
  tokens: Map<string, Token>,
  { clock, random }: Pick<Given, 'clock' | 'random'>,
): Token {
  const issuedAt = clock.now();
  const id = `gAAAAA${random.bytes(64).toString('base64url')}`;
  const token = { id, user, userId, projectId, issuedAt, expiresAt: issuedAt + TOKEN_MS };
  tokens.set(id, token);
  return token;
}
