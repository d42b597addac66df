import { namesOf, writtenOptions } from './written-options';
import type { Site } from '../site/document';
import { atLeast, type Release } from '../site/releases';
import { clustersFail, type Finding } from './finding';
import { extraOption } from '../config/options';

export function authUri({ clusters, magnum: { keystone } }: Site): Finding[] {
  if (/\/v3\/?$/.test(keystone.wwwAuthenticateUri)) return [];
  return [
    {
      name: 'AuthUriWithoutV3',
      severity: clustersFail({ clusters }),
      evidence: `magnum.keystone.wwwAuthenticateUri is ${keystone.wwwAuthenticateUri}`,
      remedy: 'Let it end in /v3: Magnum uses it as it is for trusts, and Keystone answers 404 there otherwise.',
    },
  ];
}

/** The option was renamed; from Stein on Magnum reads the new name alone, keystonemiddleware from 13.0.0 on. */
export function authUriName(site: Site, installed: Release): Finding[] {
  const written = namesOf(writtenOptions(site, 'keystone_authtoken'));
  const unread =
    (atLeast(installed, '2026.1') && !written.has('www_authenticate_uri')) ||
    (!atLeast(installed, 'stein') && !written.has('auth_uri'));
  if (!unread) return [];
  return [
    {
      name: 'AuthUriNotRead',
      severity: 'error',
      evidence: `release is ${site.release}, in whose dialect the name of auth_uri is one that ${installed} does not read`,
      remedy: `Set release to ${installed}, which is installed: without the option requests and trusts fail.`,
    },
  ];
}

export function keystoneAuth(site: Site): Finding[] {
  if (site.magnum.keystone.keystoneAuth || extraOption(site, 'keystone_auth', 'auth_url') !== undefined) return [];
  const password = extraOption(site, 'keystone_authtoken', 'admin_password');
  const state = password === undefined ? 'is not set' : password === '' ? 'is empty' : 'is set';
  return [
    {
      name: 'KeystoneAuthMissing',
      severity: password ? 'warning' : clustersFail(site),
      evidence: `magnum.keystone.keystoneAuth is false, so that Magnum falls back on admin_*; admin_password ${state}`,
      remedy: 'Set keystoneAuth to true: without credentials Magnum cannot list services, nor make several managers.',
    },
  ];
}

/** Options that the middleware ignores if there is an `auth_type`. Magnum itself reads admin_* only if [keystone_auth] is missing. */
export function legacyKeystoneOptions(site: Site): Finding[] {
  const legacy = ['auth_host', 'auth_port', 'auth_protocol', 'auth_admin_prefix', 'identity_uri', 'admin_token'];
  const names = [...legacy, 'admin_user', 'admin_password', 'admin_tenant_name'];
  const set = names.filter((option) => extraOption(site, 'keystone_authtoken', option) !== undefined);
  if (set.length === 0) return [];
  return [
    {
      name: 'LegacyKeystoneOptions',
      severity: 'warning',
      evidence: `extraOptions sets [keystone_authtoken] ${set.join(', ')}`,
      remedy:
        'Remove them and use [keystone_auth]: they are deprecated, and keystonemiddleware 13.0.0 has dropped them.',
    },
  ];
}

export function adminPort({ magnum: { keystone }, openstack }: Site, release: Release): Finding[] {
  if (!atLeast(release, 'queens')) return [];
  const urls = {
    'magnum.keystone.wwwAuthenticateUri': keystone.wwwAuthenticateUri,
    'magnum.keystone.authUrl': keystone.authUrl,
    'openstack.authUrl': openstack.authUrl,
  };
  return Object.entries(urls).flatMap(([field, url]): Finding[] =>
    /^https?:\/\/[^/]*:35357(\/|$)/.test(url)
      ? [
          {
            name: 'KeystoneAdminPort',
            severity: 'warning',
            evidence: `${field} is ${url}`,
            remedy: `Use port 5000: by ${release} nothing listens on 35357 by default, and Magnum then answers 503.`,
          },
        ]
      : [],
  );
}

export function trusteeInterface({ magnum: { trust } }: Site, release: Release): Finding[] {
  if (!atLeast(release, 'pike') || trust.keystoneInterface === 'public') return [];
  return [
    {
      name: 'TrusteeInterfaceNotPublic',
      severity: 'warning',
      evidence: `magnum.trust.keystoneInterface is ${trust.keystoneInterface}`,
      remedy: 'Use public unless the nodes of clusters reach that Keystone endpoint: else no cluster completes.',
    },
  ];
}
