import type { Site } from '../../../domain/site/document';
import type { Random } from '../../../domain/world';
import type { Account, Accounts } from './accounts';

interface Named {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
}
interface InDomain extends Named {
  readonly domain_id: string;
}

/** A user, with the password in clear. */
export interface IdentityUser extends InDomain {
  password: string;
  enabled: boolean;
}

/** A role that a user has on a project or domain. */
export interface Assignment {
  readonly role: string;
  readonly user: string;
  /** `projects` or `domains`, and its ID. */
  readonly scope: string;
}

/** Keystone's database, without the catalogue; tests may change it. */
export interface IdentityStore {
  readonly domains: Named[];
  readonly projects: InDomain[];
  readonly users: IdentityUser[];
  readonly roles: { readonly id: string; readonly name: string }[];
  readonly assignments: Assignment[];
}

const ADMIN = { id: '9fe2ff9ee4384b1894a90878d3e92bab', name: 'admin' };
const MEMBER = { id: '9fe2ff9ee4384b1894a90878d3e92bac', name: 'member' };

/** The operator and his cloud. @param made whether somebody has made Magnum's own, too */
export function identityOf({ magnum, openstack }: Site, accounts: Accounts, made: boolean): IdentityStore {
  const domains = [
    magnum.keystone.userDomainId,
    magnum.keystone.projectDomainId,
    openstack.userDomainId,
    openstack.projectDomainId,
  ];
  const store: IdentityStore = {
    domains: [...new Set(domains)].map((id) => ({ id, name: id === 'default' ? 'Default' : id, enabled: true })),
    projects: [],
    users: [],
    roles: [ADMIN, MEMBER],
    assignments: [],
  };
  add(store, accounts.operator);
  if (made) {
    add(store, accounts.service);
    add(store, accounts.trusteeAdmin);
  }
  return store;
}

/** The user whom a name or ID means, with a good password; undefined if Keystone answers 401. */
export function authenticated(
  { users, domains }: IdentityStore,
  wanted: {
    readonly id?: string | undefined;
    readonly name?: string | undefined;
    readonly domain?: Reference | undefined;
  },
  password: string,
): IdentityUser | undefined {
  return users.find((user) => {
    const domain = domains.find(({ id }) => id === user.domain_id);
    const meant =
      wanted.id === undefined ? user.name === wanted.name && is(domain, wanted.domain) : user.id === wanted.id;
    return meant && user.password === password && user.enabled && domain?.enabled === true;
  });
}

/** The scope that a user may have, with the names of his roles there; undefined if Keystone answers 401. */
export function scopeOf(
  { projects, domains, roles, assignments }: IdentityStore,
  user: IdentityUser,
  wanted: {
    readonly project?: (Reference & { domain?: Reference | undefined }) | undefined;
    readonly domain?: Reference | undefined;
  },
) {
  const domainOf = ({ domain_id }: InDomain) => domains.find(({ id }) => id === domain_id);
  const given = wanted.project;
  const project = projects.find((one) =>
    given?.id === undefined ? one.name === given?.name && is(domainOf(one), given.domain) : one.id === given.id,
  );
  const domain = wanted.domain && domains.find((one) => is(one, wanted.domain));
  const scope = wanted.domain ? `domains/${domain?.id ?? ''}` : `projects/${project?.id ?? ''}`;
  const held = assignments.filter((one) => one.user === user.id && one.scope === scope);
  if (held.length === 0) return undefined;
  const names = held.flatMap(({ role }) => roles.filter(({ id }) => id === role));
  const reference = ({ id, name }: Named) => ({ id, name });
  const home = project && domainOf(project);
  return {
    roles: names,
    ...(wanted.domain && domain ? { domain: reference(domain) } : {}),
    ...(!wanted.domain && project && home ? { project: { ...reference(project), domain: reference(home) } } : {}),
  };
}

/** Whether an account is there as given: with its password, and the role admin on what it is for. */
export function exists(store: IdentityStore, { id, password, scope, name, domain }: Account): boolean {
  const wanted = { name, domain: { name: domain.name } };
  const user = authenticated(store, store.users.some((one) => one.id === id) ? { id } : wanted, password);
  if (!user) return false;
  const asked =
    'project' in scope
      ? { project: { name: scope.project.name, domain: { id: scope.project.domain.id } } }
      : { domain: { name: scope.domain.name } };
  return scopeOf(store, user, asked)?.roles.some((role) => role.name === ADMIN.name) === true;
}

/** Whether a user administrates the cloud: a role admin on any project. */
export function administrates({ assignments }: IdentityStore, user: string): boolean {
  return assignments.some((one) => one.user === user && one.role === ADMIN.id && one.scope.startsWith('projects/'));
}

/** Another ID as Keystone makes them. */
export function newId(random: Random): string {
  return random.bytes(16).toString('hex');
}

interface Reference {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

function is(thing: Named | undefined, wanted: Reference | undefined): boolean {
  if (!thing) return false;
  return wanted?.id === undefined ? wanted?.name === thing.name : wanted.id === thing.id;
}

function add(store: IdentityStore, { id, name, domain, password, scope }: Account): void {
  const ensure = <T extends { id: string }>(list: T[], one: T) => {
    if (!list.some((known) => known.id === one.id)) list.push(one);
  };
  ensure(store.domains, { ...domain, enabled: true });
  if ('project' in scope) {
    const { project } = scope;
    ensure(store.projects, { id: project.id, name: project.name, domain_id: project.domain.id, enabled: true });
  }
  store.users.push({ id, name, domain_id: domain.id, password, enabled: true });
  const on = 'project' in scope ? `projects/${scope.project.id}` : `domains/${scope.domain.id}`;
  store.assignments.push({ role: ADMIN.id, user: id, scope: on });
}
