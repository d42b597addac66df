import type { Site } from '../site/document';

/**
 * HAProxy's fragment for the Magnum API, byte for byte the guide's. It is the same on every controller.
 *
 * HAProxy does not accept a wrapped line. `timeout server` is ten times the default on purpose: Magnum has slow calls.
 */
export function haproxyFragment({ virtualIp, controllers, magnum: { apiPort } }: Site): string {
  const servers = controllers.map(
    ({ name, address }) =>
      ` server ${name} ${address}:${apiPort}  check inter 10s fastinter 2s downinter 3s rise 3 fall 3`,
  );
  return `${[
    'listen magnum-api',
    ` bind ${virtualIp}:${apiPort}`,
    ' http-request  set-header X-Forwarded-Proto https if { ssl_fc }',
    ' option  httpchk',
    ' option  httplog',
    ' option  httpclose',
    ' option  http-buffer-request',
    ' timeout  server 600s',
    ' timeout  http-request 10s',
    ...servers,
  ].join('\n')}\n`;
}
