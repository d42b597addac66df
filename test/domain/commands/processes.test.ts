import { ages, haproxyAges } from '../../../domain/commands/processes';

const PS = [
  '  86400 /sbin/init',
  '     12 [kworker/0:1-events]',
  '    310 /usr/bin/python3 /usr/bin/magnum-conductor --config-file /etc/magnum/magnum.conf',
  '    309 /usr/bin/python3 /usr/bin/magnum-conductor --config-file /etc/magnum/magnum.conf',
  '     42 magnum-api: worker 1',
  '   5000 /usr/sbin/haproxy -D -p /var/run/haproxy.pid -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d',
  '      3 /usr/sbin/haproxy -D -p /var/run/haproxy.pid -f /etc/haproxy/haproxy.cfg -sf 77',
  '    100 vim /etc/haproxy/haproxy.cfg',
  '    101 sh -c haproxy -c -f /etc/haproxy/haproxy.cfg',
  '    102 /usr/sbin/haproxy-exporter',
  '      1 ps -eo etimes=,args=',
  '',
].join('\n');

describe('ages of a service', () => {
  test.each([
    ['magnum-conductor', [310, 309]],
    ['magnum-api', [42]],
    ['magnum-cond', []],
    ['agnum-api', []],
    ['magnum', []],
    // A dot in a name is a dot.
    ['magnum.api', []],
  ])('%s: %j', (service, expected) => {
    expect(ages(PS, service)).toEqual(expected);
  });

  test('its log files are not the service', () => {
    expect(ages('  9 tail -f /var/log/magnum/magnum-api.log\n', 'magnum-api')).toEqual([]);
  });
});

describe('ages of HAProxy', () => {
  test('those of processes whose program it is, however many and however called', () => {
    expect(haproxyAges(PS)).toEqual([5000, 3]);
    expect(haproxyAges('7 haproxy -D\n')).toEqual([7]);
  });

  test('none where only others mention it, and none of a zombie', () => {
    expect(haproxyAges('100 vim haproxy\n 2 [haproxy] <defunct>\n')).toEqual([]);
    expect(haproxyAges('')).toEqual([]);
  });
});
