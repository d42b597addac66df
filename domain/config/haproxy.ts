import type { Site } from '../site/document';
import { isBefore } from '../site/versions';

/**
 * HAProxy's fragment for the Magnum API, by default byte for byte the guide's. It is the same on every controller.
 *
 * HAProxy does not accept a wrapped line. `timeout server` is ten times the default on purpose: Magnum has slow calls.
 *
 * @param haproxyVersion as `haproxy -v` prints it, such as 1.5.18: what came later is left out. Without it: the newest.
 */
export function haproxyFragment({ virtualIp, controllers, haproxy, magnum }: Site, haproxyVersion?: string): string {
  const { apiPort } = magnum;
  const { publicVip, healthCheckPath } = haproxy;
  const [own, open] = sockets({ virtualIp, haproxy, magnum });
  const servers = controllers.map(
    ({ name, address }) =>
      ` server ${name} ${address}:${apiPort}  check inter 10s fastinter 2s downinter 3s rise 3 fall 3`,
  );
  return `${[
    'listen magnum-api',
    ` bind ${own.address}:${own.port}`,
    ...(publicVip && open ? [` bind ${open.address}:${open.port} ssl crt ${publicVip.certificate}`] : []),
    ' http-request  set-header X-Forwarded-Proto https if { ssl_fc }',
    ` option  httpchk${healthCheckPath === undefined ? '' : ` GET ${healthCheckPath}`}`,
    ' option  httplog',
    ' option  httpclose',
    ...(isBefore(haproxyVersion, '1.6') ? [] : [' option  http-buffer-request']),
    ' timeout  server 600s',
    ' timeout  http-request 10s',
    ...servers,
  ].join('\n')}\n`;
}

/** Where something listens. */
export interface Socket {
  readonly address: string;
  readonly port: number;
}

/** Where HAProxy serves the Magnum API: at the VIP, and at the public one if the document has one. */
export function sockets({
  virtualIp,
  haproxy: { publicVip },
  magnum: { apiPort },
}: Pick<Site, 'virtualIp' | 'haproxy' | 'magnum'>): readonly [Socket] | readonly [Socket, Socket] {
  const own = { address: virtualIp, port: apiPort };
  return publicVip ? [own, { address: publicVip.address, port: publicVip.port ?? apiPort }] : [own];
}

/** The URL by which HAProxy serves the API, for an endpoint of that kind in Keystone's catalogue. */
export function apiUrl(site: Site, kind: 'public' | 'internal' | 'admin'): string {
  const [own, open] = sockets(site);
  return kind === 'public' && open ? `https://${open.address}:${open.port}/v1` : `http://${own.address}:${own.port}/v1`;
}
