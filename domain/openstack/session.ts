import type { Site } from '../site/document';
import type { Clock } from '../world';
import { HeatClient } from './heat';
import { HttpClient, type HttpOptions } from './http';
import type { Answer } from './http-messages';
import { Keystone } from './keystone';
import { MagnumClient } from './magnum';
import type { Tunnel } from './tunnel-agent';

/** Clients for one site's OpenStack; `close()` ends the connections they keep. */
export interface OpenStackSession {
  readonly clock: Clock;
  readonly keystone: Keystone;
  readonly magnum: MagnumClient;
  readonly heat: HeatClient;
  /** HTTP on the same way, without a token. */
  readonly http: HttpClient;
  /**
   * Reads from another service and returns the answer, whatever its status.
   * @param type of the service in the catalogue
   * @param path after the URL of its endpoint
   * @throws EndpointMissing, and what `Keystone` and `HttpClient` throw
   */
  get(type: string, path: string): Promise<Answer>;
  close(): void;
}

/** What clients are made of. */
export interface OpenStackOptions {
  readonly connect: Tunnel;
  readonly clock: Clock;
  /** The `openstack` section of the site document. */
  readonly account: Site['openstack'];
  /** What its `password` refers to. */
  readonly password: string;
  /** @default those of HttpClient */
  readonly http?: HttpOptions;
}

/** Clients for one site's OpenStack. Nothing is sent before the first call. */
export function openStackSession({
  connect,
  clock,
  account,
  password,
  ...options
}: OpenStackOptions): OpenStackSession {
  const http = new HttpClient(connect, clock, options.http);
  const keystone = new Keystone(http, clock, account, password);
  const magnum = new MagnumClient(http, keystone, clock, account.region, account.interface);
  const get = async (type: string, path: string) => {
    const url = (await keystone.endpoint(type, account.region, account.interface)) + path;
    return http.request({ method: 'GET', url, headers: { 'x-auth-token': await keystone.token() } });
  };
  return {
    keystone,
    clock,
    magnum,
    heat: new HeatClient(get),
    http,
    get,
    close: () => {
      http.close();
    },
  };
}
