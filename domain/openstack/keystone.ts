import * as z from 'zod';
import { MagnumHaError } from '../errors';
import type { Site } from '../site/document';
import type { Clock } from '../world';
import { optionalListOf } from './answers';
import { detailOf, OpenStackUnreachable, UnexpectedAnswer } from './errors';
import type { HttpClient } from './http';
import type { Answer, HttpRequest } from './http-messages';

/** Who authenticates where: the `openstack` section of a site document. */
export type Account = Pick<
  Site['openstack'],
  'authUrl' | 'username' | 'projectName' | 'userDomainId' | 'projectDomainId'
>;

/** Keystone cannot be asked for a token: nothing answers there, or what answers is not Keystone v3. */
export class KeystoneUnreachable extends MagnumHaError {
  override readonly name = 'KeystoneUnreachable';

  constructor(url: string, reason: string) {
    super(
      `Keystone at ${url} cannot be asked for a token: ${reason}. Check openstack.authUrl in the site document, and that ` +
        'Keystone and HAProxy run.',
    );
  }
}

/** Keystone does not accept user name, password or project. */
export class KeystoneCredentialsRefused extends MagnumHaError {
  override readonly name = 'KeystoneCredentialsRefused';

  constructor({ authUrl, username, userDomainId, projectName, projectDomainId }: Account) {
    super(
      `Keystone at ${authUrl} refuses the user ${username} (domain ${userDomainId}) in the project ${projectName} (domain ` +
        `${projectDomainId}). Check these in the openstack section of the site document, and the password in the SSM ` +
        'parameter it names.',
    );
  }
}

/** Keystone's catalogue has no such endpoint. */
export class EndpointMissing extends MagnumHaError {
  override readonly name = 'EndpointMissing';
  /** What is missing, and what there is. */
  readonly evidence: string;
  /** Whether the service has endpoints of another interface or region. */
  readonly elsewhere: boolean;

  constructor(authUrl: string, wanted: string, existing: readonly string[]) {
    const evidence = `The catalogue of Keystone at ${authUrl} has no ${wanted}; it has ${existing.join(', ') || 'none at all'}`;
    super(
      `${evidence}. Create the endpoint with \`openstack endpoint create\`, or correct openstack.region and ` +
        'openstack.interface in the site document.',
    );
    this.evidence = evidence;
    this.elsewhere = existing.length > 0;
  }
}

const endpoint = z.object({
  interface: z.string(),
  url: z.string(),
  region_id: z.string().nullish(),
  region: z.string().nullish(),
});
const tokenBody = z.object({
  token: z.object({
    issued_at: z.string(),
    expires_at: z.string(),
    project: z.object({ id: z.string() }),
    catalog: optionalListOf(z.object({ type: z.string(), endpoints: optionalListOf(endpoint) })),
  }),
});

interface Token {
  readonly id: string;
  readonly projectId: string;
  readonly catalog: z.infer<typeof tokenBody>['token']['catalog'];
  /** By this machine's clock, in milliseconds. */
  readonly renewAt: number;
}

/** A token is renewed this long before it expires, so that no request outlives it. */
const MARGIN_MS = 3 * 60_000;

/**
 * A token of one user, kept until shortly before it expires, and the catalogue that came with it.
 *
 * All methods throw `KeystoneUnreachable` and `KeystoneCredentialsRefused`.
 */
export class Keystone {
  private held: Token | undefined;
  private pending: Promise<Token> | undefined;

  constructor(
    private readonly http: HttpClient,
    private readonly clock: Clock,
    private readonly account: Account,
    private readonly password: string,
  ) {}

  /** A token that is still good for some minutes. */
  async token(): Promise<string> {
    return (await this.valid()).id;
  }

  /** The ID of the project that the token is for. */
  async projectId(): Promise<string> {
    return (await this.valid()).projectId;
  }

  /** Forgets a token that was refused; the next call of `token()` gets another. */
  forget(refused: string): void {
    if (this.held?.id === refused) this.held = undefined;
  }

  /**
   * The URL of a service's endpoint, without a slash at its end.
   * @param type the type of service, such as `container-infra`
   * @throws EndpointMissing
   */
  async endpoint(type: string, region: string, kind: 'public' | 'internal' | 'admin'): Promise<string> {
    const { catalog } = await this.valid();
    const endpoints = catalog.filter((service) => service.type === type).flatMap((service) => service.endpoints);
    const place = (endpoint: (typeof endpoints)[number]) => endpoint.region_id ?? endpoint.region ?? '';
    const found = endpoints.find((endpoint) => endpoint.interface === kind && place(endpoint) === region);
    if (!found) {
      const existing = endpoints.map((endpoint) => `${endpoint.interface} in region ${place(endpoint)}`);
      throw new EndpointMissing(this.account.authUrl, `${kind} endpoint of ${type} in region ${region}`, existing);
    }
    return found.url.replace(/\/+$/, '');
  }

  private async valid(): Promise<Token> {
    if (this.held && this.clock.now() < this.held.renewAt) return this.held;
    // Other callers meanwhile wait for the same answer.
    this.pending ??= this.requestToken().finally(() => (this.pending = undefined));
    return (this.held = await this.pending);
  }

  private async requestToken(): Promise<Token> {
    const url = tokensUrl(this.account.authUrl);
    const answer = await this.post(url);
    if (answer.status === 401) throw new KeystoneCredentialsRefused(this.account);
    if (answer.status !== 201) throw new KeystoneUnreachable(url, `${answer.status} ${detailOf(answer)}`);
    const id = answer.headers['x-subject-token'];
    const body = tokenBody.safeParse(answer.json);
    if (typeof id !== 'string' || !body.success) throw new UnexpectedAnswer(answer, 'a token of Keystone v3');
    const { issued_at, expires_at, project, catalog } = body.data.token;
    // Only the difference counts: Keystone's clock may differ from this machine's.
    const lifetimeMs = Date.parse(expires_at) - Date.parse(issued_at);
    return {
      id,
      projectId: project.id,
      catalog,
      renewAt: this.clock.now() + Math.max(lifetimeMs - MARGIN_MS, lifetimeMs / 2),
    };
  }

  private async post(url: string): Promise<Answer> {
    const { username, projectName, userDomainId, projectDomainId } = this.account;
    const user = { name: username, domain: { id: userDomainId }, password: this.password };
    const scope = { project: { name: projectName, domain: { id: projectDomainId } } };
    try {
      return await this.http.request(tokenRequest(url, user, scope));
    } catch (error) {
      if (error instanceof OpenStackUnreachable) throw new KeystoneUnreachable(url, error.reason);
      throw error;
    }
  }
}

/** Where tokens are issued; an OS_AUTH_URL may leave out the version, as old openrc files do. */
export function tokensUrl(authUrl: string): string {
  const base = authUrl.replace(/\/+$/, '');
  return `${base.endsWith('/v3') ? base : `${base}/v3`}/auth/tokens`;
}

/** Asks for a token by a password. @param user who, as Keystone wants it, with the password */
export function tokenRequest(url: string, user: object, scope: object): HttpRequest {
  const identity = { methods: ['password'], password: { user } };
  // A token that nobody received does no harm.
  return { method: 'POST', url, body: { auth: { identity, scope } }, repeatable: true };
}
