import type { Site } from '../site/document';
import { DIGEST_KEY, OPTION_SECRETS, SECRET_NAMES } from '../site/secret-names';

/** Who needs a secret: opening SSH connections, magnum.conf, a look at Magnum's own accounts, OpenStack's API, bootstrap, or digests of magnum.conf. */
export type SecretPurpose = keyof ReturnType<typeof secretNames>;

/** The names of the SSM parameters that a site refers to, by who needs them. */
export function secretNames(site: Site): {
  ssh: string;
  magnumConf: string[];
  /** Of Magnum's own accounts: those of `magnumConf` without further options'. */
  accounts: string[];
  openstack: string;
  bootstrap: string[];
  /** The only one that a site can do without, see `digestKeyOf`. */
  digest: string;
} {
  const { database, keystone, rabbit, trust, extraOptions } = site.magnum;
  const extra = Object.values(extraOptions).flatMap((options) =>
    Object.values(options).flatMap((value) => (typeof value === 'string' ? [] : [value.ssm])),
  );
  const accounts = [database.password.ssm, keystone.password.ssm, rabbit.password.ssm, trust.domainAdminPassword.ssm];
  const openstack = site.openstack.password.ssm;
  const ofBootstrap = {
    database: [openstack, database.password.ssm],
    // magnum-db-manage reads magnum.conf.
    schema: [],
    rabbitmq: [openstack, rabbit.password.ssm],
    keystone: [openstack, keystone.password.ssm, trust.domainAdminPassword.ssm],
  };
  return {
    ssh: site.ssh.privateKey.ssm,
    magnumConf: [...new Set([...accounts, ...extra])],
    accounts: [...new Set(accounts)],
    openstack,
    bootstrap: [...new Set(site.bootstrap.flatMap((part) => ofBootstrap[part]))],
    digest: site.ssh.privateKey.ssm.replace(/[^/]*$/, DIGEST_KEY),
  };
}

const { 'ssh.privateKey': ssh, 'openstack.password': openstack, ...OF_ACCOUNTS } = SECRET_NAMES;
const accounts = Object.values(OF_ACCOUNTS);

/** What the secrets of each purpose are called below `/STACK/SITE/`, whatever the site; `*` stands for any name. */
export const NAMES_BY_PURPOSE: Readonly<Record<SecretPurpose, readonly string[]>> = {
  ssh: [ssh],
  magnumConf: [...accounts, `${OPTION_SECRETS}*`],
  accounts,
  openstack: [openstack],
  bootstrap: [...accounts, openstack],
  digest: [DIGEST_KEY],
};

/** Every one that the site needs, once. */
export function allSecretNames(site: Site): string[] {
  const { ssh, magnumConf, openstack } = secretNames(site);
  return [...new Set([ssh, ...magnumConf, openstack])];
}
