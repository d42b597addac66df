import { parseListening } from '../../../domain/commands/listening';
import { catalogue } from '../../../domain/commands/catalogue';
import { parseSections } from '../../../domain/config/haproxy-sections';
import { checkConfiguration, type HaproxyView } from '../../../domain/findings/haproxy-config';
import { CommandFailed } from '../../../domain/ssh/errors';
import { site } from '../sites';

const golden = site('golden');
const DEFAULTS = '/etc/haproxy/haproxy.cfg:defaults\n/etc/haproxy/haproxy.cfg: mode http\n';
const OWN =
  '/etc/haproxy/conf.d/180-magnum.cfg:listen magnum-api\n/etc/haproxy/conf.d/180-magnum.cfg: bind 10.21.22.2:9511\n';
const SS = 'LISTEN 0 1 10.21.22.2:5000 *:* users:(("haproxy",pid=1,fd=3))\n';
const STARTED_WITH = ['/etc/haproxy/haproxy.cfg', '/etc/haproxy/conf.d'];
const valid = { exitCode: 0, stdout: 'Configuration file is valid\n', stderr: '' };

/** A controller on which all is well but for this. */
function view(
  name: string,
  { sections = '', ss = '', check = valid, defaults = DEFAULTS, startedWith = STARTED_WITH } = {},
): HaproxyView {
  return {
    node: { name, commands: catalogue(golden), failure: ({ argv }) => new CommandFailed(argv.join(' ')) },
    check,
    sections: parseSections(defaults + OWN + sections, golden.haproxy),
    startedWith,
    listening: parseListening(SS + ss),
  };
}

const found = (...views: HaproxyView[]) => checkConfiguration(views, golden);

test('nothing is found if all is well', () => {
  expect(found(view('node-1'), view('node-2'))).toEqual([]);
});

describe("Magnum's own address", () => {
  const plugin = (bind: string) =>
    `/etc/haproxy/conf.d/200-plugin.cfg:listen containers\n/etc/haproxy/conf.d/200-plugin.cfg: bind ${bind}\n`;

  test('in another section is an error that names its file and the controllers', () => {
    const sections = plugin('10.21.22.2:9511');

    expect(found(view('node-1', { sections }), view('node-2'), view('node-3', { sections }))).toEqual([
      {
        name: 'FragmentAddressTaken',
        severity: 'error',
        evidence:
          "listen containers in /etc/haproxy/conf.d/200-plugin.cfg listens at 10.21.22.2:9511, Magnum's own address, on node-1, node-3",
        remedy: expect.stringContaining('HAProxy would spread the requests over both') as string,
      },
    ]);
  });

  test('in one of which only HAProxy knows where it listens is a warning', () => {
    expect(found(view('node-1', { sections: plugin('${VIP}:9511') }))).toMatchObject([
      { name: 'FragmentAddressTaken', severity: 'warning', evidence: expect.stringContaining('may listen') as string },
    ]);
  });

  test('of the public VIP too', () => {
    const document = site('golden', ({ haproxy }) => {
      haproxy.publicVip = { address: '203.0.113.9', port: 443, certificate: '/etc/ssl/magnum.pem' };
    });

    const findings = checkConfiguration([view('node-1', { sections: plugin('203.0.113.9:443') })], document);

    expect(findings.map(({ name }) => name)).toEqual(['FragmentAddressTaken']);
  });
});

test("the public VIP's port on every address: HAProxy could not listen at all", () => {
  const document = site('golden', ({ haproxy }) => {
    haproxy.publicVip = { address: '203.0.113.9', port: 443, certificate: '/etc/ssl/magnum.pem' };
  });
  const apache = view('node-1', { ss: 'LISTEN 0 1 *:443 *:* users:(("apache2",pid=8,fd=3))\n' });

  const findings = checkConfiguration([apache], document);

  expect(findings).toMatchObject([{ name: 'ApiPortTaken', severity: 'error' }]);
  expect(findings[0]?.evidence).toContain('apache2 listens on port 443 of every address on node-1');
  expect(findings[0]?.remedy).toContain('haproxy.publicVip another port');
});

describe("the API's port on every address", () => {
  const on = (program: string) => ({ ss: `LISTEN 0 1 *:9511 *:* users:(("${program}",pid=8,fd=3))\n` });

  test('of uWSGI, which does not read [api] host: which controllers, and how to tell it', () => {
    expect(found(view('node-1', on('uwsgi')), view('node-2', on('uwsgi')))).toEqual([
      {
        name: 'ApiPortTaken',
        severity: 'error',
        evidence: expect.stringMatching(/^uwsgi listens on port 9511 of every address on node-1, node-2: /) as string,
        remedy: expect.stringContaining('--http-socket ADDRESS:9511') as string,
      },
    ]);
  });

  test.each(['magnum-api', 'python3', 'python2.7'])('of %s, which does when it is restarted, is nothing', (program) => {
    expect(found(view('node-1', on(program)))).toEqual([]);
  });
});

describe('the directory of fragments', () => {
  const main = ['/etc/haproxy/haproxy.cfg'];

  test('that HAProxy was not started with: what it was started with, and on which controllers', () => {
    expect(found(view('node-1', { startedWith: main }), view('node-2'))).toEqual([
      {
        name: 'FragmentDirectoryNotRead',
        severity: 'error',
        evidence:
          "HAProxy was started with /etc/haproxy/haproxy.cfg, and not with /etc/haproxy/conf.d, on node-1: it would not read Magnum's fragment",
        remedy: expect.stringContaining('EXTRAOPTS="-f /etc/haproxy/conf.d"') as string,
      },
    ]);
  });

  test.each<[string, { startedWith?: string[]; sections?: string }]>([
    ['as a file of its own', { startedWith: [...main, '/etc/haproxy/conf.d/180-magnum.cfg'] }],
    ['by a statement of Fuel’s', { startedWith: main, sections: '/etc/haproxy/haproxy.cfg:include conf.d/*.cfg\n' }],
    ['as far as anybody can tell: HAProxy does not run', { startedWith: [] }],
  ])('is read %s', (_, options) => {
    expect(found(view('node-1', options))).toEqual([]);
  });
});

describe('the fragment without mode http', () => {
  test('would have no effect by half', () => {
    expect(found(view('node-1', { defaults: '/etc/haproxy/haproxy.cfg:defaults\n' }))).toMatchObject([
      {
        name: 'FragmentModeNotHttp',
        severity: 'warning',
        evidence: expect.stringMatching(/mode tcp on node-1/) as string,
      },
    ]);
  });

  // What HAProxy 2.6.12 and 1.5.18 print.
  test.each([
    `[NOTICE]   (8920) : haproxy version is 2.6.12-1+deb12u4
[WARNING]  (8920) : config : parsing [/etc/haproxy/conf.d/180-magnum.cfg:5] : 'option httplog' not usable with proxy 'magnum-api' (needs 'mode http'). Falling back to 'option tcplog'.
[WARNING]  (8920) : config : parsing [/etc/haproxy/conf.d/010-stats.cfg:5] : 'stats auth admin:secret' of somebody else
`,
    "[WARNING] 330/213644 (77) : config : 'option httplog' not usable with proxy 'magnum-api' (needs 'mode http'). Falling back to 'option tcplog'.\n",
  ])('is what HAProxy itself warns of: its words, but none about lines of others', (stderr) => {
    const findings = found(view('node-1', { check: { ...valid, stderr } }));

    expect(findings).toMatchObject([{ name: 'HAProxyConfigWarning', severity: 'warning' }]);
    expect(findings[0]?.evidence).toContain("'option httplog' not usable with proxy 'magnum-api'");
    expect(findings[0]?.evidence).not.toContain('secret');
  });
});
