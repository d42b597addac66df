import { placesIn, reasonIn } from '../../../domain/commands/reason';

test.each([
  ["dd: error writing '/etc/x': No space left on device", 'No space left on device'],
  ["mv: cannot move 'a' to 'b': Read-only file system\n", 'Read-only file system'],
  ['Error: unable to get cib\n', 'unable to get cib'],
  ['bash: line 1: pcs: command not found', 'command not found'],
  ["timeout: failed to run command 'pcs': No such file or directory", 'failed to run command'],
  ['iptables: Index of insertion too big.', 'Index of insertion too big'],
  ['password = s3cret', undefined],
  ['', undefined],
])('of %j the reason is %j', (printed, reason) => {
  expect(reasonIn(printed)).toBe(reason);
});

test.each([
  [
    "[ALERT] (12) : [/etc/haproxy/conf.d/180-magnum.cfg:3] : 'server' : s3cret",
    ['/etc/haproxy/conf.d/180-magnum.cfg:3'],
  ],
  ['[ALERT] 1 : parsing [haproxy.cfg:7] : unknown keyword\n[ALERT] parsing [haproxy.cfg:7]', ['haproxy.cfg:7']],
  ['iptables-restore: line 12 failed', ['line 12']],
  ['Error occurred at line: 4', ['line 4']],
  ['password = s3cret', []],
])('%j names %j', (printed, places) => {
  expect(placesIn(printed)).toEqual(places);
});

test('a program that never ends to speak is read quickly', () => {
  const much = 'x'.repeat(8_000_000);

  expect([reasonIn(much), placesIn(much)]).toEqual([undefined, []]);
});
