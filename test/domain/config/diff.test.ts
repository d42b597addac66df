import { describeFileChanges, describeOptionChanges, describeRuleChanges } from '../../../domain/config/diff';
import type { Option } from '../../../domain/config/options';
import { expectToTakeLess } from '../cpu-time';

const same = (text: string) => text;
const option = (section: string, name: string, ...value: Option['value']): Option => ({
  section,
  option: name,
  value,
});
const secret = { ssm: '/db', encode: 'url' } as const;
const MEGABYTE = 1_000_000;

describe('describeOptionChanges', () => {
  const reveal = () => 'pa$$word';
  const changes = (found: string, ...wanted: Option[]) => describeOptionChanges(found, wanted, reveal, same);

  test('tells what changes of the managed options, and nothing of others', () => {
    const found =
      '[api]\nhost = 127.0.0.1\nworkers = 3\n[oslo_messaging_rabbit]\nheartbeat_rate=2\n[Trust]\nx = 1\nx = 2\n';

    expect(
      changes(
        found,
        option('api', 'host', '10.21.22.6'),
        option('oslo_messaging_rabbit', 'heartbeat_rate', '2'),
        option('trust', 'x', '2'),
        option('trust', 'y', ''),
      ),
    ).toEqual([
      '[api] host: 127.0.0.1 → 10.21.22.6',
      '[trust] x: <1 character>, <1 character> → 2',
      '[trust] y: (not set) → (empty)',
    ]);
  });

  test.each([
    ['host', '10.21.22.5'],
    ['host', 'node-1.example.org'],
    ['port', '9512'],
    ['cert_manager_type', 'barbican'],
    ['auth_url', 'http://10.21.22.2:35357/v3'],
    ['www_authenticate_uri', 'https://cloud.example.org/identity/v3/'],
    ['rabbit_ha_queues', 'true'],
    ['heartbeat_rate', '3'],
    ['region_name', 'RegionTwo'],
  ])('tells the old %s, which is no secret: %s', (name, value) => {
    expect(changes(`[s]\n${name} = ${value}\n`, option('s', name, 'new'))).toEqual([`[s] ${name}: ${value} → new`]);
  });

  test.each([
    ['host', 'http://user:hunter2@host/', 25],
    ['port', 'hunter2', 7],
    ['auth_url', 'http://user:hunter2@10.21.22.2/v3', 33],
    ['auth_url', 'http://10.21.22.2/v3?token=hunter2', 34],
    ['auth_url', 'http://10.21.22.2/hunter2', 25],
    ['rabbit_ha_queues', 'hunter2', 7],
    ['heartbeat_rate', 'hunter2', 7],
    ['username', 'hunter2', 7],
    ['memcached_servers', 'hunter2', 7],
    ['whatever', 'hunter2', 7],
  ])('tells only the length of an old %s that may hold one: %s', (name, value, length) => {
    expect(changes(`[s]\n${name} = ${value}\n`, option('s', name, 'new'))).toEqual([
      `[s] ${name}: <${length} characters> → new`,
    ]);
  });

  test('shows no secret, found or wanted', () => {
    const found =
      '[database]\nconnection = mysql://magnum:hunter2@10.21.22.2/magnum\n[a]\nplain = hunter2\nmy_token=\n';

    expect(
      changes(
        found,
        option('database', 'connection', 'mysql://magnum:', secret, '@10.21.22.2/magnum'),
        option('a', 'plain', { ssm: '/plain', encode: 'plain' }),
        option('a', 'my_token', { ssm: '/token', encode: 'plain' }),
        option('a', 'other_password', { ssm: '/other', encode: 'plain' }),
        option('profiler', 'hmac_keys', 'hunter2'),
      ),
    ).toEqual([
      '[database] connection: <40 characters> → mysql://magnum:<secret /db>@10.21.22.2/magnum',
      '[a] plain: <7 characters> → <secret /plain>',
      '[a] my_token: (empty) → <secret /token>',
      '[a] other_password: (not set) → <secret /other>',
      '[profiler] hmac_keys: (not set) → <7 characters>',
    ]);
  });

  test('a secret that is right is no change', () => {
    const found = '[a]\npassword = pa$$$$word\n[b]\nurl = x://u:pa%24%24word@h\n';

    expect(
      changes(
        found,
        option('a', 'password', { ssm: '/p', encode: 'plain' }),
        option('b', 'url', 'x://u:', { ssm: '/p', encode: 'url' }, '@h'),
      ),
    ).toEqual([]);
  });

  test('an old value that is a known secret is told by its length', () => {
    const lines = describeOptionChanges('[api]\nhost = hunter2\n', [option('api', 'host', 'new')], reveal, (text) =>
      text.replaceAll('hunter2', '***'),
    );

    expect(lines).toEqual(['[api] host: <7 characters> → new']);
  });

  test('of a pasted block that became part of a value it tells the names', () => {
    const found = [
      '[api]',
      'host = 10.21.22.6',
      ' [keystone_authtoken]',
      ' memcache_secret_key = hunter2-hunter2',
      ' hunter2_name = 1',
      ' aHVudGVyMg==',
      ' connection: hunter2',
      ' [hunter2]',
      '',
    ].join('\n');

    expect(changes(found, option('api', 'host', '10.21.22.6'))).toEqual([
      '[api] host: <129 characters in 7 lines> → 10.21.22.6',
      '-[api] host, line 2: [keystone_authtoken]',
      '-[api] host, line 3: memcache_secret_key = <15 characters>',
      '-[api] host, line 6: connection = <7 characters>',
    ]);
  });

  test('a value is one line, without control characters and not endless', () => {
    expect(changes('', option('a', 'x', `1\n2\u001b[31m${'z'.repeat(1000)}`))).toEqual([
      `[a] x: (not set) → 1\\n2\ufffd[31m${'z'.repeat(292)}…`,
    ]);
  });

  test('counts the lines after the limit, and values after the third', () => {
    const wanted = ['a', 'b', 'c'].map((name) => option('s', name, '1'));

    expect(describeOptionChanges('', wanted, reveal, same, 1)).toEqual(['[s] a: (not set) → 1', '… 2 more lines']);
    expect(describeOptionChanges('', wanted, reveal, same, 2).at(-1)).toBe('… 1 more line');
    expect(describeOptionChanges('', wanted, reveal, same, 3)).toHaveLength(3);
    expect(changes('[s]\nport = 1\nport = 2\nport = 3\nport = 4\nport = 5\n', option('s', 'port', '6'))).toEqual([
      '[s] port: 1, 2, 3 and 2 more → 6',
    ]);
  });

  test.each([
    ['one option over and over', `[a]\n${'x = 1\n'.repeat(MEGABYTE / 6)}`],
    ['one option with ever other values', `[a]\n${Array.from({ length: 90_000 }, (_, n) => `x = ${n}\n`).join('')}`],
    ['a value of many lines', `[a]\nx = 1\n${' connection = 1\n'.repeat(MEGABYTE / 16)}`],
    ['a long value', `[a]\nx = ${'://'.repeat(MEGABYTE / 3)}\n`],
    ['a long value of blanks', `[a]\nx = 1${' '.repeat(MEGABYTE)}2\n`],
    ['many sections', '[a]\n'.repeat(MEGABYTE / 4)],
    ['a long name', `[a]\n${'x'.repeat(MEGABYTE)} = 1\n`],
  ])('a megabyte takes no long time: %s', (_, found) => {
    const wanted = [option('a', 'x', 'http://u:', secret, '@h'), option('a', 'host', '1'), option('b', 'port', '2')];

    // Half of it on a machine that does nothing else.
    expectToTakeLess(250, () => changes(found, ...wanted));
  });
});

describe('describeFileChanges', () => {
  test('is the hunks of a unified diff, without context: old lines by their names', () => {
    const found = 'listen x\n bind 1\n mode tcp\n timeout server 1s\n option  httplog\n';
    const wanted = 'listen x\n bind 2\n mode tcp\n timeout  server 600s\n option  httplog\n server node-1\n';

    expect(describeFileChanges(found, wanted, same)).toEqual([
      '@@ -2,1 +2,1 @@',
      '- bind <1 character>',
      '+ bind 2',
      '@@ -4,1 +4,1 @@',
      '- timeout server <2 characters>',
      '+ timeout  server 600s',
      '@@ -5,0 +6,1 @@',
      '+ server node-1',
    ]);
  });

  test('is nothing if nothing changes', () => {
    expect(describeFileChanges('a\n', 'a\n', same)).toEqual([]);
  });

  test('tells of a new file, and of line ends', () => {
    expect(describeFileChanges('', 'a\n\n', same)).toEqual(['@@ -0,0 +1,2 @@', '+a', '+']);
    expect(describeFileChanges('listen a', 'listen a\n', same)).toEqual([
      '@@ -1,1 +1,1 @@',
      '-listen <1 character>',
      '+listen a',
    ]);
    expect(describeFileChanges('listen a\r\n', 'listen a\n', same)).toHaveLength(3);
  });

  test.each([
    ['listen magnum-api', 'listen <10 characters>'],
    ['\tstats auth admin:hunter2', ' stats auth <13 characters>'],
    [' user admin insecure-password hunter2', ' user <31 characters>'],
    ['  http-request  set-header Authorization Basic', ' http-request set-header <19 characters>'],
    ['http-request set-var(txn.hunter2) str(hunter2)', 'http-request set-var <26 characters>'],
    [' http-request hunter2', ' http-request <7 characters>'],
    [' no option httplog', ' no option httplog'],
    [' no hunter2', ' <keyword> <7 characters>'],
    [' option httpclose ', ' option httpclose'],
    [' hunter2 = x', ' <keyword> <3 characters>'],
    ['hunter2', '<keyword>'],
    ['hunter2/hunter2 a', '<line of 17 characters>'],
    ['"hunter2"', '<line of 9 characters>'],
    [' # see hunter2', ' # <11 characters>'],
    ['#', '#'],
    ['', ''],
    [`x${'y'.repeat(64)}`, '<line of 65 characters>'],
  ])('tells of %j its names alone', (line, told) => {
    expect(describeFileChanges(`${line}\n`, '', same)).toEqual(['@@ -1,1 +0,0 @@', `-${told}`]);
  });

  test('known secrets are redacted in what is wanted too, and control characters are not shown', () => {
    expect(describeFileChanges('', 'x abc \u001b y\n', (text) => text.replaceAll('abc', '***'))).toContain(
      '+x *** \ufffd y',
    );
  });

  test('counts the lines after the limit, 60 if not said', () => {
    const found = Array.from({ length: 71 }, (_, index) => `${index}\n`).join('');

    expect(describeFileChanges(found, '', same)).toHaveLength(61);
    expect(describeFileChanges(found, '', same).at(-1)).toBe('… 12 more lines');
  });

  const ours = 'listen magnum-api\n bind 10.21.22.2:9511\n';

  test.each([
    ['line breaks', '\n'.repeat(MEGABYTE), ours],
    ['one line of ://', '://'.repeat(MEGABYTE / 3), ours],
    ['one line of blanks', ` ${' '.repeat(MEGABYTE)}x`, ours],
    ['one line of keywords', 'no '.repeat(MEGABYTE / 3), ours],
    ['lines all of which differ', 'server a\n'.repeat(MEGABYTE / 9), 'server b\n'.repeat(MEGABYTE / 9)],
    ['lines of which every other differs', 'a\nb\n'.repeat(MEGABYTE / 8), 'a\nc\n'.repeat(MEGABYTE / 8)],
    ['carriage returns', '\r'.repeat(MEGABYTE), ours],
  ])('a megabyte takes no long time: %s', (_, found, wanted) => {
    expectToTakeLess(100, () => describeFileChanges(found, wanted, same));
  });
});

describe('describeRuleChanges', () => {
  const told = (line: string) => describeRuleChanges(`${line}\n`, '', same).slice(1);

  test.each([
    '-A INPUT -s 10.21.22.0/24 -p tcp -m multiport --dports 9511 -m comment --comment "117 magnum-api from 10.21.22.0/24" -j ACCEPT',
    '-A INPUT -p tcp -m tcp ! --dport 22 -m state --state NEW,ESTABLISHED -j REJECT --reject-with icmp-port-unreachable',
    '[12:3456] -A INPUT -i eth0 -p tcp --tcp-flags SYN,RST SYN -j DROP',
    '-I INPUT 3 -m set --match-set office src -j ACCEPT',
    '*filter',
    ':INPUT DROP [0:0]',
    ':LOGDROP - [10:20]',
    'COMMIT',
  ])('shows a rule as it is: %s', (line) => {
    expect(told(line)).toEqual([`-${line}`]);
  });

  test.each([
    [
      '-A INPUT -p tcp -m comment --comment "see hunter2" -j ACCEPT',
      '-A INPUT -p tcp -m comment --comment <11 characters> -j ACCEPT',
    ],
    ['-A INPUT --comment hunter2 more -j DROP', '-A INPUT --comment <7 characters> <4 characters> -j DROP'],
    ['-A INPUT --comment "-j hunter2" -j DROP', '-A INPUT --comment <10 characters> -j DROP'],
    ['-A INPUT --comm hunter2', '-A INPUT <option> <7 characters>'],
    ['-A INPUT --comment=hunter2', '-A INPUT --comment=<7 characters>'],
    ["-A INPUT -m string --string 'hunter2 x'", '-A INPUT -m string --string <9 characters>'],
    ['-A INPUT -j LOG --log-prefix "hunter2 \\"x\\""', '-A INPUT -j LOG --log-prefix <11 characters>'],
    ['-A INPUT --syn hunter2', '-A INPUT --syn <7 characters>'],
    ['-A INPUT --hunter2', '-A INPUT <option>'],
    ['# Generated by hunter2', '# <20 characters>'],
    ['hunter2 -j ACCEPT', '<line of 17 characters>'],
    [':hunter2', '<line of 8 characters>'],
  ])('but for what people have written: %s', (line, shown) => {
    expect(told(line)).toEqual([`-${shown}`]);
  });

  test('foreign rules are foreign on both sides', () => {
    const rule = '-A INPUT -m comment --comment hunter2 -j DROP\n';

    expect(describeRuleChanges('COMMIT\n', `${rule}COMMIT\n`, same)).toEqual([
      '@@ -0,0 +1,1 @@',
      '+-A INPUT -m comment --comment <7 characters> -j DROP',
    ]);
  });

  test.each([
    ['an unclosed quote', `-A INPUT ${'\\"'.repeat(MEGABYTE / 2)}`],
    ['quotes', `-A INPUT ${'""'.repeat(MEGABYTE / 2)}`],
    ['options', `-A INPUT ${'--x=y '.repeat(MEGABYTE / 6)}`],
    ['counters', '[0'.repeat(MEGABYTE / 2)],
  ])('a megabyte takes no long time: a line of %s', (_, found) => {
    expectToTakeLess(100, () => describeRuleChanges(found, '*filter\n', same));
  });

  test('a rule that moves in a file of ten thousand is told of alone', () => {
    const rules = Array.from(
      { length: 10_000 },
      (_, index) => `-A INPUT -s 10.0.0.0/8 -p tcp --dport ${index} -j DROP`,
    );
    const own = '-A INPUT -p tcp --dports 9511 -j ACCEPT';
    const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

    expect(describeRuleChanges(text([...rules, own]), text([own, ...rules]), same)).toEqual([
      '@@ -0,0 +1,1 @@',
      `+${own}`,
      '@@ -10001,1 +10001,0 @@',
      `-${own}`,
    ]);
    expectToTakeLess(100, () => describeRuleChanges(text([...rules, own]), text([own, ...rules]), same));
  });
});
