import * as z from 'zod';
import { apiUrl } from '../config/haproxy';
import { MagnumHaError } from '../errors';
import { detailOf, refusal, UnexpectedAnswer } from '../openstack/errors';
import type { HttpClient } from '../openstack/http';
import type { Answer, HttpRequest } from '../openstack/http-messages';
import { type Keystone, tokensUrl } from '../openstack/keystone';
import type { SecretReference, Site } from '../site/document';
import type { Mode } from '../site/load';
import { type BootstrapItem, type Found, settled } from './item';

/** Keystone does not let the workflow's user make what Magnum needs, or what it made does not work. */
export class KeystoneAdminRefused extends MagnumHaError {
  override readonly name = 'KeystoneAdminRefused';
}

/** Where and as whom Keystone is asked. */
export interface KeystoneAdmin {
  readonly http: HttpClient;
  readonly keystone: Keystone;
  /** Gives the secret of an SSM parameter. */
  readonly reveal: (ssm: string) => string;
}

/** Magnum's own policies ask for it, and Keystone's for whoever manages the trustees. */
const ROLE = 'admin';
const SERVICE_TYPE = 'container-infra';
const INTERFACES = ['public', 'internal', 'admin'] as const;

/**
 * Looks for Magnum's user with its role, its service and endpoints, and the trustees' domain with its admin, and in mode
 * `apply` makes what lacks. What there is stays: only a user who cannot authenticate gets the password.
 *
 * @throws KeystoneAdminRefused and what `Keystone` and `HttpClient` throw
 */
export async function bootstrapKeystone(
  { http, keystone, reveal }: KeystoneAdmin,
  site: Site,
  mode: Mode,
): Promise<BootstrapItem[]> {
  const { magnum, openstack } = site;
  const { username, projectName, userDomainId, projectDomainId, password } = magnum.keystone;
  const { domainName, domainAdminName, domainAdminPassword } = magnum.trust;
  const tokens = tokensUrl(openstack.authUrl);
  const base = tokens.replace(/\/auth\/tokens$/, '');
  const items: BootstrapItem[] = [];

  const [role] = await list('roles', { name: ROLE });
  if (!role) throw refused(`there is no role ${ROLE}`);

  const project = await thing('project', { name: projectName, domain_id: projectDomainId }, `project ${projectName}`);
  const user = await person(username, userDomainId, password, `user ${username}`);
  await grant(`projects/${project ?? ''}`, project, user, `role ${ROLE} of ${username} in project ${projectName}`);

  const service = await thing('service', { type: SERVICE_TYPE }, `service ${SERVICE_TYPE}`, { name: 'magnum' });
  for (const kind of INTERFACES) await endpoint(kind, service);

  const domain = await thing('domain', { name: domainName }, `domain ${domainName}`);
  const admin = await person(domainAdminName, domain, domainAdminPassword, `user ${domainAdminName} of ${domainName}`);
  await grant(`domains/${domain ?? ''}`, domain, admin, `role ${ROLE} of ${domainAdminName} on domain ${domainName}`);
  return items;

  /** One that is found by `key`, or made of it. @returns its ID; undefined where a check finds none */
  async function thing(kind: Kind, key: Record<string, string>, name: string, further: object = {}) {
    const [found] = await list(`${kind}s`, key);
    let id = found?.id;
    const item = await settled(mode, name, found ? 'same' : 'absent', async () => {
      id = await create(kind, { ...key, enabled: true, ...further });
    });
    items.push(item);
    return id;
  }

  /** A user who authenticates. @param domainId undefined where a check finds no domain */
  async function person(who: string, domainId: string | undefined, { ssm }: SecretReference, name: string) {
    const secret = reveal(ssm);
    const [found] = domainId === undefined ? [] : await list('users', { name: who, domain_id: domainId });
    let id = found?.id;
    const state: Found = id === undefined ? 'absent' : (await authenticates(id, secret)) ? 'same' : 'differs';
    const item = await settled(mode, name, state, async () => {
      if (id === undefined) {
        id = await create('user', { name: who, domain_id: domainId, password: secret, enabled: true });
      } else {
        const body = { user: { password: secret, enabled: true } };
        expect(await send({ method: 'PATCH', path: `/users/${id}`, body }), 200);
      }
      if (await authenticates(id, secret)) return;
      throw refused(`the ${name} cannot authenticate with the password it was given; its domain may be disabled`);
    });
    items.push(item);
    return id;
  }

  async function grant(scope: string, scopeId: string | undefined, userId: string | undefined, name: string) {
    const path = `/${scope}/users/${userId ?? ''}/roles`;
    const held = scopeId !== undefined && userId !== undefined && (await holds(path));
    items.push(
      await settled(mode, name, held ? 'same' : 'absent', async () => {
        expect(await send({ method: 'PUT', path: `${path}/${role?.id ?? ''}` }), 204);
      }),
    );
  }

  async function holds(path: string): Promise<boolean> {
    const answer = expect(await send({ method: 'GET', path }), 200);
    return resources(answer, 'roles').some(({ id }) => id === role?.id);
  }

  /** One that is there may have another URL on purpose, with TLS on a public address: it stays. */
  async function endpoint(kind: (typeof INTERFACES)[number], serviceId: string | undefined) {
    const { region } = openstack;
    const key = { service_id: serviceId ?? '', interface: kind };
    const all = serviceId === undefined ? [] : await list('endpoints', key);
    const found = all.find(({ region_id, region: name }) => (region_id ?? name) === region);
    const url = apiUrl(site, kind);
    const name = `${kind} endpoint of ${SERVICE_TYPE} in ${region}`;
    const item = await settled(mode, name, found ? 'same' : 'absent', () =>
      create('endpoint', { ...key, region_id: region, url, enabled: true }),
    );
    items.push({ ...item, ...(found?.url !== undefined && found.url !== url && { detail: `It is ${found.url}.` }) });
  }

  async function authenticates(id: string, secret: string): Promise<boolean> {
    const auth = { identity: { methods: ['password'], password: { user: { id, password: secret } } } };
    const answer = await http.request({ method: 'POST', url: tokens, body: { auth } });
    if (answer.status === 401) return false;
    expect(answer, 201);
    return true;
  }

  async function list(collection: string, key: Record<string, string>): Promise<Resource[]> {
    const path = `/${collection}?${new URLSearchParams(key).toString()}`;
    return resources(expect(await send({ method: 'GET', path }), 200), collection);
  }

  async function create(kind: Kind, attributes: object): Promise<string> {
    const answer = expect(await send({ method: 'POST', path: `/${kind}s`, body: { [kind]: attributes } }), 201);
    const created = z.record(z.string(), resource).safeParse(answer.json).data?.[kind];
    if (!created) throw new UnexpectedAnswer(answer, `a ${kind}`);
    return created.id;
  }

  async function send({ path, ...request }: Omit<HttpRequest, 'url' | 'headers'> & { path: string }): Promise<Answer> {
    return http.request({ ...request, url: base + path, headers: { 'x-auth-token': await keystone.token() } });
  }

  /** @throws KeystoneAdminRefused where it is not allowed; what a user sends is in no answer */
  function expect(answer: Answer, status: number): Answer {
    if (answer.status === status) return answer;
    const { method, url } = answer;
    if ([401, 403, 409, 501].includes(answer.status)) {
      throw refused(`${method} ${url}: ${answer.status} ${detailOf(answer)}`);
    }
    throw answer.status >= 300 ? refusal(answer) : new UnexpectedAnswer(answer, `${status}`);
  }

  function refused(reason: string): KeystoneAdminRefused {
    return new KeystoneAdminRefused(
      `Keystone at ${openstack.authUrl} of site ${site.name} does not give Magnum what it needs: ${reason}. The user ` +
        `${openstack.username} in the project ${openstack.projectName} must be allowed to manage users, services and domains ` +
        `(role ${ROLE}), and the domains must not be read-only, as with LDAP. Else make it by hand, and take "keystone" out of ` +
        'bootstrap in the site document.',
    );
  }
}

/** What Keystone calls one of the things that are made; a collection has an s more. */
type Kind = 'project' | 'user' | 'service' | 'endpoint' | 'domain';

const resource = z.object({
  id: z.string(),
  url: z.string().optional(),
  region: z.string().nullish(),
  region_id: z.string().nullish(),
});
type Resource = z.infer<typeof resource>;

function resources(answer: Answer, collection: string): Resource[] {
  const body = z.looseObject({ [collection]: z.array(resource) }).safeParse(answer.json);
  if (!body.success) throw new UnexpectedAnswer(answer, `a list of ${collection}`);
  return body.data[collection] as Resource[];
}
