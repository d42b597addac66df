import { createHash } from 'node:crypto';
import type { Site } from '../../../domain/site/document';
import type { SecretReference } from '../../../domain/site/fields';

/** A user of Keystone, with what it may be scoped to. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly domain: Domain;
  readonly password: string;
  readonly scope: { readonly project: Project } | { readonly domain: Domain };
}
interface Domain {
  readonly id: string;
  readonly name: string;
}
interface Project {
  readonly id: string;
  readonly name: string;
  readonly domain: Domain;
}

/** The users of a site, in Keystone, the database and RabbitMQ, with the passwords that its secrets hold. */
export interface Accounts {
  /** Who creates templates and clusters. */
  readonly operator: Account;
  /** Magnum's service user. */
  readonly service: Account;
  /** The administrator of the trustees' domain. */
  readonly trusteeAdmin: Account;
  readonly databasePassword: string;
  readonly rabbitPassword: string;
}

/** The users that a document speaks of. A missing secret is a mistake of the caller. */
export function accountsOf({ openstack, magnum }: Site, secrets: Readonly<Record<string, string>>): Accounts {
  const secret = ({ ssm }: SecretReference) => {
    const value = secrets[ssm];
    if (value === undefined) throw new Error(`simulateOpenStack: no value for the secret ${ssm}`);
    return value;
  };
  const { keystone, trust } = magnum;
  const trustees = { id: idOf(`domain ${trust.domainName}`), name: trust.domainName };
  return {
    operator: {
      id: idOf(`user ${openstack.username}`),
      name: openstack.username,
      domain: domain(openstack.userDomainId),
      password: secret(openstack.password),
      scope: { project: project(openstack.projectName, openstack.projectDomainId) },
    },
    service: {
      id: idOf(`user ${keystone.username}`),
      name: keystone.username,
      domain: domain(keystone.userDomainId),
      password: secret(keystone.password),
      scope: { project: project(keystone.projectName, keystone.projectDomainId) },
    },
    trusteeAdmin: {
      id: idOf(`user ${trust.domainAdminName}`),
      name: trust.domainAdminName,
      domain: trustees,
      password: secret(trust.domainAdminPassword),
      scope: { domain: trustees },
    },
    databasePassword: secret(magnum.database.password),
    rabbitPassword: secret(magnum.rabbit.password),
  };
}

function domain(id: string): Domain {
  return { id, name: id === 'default' ? 'Default' : id };
}

function project(name: string, domainId: string): Project {
  return { id: idOf(`project ${name}`), name, domain: domain(domainId) };
}

/** An ID as Keystone makes them: 32 hexadecimal digits, here always the same for the same thing. */
function idOf(thing: string): string {
  return createHash('md5').update(thing).digest('hex');
}
