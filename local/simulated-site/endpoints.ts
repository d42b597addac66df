import { mapAll } from '../../domain/non-empty';
import type { Site } from '../../domain/site/document';
import { caCertificate } from './tls';

/** Where Keystone is, as the document has it. */
export interface Endpoint {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
}

/** What listens at the VIP in a Fuel cloud. */
const FUEL_PORTS = [5000, 35357];

/** Everywhere that Keystone is: as the document says, and where Fuel has it besides. */
export function keystoneEndpoints({
  virtualIp,
  openstack,
  magnum: { keystone },
}: Site): readonly [Endpoint, ...Endpoint[]] {
  const named = mapAll([openstack.authUrl, keystone.authUrl, keystone.wwwAuthenticateUri], endpointOf);
  const others = FUEL_PORTS.filter((port) => !named.some((one) => one.port === port));
  return [...named, ...others.map((port) => ({ secure: hasTls({ openstack }), host: virtualIp, port }))];
}

/** Where a URL leads to. */
export function endpointOf(text: string): Endpoint {
  const { protocol, hostname, port } = new URL(text);
  const secure = protocol === 'https:';
  return { secure, host: hostname, port: Number(port || (secure ? 443 : 80)) };
}

/** Whether the APIs of the cloud speak TLS: if the workflow asks Keystone by https. */
export function hasTls({ openstack }: Pick<Site, 'openstack'>): boolean {
  return openstack.authUrl.startsWith('https:');
}

/** The hosts in the URLs of the cloud's APIs that stand for the VIP: names, and addresses of others. */
export function aliases(site: Site): string[] {
  const { virtualIp, controllers } = site;
  const known = [virtualIp, ...controllers.map(({ address }) => address)];
  return [...new Set(keystoneEndpoints(site).map(({ host }) => host))].filter((host) => !known.includes(host));
}

/** The document with the CA of simulated sites beside its own: for the document's own nobody here has the key. */
export function trusting(site: Site): Site {
  const { ca, haproxy, magnum } = site;
  const isAsked = keystoneEndpoints(site).some(({ secure }) => secure) || magnum.rabbit.tls || magnum.database.tls;
  if (!isAsked && !haproxy.publicVip) return site;
  return { ...site, ca: { ...ca, certificates: [ca?.certificates ?? [], caCertificate()].flat().join('\n') } };
}
