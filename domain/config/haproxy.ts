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
  const servers = controllers.map(
    ({ name, address }) =>
      ` server ${name} ${address}:${apiPort}  check inter 10s fastinter 2s downinter 3s rise 3 fall 3`,
  );
  return `${[
    'listen magnum-api',
    ` bind ${virtualIp}:${apiPort}`,
    ...(publicVip ? [` bind ${publicVip.address}:${publicVip.port ?? apiPort} ssl crt ${publicVip.certificate}`] : []),
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

/** The URL by which HAProxy serves the API, for an endpoint of that kind in Keystone's catalogue. */
export function apiUrl({ virtualIp, haproxy, magnum }: Site, kind: 'public' | 'internal' | 'admin'): string {
  const { publicVip } = haproxy;
  return kind === 'public' && publicVip
    ? `https://${publicVip.address}:${publicVip.port ?? magnum.apiPort}/v1`
    : `http://${virtualIp}:${magnum.apiPort}/v1`;
}
