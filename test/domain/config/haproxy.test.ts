import { haproxyFragment } from '../../../domain/config/haproxy';
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
});
