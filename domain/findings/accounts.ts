import { clustersFail, type Finding } from './finding';
import { tokensUrl } from '../openstack/keystone';
import type { OpenStackSession } from '../openstack/session';
import type { Secrets } from '../secrets/secrets';
import type { Site } from '../site/document';
import { askForToken, type TokenAnswer } from './identity';

/** The accounts that magnum.conf names, each as Magnum will use it. */
export async function checkAccounts(site: Site, openstack: OpenStackSession, secrets: Secrets): Promise<Finding[]> {
  const { keystone, trust } = site.magnum;
  const service = {
    username: keystone.username,
    password: secrets.reveal(keystone.password.ssm),
    userDomain: { id: keystone.userDomainId },
    scope: { project: { name: keystone.projectName, domain: { id: keystone.projectDomainId } } },
  };
  const admin = {
    username: trust.domainAdminName,
    password: secrets.reveal(trust.domainAdminPassword.ssm),
    userDomain: { name: trust.domainName },
    scope: { domain: { name: trust.domainName } },
  };
  const url = tokensUrl(keystone.authUrl);
  // Exactly there: Magnum uses it as it is.
  const uri = `${keystone.wwwAuthenticateUri.replace(/\/+$/, '')}/auth/tokens`;
  const login = askForToken(openstack.http, url, service);
  const [byService, atUri, byAdmin] = await Promise.all([
    login,
    uri === url ? login : askForToken(openstack.http, uri, service),
    askForToken(openstack.http, tokensUrl(site.openstack.authUrl), admin),
  ]);
  return [...serviceUser(site, byService), ...authUri(site, atUri), ...trusteeAdmin(site, byAdmin)];
}

function serviceUser({ magnum: { keystone } }: Site, answer: TokenAnswer): Finding[] {
  if (answer.kind === 'issued') return [];
  if (answer.kind === 'absent') {
    return [
      {
        name: 'KeystoneAuthUrlWrong',
        severity: 'error',
        evidence: `magnum.keystone.authUrl is ${keystone.authUrl}, where no token can be had: ${answer.reason}`,
        remedy: 'Correct it, or start Keystone there: every request to Magnum is answered with 503 otherwise.',
      },
    ];
  }
  return [
    {
      name: 'ServiceUserRefused',
      severity: 'error',
      evidence: `Keystone refuses Magnum's user ${keystone.username} in the project ${keystone.projectName}: ${answer.reason}`,
      remedy:
        'Create the user with its role in that project, or correct magnum.keystone and the password in the SSM parameter it ' +
        'names: every request to Magnum is answered with 503 otherwise.',
    },
  ];
}

/** A URL without /v3 has a finding of its own, by the document alone. */
function authUri(site: Site, answer: TokenAnswer): Finding[] {
  const { wwwAuthenticateUri, authUrl } = site.magnum.keystone;
  if (answer.kind !== 'absent' || !/\/v3\/?$/.test(wwwAuthenticateUri) || wwwAuthenticateUri === authUrl) return [];
  return [
    {
      name: 'AuthUriWrong',
      severity: clustersFail(site),
      evidence: `magnum.keystone.wwwAuthenticateUri is ${wwwAuthenticateUri}, where no token can be had: ${answer.reason}`,
      remedy: 'Correct it: Magnum uses it as it is for the trusts of clusters.',
    },
  ];
}

function trusteeAdmin(site: Site, answer: TokenAnswer): Finding[] {
  const { domainName, domainAdminName } = site.magnum.trust;
  if (answer.kind === 'issued') {
    if (answer.roles.includes('admin')) return [];
    return [
      {
        name: 'TrusteeAdminWithoutRole',
        severity: 'warning',
        evidence: `${domainAdminName} has in the domain ${domainName} the roles ${answer.roles.join(', ') || 'none'}, not admin`,
        remedy: `Give it that role there: \`openstack role add --user ${domainAdminName} --domain ${domainName} admin\`.`,
      },
    ];
  }
  // Keystone as a whole is absent: its own findings say so.
  if (answer.kind === 'absent') return [];
  return [
    {
      name: 'TrusteeAdminRefused',
      severity: clustersFail(site),
      evidence: `Keystone issues no token for the domain ${domainName} to its admin ${domainAdminName}: ${answer.reason}`,
      remedy:
        'Create the domain, its admin and the role admin for it there, or correct magnum.trust and the password in the SSM ' +
        'parameter it names: else a cluster that is created spoils the list of clusters.',
    },
  ];
}
