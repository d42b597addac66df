import { describeFileChanges, describeOptionChanges } from '../../../domain/config/diff';
import type { Option } from '../../../domain/config/options';

const same = (text: string) => text;

describe('describeOptionChanges', () => {
  const option = (section: string, name: string, ...value: Option['value']): Option => ({
    section,
    option: name,
    value,
  });
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
    ).toEqual(['[api] host: 127.0.0.1 → 10.21.22.6', '[trust] x: 1, 2 → 2', '[trust] y: (not set) → (empty)']);
  });

  test('shows no secret, found or wanted', () => {
    const found =
      '[database]\nconnection = mysql://magnum:hunter2@10.21.22.2/magnum\n[a]\nplain = hunter2\nmy_token=\n';

    expect(
      changes(
        found,
        option('database', 'connection', 'mysql://magnum:', { ssm: '/db', encode: 'url' }, '@10.21.22.2/magnum'),
        option('a', 'plain', { ssm: '/plain', encode: 'plain' }),
        option('a', 'my_token', { ssm: '/token', encode: 'plain' }),
        option('a', 'other_password', { ssm: '/other', encode: 'plain' }),
      ),
    ).toEqual([
      '[database] connection: <redacted> → mysql://magnum:<secret /db>@10.21.22.2/magnum',
      '[a] plain: <redacted> → <secret /plain>',
      '[a] my_token: <redacted> → <secret /token>',
      '[a] other_password: (not set) → <secret /other>',
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

  test('redacts what is found of any option: known secrets and users of URLs', () => {
    const found = '[a]\nx = http://admin:p@ss@host/path\ny = so-secret it is\n';

    const lines = describeOptionChanges(found, [option('a', 'x', '1'), option('a', 'y', '2')], reveal, (text) =>
      text.replaceAll('so-secret', '***'),
    );

    expect(lines).toEqual(['[a] x: http://<redacted>@host/path → 1', '[a] y: *** it is → 2']);
  });

  test('a value is one line, without control characters and not endless', () => {
    const found = `[a]\nx = 1\n  2\u001b[31m\ny = ${'z'.repeat(1000)}\n`;

    expect(changes(found, option('a', 'x', '3'), option('a', 'y', '4'))).toEqual([
      '[a] x: 1\\n2\ufffd[31m → 3',
      `[a] y: ${'z'.repeat(300)}… → 4`,
    ]);
  });

  test('counts the lines behind the limit', () => {
    const wanted = ['a', 'b', 'c'].map((name) => option('s', name, '1'));

    expect(describeOptionChanges('', wanted, reveal, same, 1)).toEqual(['[s] a: (not set) → 1', '… 2 more lines']);
    expect(describeOptionChanges('', wanted, reveal, same, 2).at(-1)).toBe('… 1 more line');
    expect(describeOptionChanges('', wanted, reveal, same, 3)).toHaveLength(3);
  });
});

describe('describeFileChanges', () => {
  test('is the hunks of a unified diff', () => {
    expect(describeFileChanges('a\nb\nc\nd\ne\n', 'a\nb\nc\nD\ne\n', same)).toEqual([
      '@@ -1,5 +1,5 @@',
      ' a',
      ' b',
      ' c',
      '-d',
      '+D',
      ' e',
    ]);
  });

  test('is nothing where nothing changes', () => {
    expect(describeFileChanges('a\n', 'a\n', same)).toEqual([]);
  });

  test('tells of a new file', () => {
    expect(describeFileChanges('', 'a\n', same)).toEqual(['@@ -0,0 +1,1 @@', '+a']);
  });

  test.each([
    ['\tstats auth admin:hunter2', '\tstats auth <redacted>'],
    [' user admin insecure-password hunter2', ' user admin insecure-password <redacted>'],
    ['password = "hunter 2"', 'password = <redacted>'],
    ['rabbit_password=hunter2', 'rabbit_password=<redacted>'],
    [' http-request set-header Authorization Basic aHVudGVyMg==', ' http-request set-header Authorization <redacted>'],
    ['# see http://admin:hunter2@host/', '# see http://<redacted>@host/'],
    [' option  httpclose', ' option  httpclose'],
    ['# bypass this', '# bypass this'],
  ])('redacts %j', (line, shown) => {
    expect(describeFileChanges(`${line}\n`, '', same)).toEqual(['@@ -1,1 +0,0 @@', `-${shown}`]);
  });

  test('redacts known secrets', () => {
    expect(describeFileChanges('x abc y\n', '', (text) => text.replaceAll('abc', '***'))).toContain('-x *** y');
  });

  test('counts the lines behind the limit, 60 if not said', () => {
    const found = Array.from({ length: 71 }, (_, index) => `${index}\n`).join('');

    expect(describeFileChanges(found, '', same)).toHaveLength(61);
    expect(describeFileChanges(found, '', same).at(-1)).toBe('… 12 more lines');
  });
});
