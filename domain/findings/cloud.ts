import { checkAccounts } from './accounts';
import type { SiteConnection } from '../commands/site-connection';
import { clustersFail, type Finding } from './finding';
import { apiUrl } from '../config/haproxy';
import { clientOf } from '../config/options';
import { messageOf } from '../errors';
import { detailOf } from '../openstack/errors';
import { EndpointMissing, KeystoneCredentialsRefused, tokensUrl } from '../openstack/keystone';
import type { OpenStackSession } from '../openstack/session';
import type { Site } from '../site/document';
import { CLIENTS } from '../site/magnum-section';
import { checkLogins } from './logins';
import { notChecked } from './not-checked';
import { checkTemplate, VOLUME_SERVICES } from './templates';

/**
 * Asks the cloud for all that Magnum, and the templates and clusters of the document, need there: accounts, endpoints,
 * regions, images, flavors, networks. Everything is asked side by side, and nothing is changed.
 *
 * Never throws because of the cloud: what cannot be asked is a finding, too.
 */
export async function checkCloud(
  { site, nodes, secrets }: SiteConnection,
  openstack: OpenStackSession,
): Promise<Finding[]> {
  const [logins, accounts, cloud] = await Promise.all([
    checkLogins(nodes[0], secrets),
    checkAccounts(site, openstack, secrets),
    checkServices(site, openstack),
  ]);
  return [...logins, ...accounts, ...cloud].map((finding) => ({
    ...finding,
    // Services quote what they were sent, and end sentences of their own.
    evidence: secrets.redact(finding.evidence).replace(/\.+$/, ''),
  }));
}

/** What the workflow's own user sees in the catalogue, and in the services themselves. */
async function checkServices(site: Site, openstack: OpenStackSession): Promise<Finding[]> {
  try {
    await openstack.keystone.token();
  } catch (error) {
    const refused = error instanceof KeystoneCredentialsRefused;
    const remedy = refused
      ? 'Correct the openstack section, or the password in the SSM parameter it names. Nothing else in the cloud was checked.'
      : 'Start Keystone, or correct openstack.authUrl. Nothing else in the cloud was checked.';
    const name = refused ? 'OpenStackUserRefused' : 'OpenStackAuthUrlWrong';
    return [{ name, severity: 'error', evidence: messageOf(error), remedy }];
  }
  const checks = [
    magnumEndpoint(site, openstack),
    trusteeEndpoint(site, openstack),
    keyManager(site, openstack),
    ...regionsOf(site).map(([name, fields]) => region(site, openstack, name, fields)),
    ...CLIENTS.map((client) => clientEndpoint(site, openstack, client)),
    ...site.clusterTemplates.map((template) => checkTemplate(site, template, openstack)),
  ];
  return (await Promise.all(checks)).flat();
}

async function magnumEndpoint(site: Site, { keystone }: OpenStackSession): Promise<Finding[]> {
  const { region, interface: kind } = site.openstack;
  const missing = await missingEndpoint(() => keystone.endpoint('container-infra', region, kind));
  if (missing === undefined) return [];
  return [
    {
      name: 'MagnumEndpointMissing',
      severity: 'error',
      evidence: missing,
      remedy: `Create it: openstack endpoint create --region ${region} container-infra ${kind} ${apiUrl(site, kind)}, or correct openstack.region and openstack.interface.`,
    },
  ];
}

async function trusteeEndpoint(site: Site, { keystone }: OpenStackSession): Promise<Finding[]> {
  const { keystoneInterface, keystoneRegion = site.openstack.region } = site.magnum.trust;
  const missing = await missingEndpoint(() => keystone.endpoint('identity', keystoneRegion, keystoneInterface));
  if (missing === undefined) return [];
  return [
    {
      name: 'TrusteeEndpointMissing',
      severity: clustersFail(site),
      evidence: missing,
      remedy: 'Create that endpoint of Keystone, or correct magnum.trust: the nodes of clusters use it.',
    },
  ];
}

async function keyManager(site: Site, { keystone }: OpenStackSession): Promise<Finding[]> {
  if (site.magnum.certificateManager !== 'barbican') return [];
  const { region, interface: kind } = site.openstack;
  const missing = await missingEndpoint(() => keystone.endpoint('key-manager', region, kind));
  if (missing === undefined) return [];
  return [
    {
      name: 'KeyManagerMissing',
      severity: clustersFail(site),
      evidence: `magnum.certificateManager is barbican. ${missing}`,
      remedy:
        'Set it to x509keypair if no Barbican is deployed: every cluster fails with "Failed to create certificates".',
    },
  ];
}

/** The regions that the document names for Magnum, and where. */
function regionsOf({ magnum }: Site): [name: string, fields: string][] {
  const named: [field: string, region: string | undefined][] = [
    ['magnum.region', magnum.region],
    ...CLIENTS.map((client): [string, string | undefined] => [
      `magnum.clients.${client}.region`,
      magnum.clients?.[client]?.region,
    ]),
    ['magnum.trust.keystoneRegion', magnum.trust.keystoneRegion],
  ];
  const fields = new Map<string, string[]>();
  for (const [field, name] of named) if (name !== undefined) fields.set(name, [...(fields.get(name) ?? []), field]);
  return [...fields].map(([name, all]) => [name, all.join(', ')]);
}

async function region(
  site: Site,
  { http, keystone }: OpenStackSession,
  wanted: string,
  fields: string,
): Promise<Finding[]> {
  const url = tokensUrl(site.openstack.authUrl).replace(/auth\/tokens$/, `regions/${encodeURIComponent(wanted)}`);
  const headers = { 'x-auth-token': await keystone.token() };
  const answer = await http.request({ method: 'GET', url, headers }).catch((error: unknown) => messageOf(error));
  if (typeof answer === 'string' || (answer.status !== 200 && answer.status !== 404)) {
    return [notChecked(`whether ${fields} exists`, typeof answer === 'string' ? answer : detailOf(answer))];
  }
  if (answer.status === 200) return [];
  return [
    {
      name: 'RegionUnknown',
      severity: clustersFail(site),
      evidence: `${fields} is ${wanted}, which Keystone does not have: ${detailOf(answer)}`,
      remedy:
        'Correct it, `openstack region list` shows what there is: Magnum finds no endpoint of any service otherwise.',
    },
  ];
}

/** The types of service that a client of Magnum asks for: one is enough. */
const SERVICE_TYPES: Readonly<Record<(typeof CLIENTS)[number], readonly string[]>> = {
  magnum: ['container-infra'],
  heat: ['orchestration'],
  glance: ['image'],
  nova: ['compute'],
  neutron: ['network'],
  cinder: VOLUME_SERVICES,
  barbican: ['key-manager'],
  octavia: ['load-balancer'],
};

/** What is needed of those that some clouds do without. */
function isUsed({ magnum, clusterTemplates }: Site, client: (typeof CLIENTS)[number]): boolean {
  if (client === 'barbican') return magnum.certificateManager === 'barbican';
  if (client === 'octavia') return clusterTemplates.some(({ masterLbEnabled }) => masterLbEnabled === true);
  return client !== 'cinder' || clusterTemplates.some(({ dockerVolumeSize }) => dockerVolumeSize !== undefined);
}

/** Whether a client that is told where to look finds something there. A service that is nowhere has findings of its own. */
async function clientEndpoint(
  site: Site,
  { keystone }: OpenStackSession,
  client: (typeof CLIENTS)[number],
): Promise<Finding[]> {
  const { region: itsRegion, endpointInterface } = clientOf(site, client);
  const { clients, endpointInterface: common } = site.magnum;
  const told = common !== undefined || clients?.[client] !== undefined;
  if (!told || !isUsed(site, client)) return [];
  const look = (type: string) =>
    keystone.endpoint(type, itsRegion ?? site.openstack.region, endpointInterface ?? 'public').then(
      () => undefined,
      (error: unknown) => error,
    );
  const errors = await Promise.all(SERVICE_TYPES[client].map(look));
  const elsewhere = errors.find((error) => error instanceof EndpointMissing && error.elsewhere);
  if (errors.includes(undefined) || !(elsewhere instanceof EndpointMissing)) return [];
  return [
    {
      name: 'ClientEndpointMissing',
      severity: clustersFail(site),
      evidence: `Magnum's client of ${client} is to use an endpoint that is not there. ${elsewhere.evidence}`,
      remedy: `Create it, or correct magnum.clients.${client}, magnum.region or magnum.endpointInterface.`,
    },
  ];
}

/** What the error of a missing endpoint says; undefined if it is there. */
async function missingEndpoint(find: () => Promise<string>): Promise<string | undefined> {
  try {
    await find();
    return undefined;
  } catch (error) {
    if (error instanceof EndpointMissing) return error.evidence;
    throw error;
  }
}
