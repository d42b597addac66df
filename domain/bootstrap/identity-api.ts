import * as z from 'zod';
import { MagnumHaError } from '../errors';
import { detailOf, refusal, UnexpectedAnswer } from '../openstack/errors';
import type { HttpClient } from '../openstack/http';
import type { Answer, HttpRequest } from '../openstack/http-messages';
import { type Keystone, tokensUrl } from '../openstack/keystone';
import type { Site } from '../site/document';

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

/** Keystone's name of a kind of resource; the name of its collection has an s at its end. */
export type Kind = 'project' | 'user' | 'service' | 'endpoint' | 'domain' | 'role';

const resource = z.object({
  id: z.string(),
  url: z.string().optional(),
  region: z.string().nullish(),
  region_id: z.string().nullish(),
});
type Resource = z.infer<typeof resource>;

/**
 * Keystone's API, version 3, as its administrator sees it.
 *
 * All methods throw KeystoneAdminRefused if Keystone does not allow the request, and what `Keystone` and `HttpClient` throw.
 */
export class IdentityApi {
  private readonly tokens: string;
  private readonly base: string;

  constructor(
    private readonly admin: Pick<KeystoneAdmin, 'http' | 'keystone'>,
    private readonly site: Pick<Site, 'name' | 'openstack'>,
  ) {
    this.tokens = tokensUrl(site.openstack.authUrl);
    this.base = this.tokens.replace(/\/auth\/tokens$/, '');
  }

  async list(kind: Kind, key: Record<string, string>): Promise<Resource[]> {
    const path = `/${kind}s?${new URLSearchParams(key).toString()}`;
    return resources(this.expect(await this.send({ method: 'GET', path }), 200), `${kind}s`);
  }

  /** The first one. */
  async find(kind: Kind, key: Record<string, string>): Promise<Resource | undefined> {
    const [found] = await this.list(kind, key);
    return found;
  }

  /** @returns the ID */
  async create(kind: Kind, attributes: object): Promise<string> {
    const answer = this.expect(
      await this.send({ method: 'POST', path: `/${kind}s`, body: { [kind]: attributes } }),
      201,
    );
    const created = z.record(z.string(), resource).safeParse(answer.json).data?.[kind];
    if (!created) throw new UnexpectedAnswer(answer, `a ${kind}`);
    return created.id;
  }

  /** Sets a user's password, and enables the user. */
  async setPassword(userId: string, password: string): Promise<void> {
    const body = { user: { password, enabled: true } };
    this.expect(await this.send({ method: 'PATCH', path: `/users/${userId}`, body }), 200);
  }

  async authenticates(userId: string, password: string): Promise<boolean> {
    const auth = { identity: { methods: ['password'], password: { user: { id: userId, password } } } };
    const answer = await this.admin.http.request({ method: 'POST', url: this.tokens, body: { auth } });
    if (answer.status === 401) return false;
    this.expect(answer, 201);
    return true;
  }

  /** @param path of the roles that a user has in a project or a domain */
  async holds(path: string, roleId: string): Promise<boolean> {
    const answer = this.expect(await this.send({ method: 'GET', path }), 200);
    return resources(answer, 'roles').some(({ id }) => id === roleId);
  }

  /** @param path as in `holds` */
  async grant(path: string, roleId: string): Promise<void> {
    this.expect(await this.send({ method: 'PUT', path: `${path}/${roleId}` }), 204);
  }

  refused(reason: string): KeystoneAdminRefused {
    const { name, openstack } = this.site;
    return new KeystoneAdminRefused(
      `Keystone at ${openstack.authUrl} of site ${name} does not give Magnum what it needs: ${reason}. The user ` +
        `${openstack.username} in the project ${openstack.projectName} must be allowed to manage users, services and domains ` +
        `(role admin), and the domains must not be read-only, as with LDAP. Otherwise make it by hand, and take "keystone" ` +
        'out of bootstrap in the site document.',
    );
  }

  private async send({ path, ...request }: Omit<HttpRequest, 'url' | 'headers'> & { path: string }): Promise<Answer> {
    const { http, keystone } = this.admin;
    return http.request({ ...request, url: this.base + path, headers: { 'x-auth-token': await keystone.token() } });
  }

  /** No answer repeats what was sent, such as a password. */
  private expect(answer: Answer, status: number): Answer {
    if (answer.status === status) return answer;
    const { method, url } = answer;
    if ([401, 403, 409, 501].includes(answer.status)) {
      throw this.refused(`${method} ${url}: ${answer.status} ${detailOf(answer)}`);
    }
    throw answer.status >= 300 ? refusal(answer) : new UnexpectedAnswer(answer, `${status}`);
  }
}

function resources(answer: Answer, collection: string): Resource[] {
  const body = z.looseObject({ [collection]: z.array(resource) }).safeParse(answer.json);
  if (!body.success) throw new UnexpectedAnswer(answer, `a list of ${collection}`);
  return body.data[collection] as Resource[];
}
