import { listenersOf, modeBefore, parseSections, takes } from '../../../domain/config/haproxy-sections';

const FILES = { configFile: '/etc/haproxy/haproxy.cfg', fragmentDirectory: '/etc/haproxy/conf.d' };

/** What grep finds in files of these contents, in their order. */
function sectionsOf(files: Readonly<Record<string, string>>) {
  const lines = Object.entries(files).flatMap(([file, text]) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `${file.startsWith('/') ? file : `${FILES.fragmentDirectory}/${file}`}:${line}\n`),
  );
  return parseSections(lines.join(''), FILES);
}

describe('listeners', () => {
  test.each<[string, string, string[]]>([
    [
      'with every address of each, and nothing of what comes behind',
      'listen stats\n  bind 10.21.22.2:10000\nfrontend horizon\n\tbind 10.21.22.2:80\n  bind  :443 ssl crt /etc/ssl/private.pem\n',
      ['stats (10.21.22.2:10000)', 'horizon (10.21.22.2:80, :443)'],
    ],
    ['with addresses that share a line', 'listen a\n bind 10.0.0.1:80,10.0.0.2:80\n', ['a (10.0.0.1:80, 10.0.0.2:80)']],
    ['where the section itself says it', 'listen old 10.21.22.2:8080\n', ['old (10.21.22.2:8080)']],
    ['without sections that listen nowhere', 'listen a\npeers b\nlisten c\n bind :1\n', ['c (:1)']],
    ['none', '', []],
  ])('%s', (_, text, expected) => {
    expect(listenersOf(sectionsOf({ 'a.cfg': text }))).toEqual(expected);
  });

  test('in the order in which HAProxy reads them, and of no file that it does not read', () => {
    const sections = sectionsOf({
      '020.cfg': 'listen second\n bind :2\n',
      '/etc/haproxy/haproxy.cfg': 'listen main\n bind :9\n',
      '010.cfg': 'listen first\n bind :1\n',
      '.hidden.cfg': 'listen hidden\n bind :3\n',
      'old/010.cfg': 'listen below\n bind :4\n',
      '/etc/haproxy/magnum-ha-staged/conf.d/180.cfg': 'listen staged\n bind :5\n',
    });

    expect(listenersOf(sections)).toEqual(['main (:9)', 'first (:1)', 'second (:2)']);
  });
});

describe('who takes what goes to 10.21.22.2:9511', () => {
  test.each<[string, boolean | 'unknown']>([
    ['10.21.22.2:9511', true],
    ['10.21.22.2:9511 ssl crt /x.pem', true],
    ['10.21.22.9:80,10.21.22.2:9511', true],
    [':9511', true],
    ['*:9511', true],
    ['0.0.0.0:9511', true],
    ['[::]:9511 v4v6', true],
    ['ipv4@10.21.22.2:9511', true],
    ['10.21.22.2:9500-9600', true],
    ['"10.21.22.2":9511', true],
    ['${VIP}:9511', 'unknown'],
    ['vip.example.com:9511', 'unknown'],
    ['${VIP}:9512', false],
    ['10.21.22.3:9511', false],
    ['10.21.22.2:9512', false],
    ['[fd00::2]:9511', false],
    ['/run/haproxy.sock', false],
  ])('bind %s: %s', (bind, expected) => {
    const { sections } = sectionsOf({ 'a.cfg': `listen a\n bind ${bind}\n` });

    expect(sections.map((one) => takes(one, '10.21.22.2', 9511))).toEqual([expected]);
  });
});

describe('the mode of a fragment', () => {
  const own = '/etc/haproxy/conf.d/180-magnum.cfg';

  test.each<[string, Record<string, string>, string]>([
    ['is that of the defaults', { '/etc/haproxy/haproxy.cfg': 'defaults\n  mode  http\n' }, 'http'],
    ['is tcp without one', { '/etc/haproxy/haproxy.cfg': 'defaults\nlisten a\n mode http\n' }, 'tcp'],
    ['is tcp without defaults', {}, 'tcp'],
    [
      'is that of the last defaults before it',
      {
        '/etc/haproxy/haproxy.cfg': 'defaults\n mode http\n',
        '100-tcp.cfg': 'defaults tcp\n mode tcp\n',
        '190-later.cfg': 'defaults\n mode http\n',
      },
      'tcp',
    ],
  ])('%s', (_, files, expected) => {
    expect(modeBefore(sectionsOf(files), own, FILES)).toBe(expected);
  });
});

test("Fuel's includes are known by their whole paths", () => {
  const { includes } = sectionsOf({ '/etc/haproxy/haproxy.cfg': 'include conf.d/*.cfg\ninclude /srv/more/*.cfg\n' });

  expect(includes).toEqual(['/etc/haproxy/conf.d/*.cfg', '/srv/more/*.cfg']);
});
