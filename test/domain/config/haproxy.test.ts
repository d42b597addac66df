import { apiUrl, haproxyFragment } from '../../../domain/config/haproxy';
import { node1, site } from '../sites';

describe('haproxyFragment', () => {
  test("the guide's document gives the guide's fragment, byte for byte", () => {
    expect(haproxyFragment(site('guide'))).toBe(`listen magnum-api
 bind 10.21.22.2:9511
 http-request  set-header X-Forwarded-Proto https if { ssl_fc }
 option  httpchk
 option  httplog
 option  httpclose
 option  http-buffer-request
 timeout  server 600s
 timeout  http-request 10s
 server node-1 10.21.22.6:9511  check inter 10s fastinter 2s downinter 3s rise 3 fall 3
 server node-2 10.21.22.5:9511  check inter 10s fastinter 2s downinter 3s rise 3 fall 3
 server node-3 10.21.22.4:9511  check inter 10s fastinter 2s downinter 3s rise 3 fall 3
`);
  });

  test('VIP, port and controllers are the document’s', () => {
    const other = site('golden', (document) => {
      document.virtualIp = '10.21.22.9';
      document.magnum.apiPort = 9512;
      document.controllers = [{ ...node1(document), name: 'ctl-7', address: '10.21.22.7' }];
    });

    expect(haproxyFragment(other).split('\n')).toEqual(
      expect.arrayContaining([
        ' bind 10.21.22.9:9512',
        ' server ctl-7 10.21.22.7:9512  check inter 10s fastinter 2s downinter 3s rise 3 fall 3',
      ]),
    );
    expect(haproxyFragment(other)).not.toContain('node-');
  });

  test.each<[string, number | undefined, string]>([
    ['the API’s port', undefined, '9511'],
    ['a port of its own', 443, '443'],
  ])('a public VIP is a second address with TLS, on %s', (_, port, expected) => {
    const wanted = site('golden', ({ haproxy }) => {
      haproxy.publicVip = { address: '198.51.100.2', certificate: '/etc/ssl/magnum.pem', ...(port && { port }) };
    });

    expect(haproxyFragment(wanted).split('\n').slice(1, 4)).toEqual([
      ' bind 10.21.22.2:9511',
      ` bind 198.51.100.2:${expected} ssl crt /etc/ssl/magnum.pem`,
      ' http-request  set-header X-Forwarded-Proto https if { ssl_fc }',
    ]);
  });

  test('the health check asks for the path of the document', () => {
    const wanted = site('golden', ({ haproxy }) => (haproxy.healthCheckPath = '/healthcheck'));

    expect(haproxyFragment(wanted)).toContain('\n option  httpchk GET /healthcheck\n');
  });

  test.each([
    ['1.4.24', false],
    ['1.5.18', false],
    ['1.6.3-1ubuntu0.3', true],
    ['2.6.12-1+deb12u4', true],
    ['3.0.11', true],
    ['10.0', true],
    ['unknown', true],
  ])('HAProxy %s gets http-buffer-request: %s', (version, expected) => {
    const fragment = haproxyFragment(site('guide'), version);

    expect(fragment.includes('http-buffer-request')).toBe(expected);
    expect(fragment.split('\n')).toHaveLength(expected ? 13 : 12);
  });
});

describe('apiUrl', () => {
  const kinds = ['public', 'internal', 'admin'] as const;

  test('is on the VIP', () => {
    expect(kinds.map((kind) => apiUrl(site('golden'), kind))).toEqual(Array(3).fill('http://10.21.22.2:9511/v1'));
  });

  test('is on the public VIP for the public', () => {
    const wanted = site('golden', ({ haproxy }) => {
      haproxy.publicVip = { address: '198.51.100.2', port: 443, certificate: '/etc/ssl/magnum.pem' };
    });

    expect(kinds.map((kind) => apiUrl(wanted, kind))).toEqual([
      'https://198.51.100.2:443/v1',
      'http://10.21.22.2:9511/v1',
      'http://10.21.22.2:9511/v1',
    ]);
  });
});
