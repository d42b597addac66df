import { apiUrl } from '../config/haproxy';
import type { Site } from '../site/document';
import type { SecretReference } from '../site/fields';
import type { Mode } from '../site/load';
import { IdentityApi, type KeystoneAdmin, type Kind } from './identity-api';
import { type BootstrapItem, type Found, reconcile } from './item';

/** Magnum's own policies ask for it, and Keystone's ask it of the user who manages the trustees. */
const ROLE = 'admin';
const SERVICE_TYPE = 'container-infra';
const INTERFACES = ['public', 'internal', 'admin'] as const;

/**
 * Looks for Magnum's user with its role, its service and endpoints, and the trustees' domain with its admin, and in mode
 * `apply` creates what is missing. What is there stays: only a user who cannot authenticate gets the password.
 *
 * @throws KeystoneAdminRefused and what `Keystone` and `HttpClient` throw
 */
export async function bootstrapKeystone(admin: KeystoneAdmin, site: Site, mode: Mode): Promise<BootstrapItem[]> {
  const { username, projectName, userDomainId, projectDomainId, password } = site.magnum.keystone;
  const { domainName, domainAdminName, domainAdminPassword } = site.magnum.trust;
  const api = new IdentityApi(admin, site);
  const role = await api.find('role', { name: ROLE });
  if (!role) throw api.refused(`there is no role ${ROLE}`);
  const making = new Making(api, mode, admin.reveal, role.id);

  const project = await making.one(
    'project',
    { name: projectName, domain_id: projectDomainId },
    `project ${projectName}`,
  );
  const user = await making.user(username, userDomainId, password, `user ${username}`);
  await making.grant('projects', project, user, `role ${ROLE} of ${username} in project ${projectName}`);

  const service = await making.one('service', { type: SERVICE_TYPE }, `service ${SERVICE_TYPE}`, { name: 'magnum' });
  for (const kind of INTERFACES) await making.endpoint(service, kind, site);

  const domain = await making.one('domain', { name: domainName }, `domain ${domainName}`);
  const trustee = await making.user(
    domainAdminName,
    domain,
    domainAdminPassword,
    `user ${domainAdminName} of ${domainName}`,
  );
  await making.grant('domains', domain, trustee, `role ${ROLE} of ${domainAdminName} on domain ${domainName}`);
  return making.items;
}

/** Makes what is missing, or only notes it, by the mode. An ID is undefined if a check did not find its owner. */
class Making {
  readonly items: BootstrapItem[] = [];

  constructor(
    private readonly api: IdentityApi,
    private readonly mode: Mode,
    private readonly reveal: KeystoneAdmin['reveal'],
    private readonly role: string,
  ) {}

  /** One that is found by `key`, or made of it. @returns its ID */
  async one(kind: Kind, key: Record<string, string>, name: string, others: object = {}): Promise<string | undefined> {
    let id = (await this.api.find(kind, key))?.id;
    await this.note(name, id === undefined ? 'absent' : 'same', async () => {
      id = await this.api.create(kind, { ...key, enabled: true, ...others });
    });
    return id;
  }

  /** A user who authenticates. @returns its ID */
  async user(
    who: string,
    domainId: string | undefined,
    { ssm }: SecretReference,
    name: string,
  ): Promise<string | undefined> {
    const { api } = this;
    const password = this.reveal(ssm);
    const found = domainId === undefined ? undefined : await api.find('user', { name: who, domain_id: domainId });
    let id = found?.id;
    const state: Found = id === undefined ? 'absent' : (await api.authenticates(id, password)) ? 'same' : 'differs';
    await this.note(name, state, async () => {
      if (id === undefined) id = await api.create('user', { name: who, domain_id: domainId, password, enabled: true });
      else await api.setPassword(id, password);
      if (await api.authenticates(id, password)) return;
      throw api.refused(`the ${name} cannot authenticate with the password it was given; its domain may be disabled`);
    });
    return id;
  }

  async grant(
    scope: 'projects' | 'domains',
    scopeId: string | undefined,
    userId: string | undefined,
    name: string,
  ): Promise<void> {
    const path = `/${scope}/${scopeId ?? ''}/users/${userId ?? ''}/roles`;
    const held = scopeId !== undefined && userId !== undefined && (await this.api.holds(path, this.role));
    await this.note(name, held ? 'same' : 'absent', () => this.api.grant(path, this.role));
  }

  /** An existing endpoint may have another URL on purpose, such as TLS on a public address: it stays. */
  async endpoint(serviceId: string | undefined, kind: (typeof INTERFACES)[number], site: Site): Promise<void> {
    const { region } = site.openstack;
    const key = { service_id: serviceId ?? '', interface: kind };
    const all = serviceId === undefined ? [] : await this.api.list('endpoint', key);
    const found = all.find(({ region_id, region: name }) => (region_id ?? name) === region);
    const url = apiUrl(site, kind);
    const detail = found?.url !== undefined && found.url !== url ? { detail: `It is ${found.url}.` } : {};
    await this.note(
      `${kind} endpoint of ${SERVICE_TYPE} in ${region}`,
      found ? 'same' : 'absent',
      () => this.api.create('endpoint', { ...key, region_id: region, url, enabled: true }),
      detail,
    );
  }

  private async note(
    name: string,
    found: Found,
    make: () => Promise<unknown>,
    detail: Pick<BootstrapItem, 'detail'> = {},
  ): Promise<void> {
    this.items.push({ ...(await reconcile(this.mode, name, found, make)), ...detail });
  }
}
