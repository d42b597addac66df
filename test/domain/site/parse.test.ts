import { generateKeyPairSync } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { controllerNamed } from '../../../domain/site/named';
import { parseSite } from '../../../domain/site/parse';
import { CA } from '../sites';
import secretOptions from '../../../domain/site/secret-options.json';
import { type Changes, documentWith, problemsOf, refusalOf, shipped } from './documents';

const SITES = join(__dirname, '../../../sites');
const BROKEN = CA.replace(/MII.{20}/, 'MIIB');
const PRIVATE_KEY = generateKeyPairSync('rsa', { modulusLength: 1024 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

describe('a document that is right', () => {
  test.each(readdirSync(SITES).map((name) => basename(name, '.json')))('sites/%s.json is one', (name) => {
    const site = parseSite(name, shipped(name));

    expect(site.name).toBe(name);
    expect(site.controllers).toHaveLength(3);
  });

  test('gets its defaults', () => {
    const site = parseSite('golden', JSON.stringify(documentWith({ haproxy: undefined, clusters: undefined })));

    expect(site.haproxy).toMatchObject({ resource: 'p_haproxy', fragment: '180-magnum.cfg', include: 'directory' });
    expect(site.clusters).toEqual([]);
    expect(controllerNamed(site, 'node-2').port).toBe(22);
  });

  test.each<[string, Changes]>([
    ['an empty extra option', { magnum: { extraOptions: { keystone_authtoken: { admin_password: '' } } } }],
    [
      'an extra option by reference',
      { magnum: { extraOptions: { a: { password: { ssm: '/magnum-ha/golden/options/a' } } } } },
    ],
    ['the lowest and the highest port', { bastion: { port: 1 }, controllers: { 0: { port: 65535 } } }],
    ['a database behind a port of its own', { magnum: { database: { host: '10.21.22.2:3307' } } }],
    ['sudo for a user who is not root', { ssh: { user: 'magnum-ha', sudo: true } }],
    ['a private CA', { ca: { certificates: CA, file: '/etc/magnum/ca.pem' } }],
    ['a CA and its intermediate', { ca: { certificates: `root\n${CA}\r\nand\n${CA}` } }],
    ['a virtual host of RabbitMQ', { magnum: { rabbit: { virtualHost: '/magnum', tls: true } } }],
    [
      'a database with TLS',
      { ca: { certificates: CA, file: '/etc/magnum/ca.pem' }, magnum: { database: { tls: true } } },
    ],
    [
      'regions and endpoint interfaces of single clients',
      {
        release: 'stein',
        magnum: {
          endpointInterface: 'internal',
          clients: { magnum: { endpointInterface: 'public' }, heat: { region: 'RegionTwo' }, octavia: {} },
          trust: { keystoneRegion: 'RegionTwo' },
        },
      },
    ],
    ['no notifications', { magnum: { notificationDriver: 'noop' } }],
    [
      'a public VIP',
      { haproxy: { publicVip: { address: '198.51.100.2', certificate: '/etc/ssl/magnum.pem' }, healthCheckPath: '/' } },
    ],
  ])('may hold %s', (_, changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });
});

describe('a document that is refused', () => {
  test.each<[string, Changes, string, string]>([
    ['an unknown field', { relese: 'pike' }, 'UnknownField', 'relese'],
    ['an unknown field within', { magnum: { rabbit: { vhost: '/' } } }, 'UnknownField', 'magnum.rabbit.vhost'],
    ['an unknown field of an element', { controllers: { 2: { rack: 1 } } }, 'UnknownField', 'controllers.2.rack'],
    ['no VIP', { virtualIp: undefined }, 'MissingField', 'virtualIp'],
    ['no Magnum', { magnum: undefined }, 'MissingField', 'magnum'],
    ['no host key', { controllers: { 1: { hostKey: undefined } } }, 'MissingField', 'controllers.1.hostKey'],
    ['no database', { magnum: { database: { host: undefined } } }, 'MissingField', 'magnum.database.host'],
    [
      'a password without a value',
      { magnum: { database: { password: null } } },
      'MissingField',
      'magnum.database.password',
    ],
    ['an address that is none', { virtualIp: '10.21.22' }, 'BadAddress', 'virtualIp'],
    ['a name as an address', { controllers: { 0: { address: 'node-1' } } }, 'BadAddress', 'controllers.0.address'],
    ['an IPv6 address', { controllers: { 0: { address: 'fe80::1' } } }, 'BadAddress', 'controllers.0.address'],
    ['a network without prefix', { managementNetwork: '10.21.22.0' }, 'BadAddress', 'managementNetwork'],
    ['a network with too long a prefix', { managementNetwork: '10.21.22.0/33' }, 'BadAddress', 'managementNetwork'],
    [
      'a memcached without port',
      { magnum: { memcachedServers: { 1: '10.21.22.5' } } },
      'BadAddress',
      'magnum.memcachedServers.1',
    ],
    [
      'a RabbitMQ on port 0',
      { magnum: { rabbit: { hosts: { 0: '10.21.22.6:0' } } } },
      'BadAddress',
      'magnum.rabbit.hosts.0',
    ],
    ['port 0', { bastion: { port: 0 } }, 'BadPort', 'bastion.port'],
    ['port 65536', { magnum: { apiPort: 65536 } }, 'BadPort', 'magnum.apiPort'],
    ['a port in quotes', { bastion: { port: '22' } }, 'BadPort', 'bastion.port'],
    ['half a port', { bastion: { port: 22.5 } }, 'BadPort', 'bastion.port'],
    ['a host key of DSA', { bastion: { hostKey: 'ssh-dss AAAAB3NzaC1kc3MAAACB' } }, 'BadHostKey', 'bastion.hostKey'],
    [
      'a host key with its host',
      { bastion: { hostKey: `bastion ${'A'.repeat(68)}` } },
      'BadHostKey',
      'bastion.hostKey',
    ],
    ['no controllers', { controllers: [] }, 'BadValue', 'controllers'],
    ['a field without a value', { magnum: { region: null } }, 'MissingField', 'magnum.region'],
    ['certificates that are none', { ca: { certificates: 'none' } }, 'BadValue', 'ca.certificates'],
    ['a broken certificate', { ca: { certificates: BROKEN } }, 'BadValue', 'ca.certificates'],
    [
      'a private key among the certificates',
      { ca: { certificates: `${CA}${PRIVATE_KEY}` } },
      'SecretInClear',
      'ca.certificates',
    ],
    ['a CA without certificates', { ca: { file: '/etc/magnum/ca.pem' } }, 'MissingField', 'ca.certificates'],
    ['TLS to the database without a CA', { magnum: { database: { tls: true } } }, 'MissingField', 'ca.file'],
    [
      'a virtual host with a question mark',
      { magnum: { rabbit: { virtualHost: 'a?ssl=0' } } },
      'BadValue',
      'magnum.rabbit.virtualHost',
    ],
    ['an unknown client', { magnum: { clients: { swift: {} } } }, 'UnknownField', 'magnum.clients.swift'],
    [
      'an unknown endpoint interface',
      { magnum: { clients: { heat: { endpointInterface: 'internalURL' } } } },
      'BadValue',
      'magnum.clients.heat.endpointInterface',
    ],
    [
      'a public VIP without a certificate',
      { haproxy: { publicVip: { address: '198.51.100.2' } } },
      'MissingField',
      'haproxy.publicVip.certificate',
    ],
    [
      'a health check that is no path',
      { haproxy: { healthCheckPath: '/a HTTP/1.1\\r\\nHost:' } },
      'BadValue',
      'haproxy.healthCheckPath',
    ],
    ['an unknown release', { release: 'mitaka' }, 'BadValue', 'release'],
    ['a name with a space', { name: 'my site' }, 'BadValue', 'name'],
    ['a name like an option', { controllers: { 0: { name: '-x' } } }, 'BadValue', 'controllers.0.name'],
    ['a path upwards', { magnum: { configFile: '/etc/../magnum.conf' } }, 'BadValue', 'magnum.configFile'],
    ['a fragment HAProxy does not read', { haproxy: { fragment: '180-magnum.conf' } }, 'BadValue', 'haproxy.fragment'],
    [
      'a value of two lines',
      { magnum: { extraOptions: { api: { host: 'a\nb' } } } },
      'BadValue',
      'magnum.extraOptions.api.host',
    ],
    [
      'a waiver until a day that is none',
      { waivers: [{ verdicts: ['missing'], reason: 'why', until: '2026-02-30' }] },
      'BadValue',
      'waivers.0.until',
    ],
    ['no workers but a fraction', { clusters: { 0: { workers: 1.5 } } }, 'BadValue', 'clusters.0.workers'],
  ])('%s', (_, changes, name, path) => {
    const refusal = refusalOf(JSON.stringify(documentWith(changes)));

    expect(refusal?.problems).toMatchObject([{ path, name }]);
    expect(refusal?.name).toBe(name);
  });

  test.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"golden"'],
  ])('%s', (_, text) => {
    const refusal = refusalOf(text);

    expect(refusal?.name).toBe('BadValue');
    expect(refusal?.problems).toMatchObject([{ path: '$' }]);
  });

  test('an element of a wrong name is told what a name is', () => {
    const problems = problemsOf({ magnum: { extraOptions: { 'key stone': {} } } });

    expect(problems).toEqual([
      { path: 'magnum.extraOptions.key stone', name: 'BadValue', message: 'its name must be a section name' },
    ]);
  });
});

describe('what a field is told that is nearly right', () => {
  test.each<[string, Changes, string]>([
    ['a number in quotes', { bastion: { port: '2222' } }, 'bastion.port: write 2222 without quotes'],
    ['a count in quotes', { clusters: { 0: { workers: '5' } } }, 'clusters.0.workers: write 5 without quotes'],
    ['a boolean in quotes', { ssh: { sudo: 'true' } }, 'ssh.sudo: write true without quotes'],
    ['a text without quotes', { name: 7 }, 'name: must be text: write it in quotes'],
    ['a code name', { release: 'Caracal' }, 'release: unknown release "Caracal": write 2024.1'],
    ['a release in capitals', { release: 'Pike' }, 'release: unknown release "Pike": write pike'],
    ['a release as a number', { release: 2024.1 }, 'release: unknown release 2024.1: write "2024.1"'],
    ['another value', { haproxy: { include: 'yes' } }, 'haproxy.include: must be one of directory, statement'],
    ['no controller', { controllers: [] }, 'controllers: at least 1'],
    [
      'an empty text',
      { openstack: { username: '' } },
      'openstack.username: must be letters, digits, and _ . : - with no - or . in front',
    ],
    ['an empty line', { bastion: { host: '' } }, 'bastion.host: must not be empty'],
    ['no manager', { clusters: { 0: { managers: 0 } } }, 'clusters.0.managers: at least 1 manager'],
    ['half a worker', { clusters: { 0: { workers: 1.5 } } }, 'clusters.0.workers: must be a whole number'],
    ['one controller in place of a list', { controllers: 'node-1' }, 'controllers: must be a list'],
    ['a text in place of an object', { haproxy: 'p_haproxy' }, 'haproxy: must have fields'],
    ['another spelling', { virtualIp: undefined, virtualIP: '10.21.22.2' }, 'virtualIP: did you mean virtualIp?'],
    ['an underscore', { virtualIp: undefined, virtual_ip: '10.21.22.2' }, 'virtual_ip: did you mean virtualIp?'],
    ['a slip within a list', { clusters: { 0: { mangers: 1 } } }, 'clusters.0.mangers: is no field of a site document'],
    [
      'a slip within an optional object',
      { ca: { certificates: CA, fiel: '/etc/magnum/ca.pem' } },
      'ca.fiel: did you mean file?',
    ],
    [
      'a slip in what each client has',
      { magnum: { clients: { heat: { regoin: 'RegionOne' } } } },
      'magnum.clients.heat.regoin: did you mean region?',
    ],
    ['a field that is there already', { relase: 'pike' }, 'relase: is no field of a site document'],
    ['what nothing is near to', { magnum: { rack: 1 } }, 'magnum.rack: is no field of a site document'],
    [
      'an address that is taken',
      { controllers: { 2: { address: '10.21.22.6' } } },
      'controllers.2.address: same address as node-1',
    ],
  ])('%s', (_, changes, told) => {
    const problems = problemsOf(changes);

    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([told]);
  });

  test('no suggestion takes long', () => {
    const key = 'x'.repeat(200_000);

    expect(problemsOf({ [key]: 1 })).toMatchObject([{ name: 'UnknownField' }]);
  });
});

describe('the message', () => {
  test('says which site, where, what would be right, and that nothing was touched', () => {
    const refusal = refusalOf(JSON.stringify(documentWith({ bastion: { port: 0 } })));

    expect(refusal?.message).toBe(
      'Site golden: its document is refused; nothing was touched. Correct this:\n' +
        '- bastion.port: must be a port number from 1 to 65535 [BadPort]',
    );
  });

  test('lists every problem at once, whoever finds it, under a name of its own', () => {
    const refusal = refusalOf(
      JSON.stringify(
        documentWith({
          relese: 'pike',
          virtualIp: '10.21.23.2',
          controllers: { 1: { name: 'node-1', port: 0 } },
          openstack: { authUrl: undefined },
        }),
      ),
    );

    expect(refusal?.name).toBe('SiteDocumentInvalid');
    expect(refusal?.message.split('\n').slice(1).sort()).toEqual([
      '- controllers.1.name: another of controllers is named node-1 [DuplicateName]',
      '- controllers.1.port: must be a port number from 1 to 65535 [BadPort]',
      '- openstack.authUrl: is missing [MissingField]',
      '- relese: is no field of a site document [UnknownField]',
      '- virtualIp: 10.21.23.2 is outside the management network 10.21.22.0/24 [AddressOutsideManagementNetwork]',
    ]);
  });

  test('has the one name of several problems of one kind', () => {
    const refusal = refusalOf(JSON.stringify(documentWith({ bastion: { port: 0 }, magnum: { apiPort: 0 } })));

    expect(refusal?.name).toBe('BadPort');
    expect(refusal?.problems).toHaveLength(2);
  });
});

describe('a secret in clear', () => {
  const SECRET = 'hunter2-5f0c';

  test.each<[string, Changes, string]>([
    ['the SSH key', { ssh: { privateKey: SECRET } }, 'ssh.privateKey'],
    ["the database's password", { magnum: { database: { password: SECRET } } }, 'magnum.database.password'],
    ["Keystone's password", { magnum: { keystone: { password: SECRET } } }, 'magnum.keystone.password'],
    ["RabbitMQ's password", { magnum: { rabbit: { password: SECRET } } }, 'magnum.rabbit.password'],
    [
      "the trustee's password",
      { magnum: { trust: { domainAdminPassword: SECRET } } },
      'magnum.trust.domainAdminPassword',
    ],
    ["the operator's password", { openstack: { password: SECRET } }, 'openstack.password'],
    [
      'an extra option named as one',
      { magnum: { extraOptions: { keystone_authtoken: { admin_password: SECRET } } } },
      'magnum.extraOptions.keystone_authtoken.admin_password',
    ],
    [
      'an extra option whose value always holds one',
      { magnum: { extraOptions: { oslo_messaging_notifications: { transport_url: SECRET } } } },
      'magnum.extraOptions.oslo_messaging_notifications.transport_url',
    ],
    [
      'userinfo in an extra option',
      { magnum: { extraOptions: { drivers: { proxy: `http://user:${SECRET}@proxy:3128` } } } },
      'magnum.extraOptions.drivers.proxy',
    ],
    [
      'userinfo in a URL',
      { magnum: { keystone: { authUrl: `http://magnum:${SECRET}@10.21.22.2:5000/v3` } } },
      'magnum.keystone.authUrl',
    ],
    [
      'userinfo in the URL of the database',
      { magnum: { database: { host: `mysql://magnum:${SECRET}@10.21.22.2` } } },
      'magnum.database.host',
    ],
    [
      "userinfo in a template's label",
      { clusterTemplates: { 0: { labels: { http_proxy: `http://user:${SECRET}@proxy` } } } },
      'clusterTemplates.0.labels.http_proxy',
    ],
    [
      "a template's label named as one",
      { clusterTemplates: { 0: { labels: { grafana_admin_passwd: SECRET } } } },
      'clusterTemplates.0.labels.grafana_admin_passwd',
    ],
  ])('%s is refused, and does not stand in the message', (_, changes, path) => {
    const refusal = refusalOf(JSON.stringify(documentWith(changes)));

    expect(refusal?.problems).toMatchObject([{ path, name: 'SecretInClear' }]);
    expect(refusal?.name).toBe('SecretInClear');
    expect(refusal?.message).not.toContain(SECRET);
  });

  const known = Object.entries(secretOptions).flatMap(([section, options]) =>
    Object.keys(options).map((option) => [section === '*' ? 'another_section' : section, option] as const),
  );

  test.each<readonly [string, string]>([
    ...known,
    ['profiler', 'HMAC_KEYS'],
    ['barbican', 'kek_key'],
    ['somewhere', 'api_keys'],
    ['somewhere', 'passphrase'],
    ['somewhere', 'credentials'],
    ['somewhere', 'sql_connection'],
  ])('the option [%s] %s is refused with the way to give it', (section, option) => {
    const [problem, ...others] = problemsOf({ magnum: { extraOptions: { [section]: { [option]: SECRET } } } });

    expect(others).toEqual([]);
    expect(problem).toMatchObject({ path: `magnum.extraOptions.${section}.${option}`, name: 'SecretInClear' });
    expect(problem?.message).toContain('{"ssm": "/name"}');
  });

  test.each([
    `mysql+pymysql://magnum:${SECRET}@10.21.22.2/magnum`,
    `rabbit://magnum:with/slash-${SECRET}@10.21.22.2:5672/`,
    `redis://:${SECRET}@10.21.22.2`,
    `user=magnum;password=${SECRET}`,
    `{"password": "${SECRET}"}`,
    `--token ${SECRET} --secret=${SECRET}`,
  ])('so is a value of any option that shows one: %s', (value) => {
    expect(problemsOf({ magnum: { extraOptions: { somewhere: { url: value } } } })).toMatchObject([
      { path: 'magnum.extraOptions.somewhere.url', name: 'SecretInClear' },
    ]);
  });

  test.each([
    ['keystone_authtoken', 'service_token_roles', 'service'],
    ['keystone_authtoken', 'token_cache_time', '300'],
    ['keystone_authtoken', 'certfile', '/etc/magnum/cert.pem'],
    ['drivers', 'access_key_id', 'AKIDEXAMPLE'],
    ['database', 'connection_recycle_time', '3600'],
    ['profiler', 'enabled', 'true'],
    ['cache', 'backend', 'dogpile.cache.memcached'],
    ['somewhere', 'url', 'http://10.21.22.2:8080/path@version'],
    ['somewhere', 'url', 'http://10.21.22.2:8080,http://10.21.22.3:8080'],
    ['somewhere', 'image', 'registry.example.org/a@sha256:0123'],
    ['profiler', 'hmac_keys', { ssm: '/magnum-ha/golden/options/hmac-keys' }],
    ['database', 'connection', { ssm: '/magnum-ha/golden/options/connection' }],
  ])('the option [%s] %s = %j is none', (section, option, value) => {
    expect(problemsOf({ magnum: { extraOptions: { [section]: { [option]: value } } } })).toEqual([]);
  });

  test.each<[string, Changes]>([
    ['a number', { openstack: { password: 55550102 } }],
    ['a list', { openstack: { password: ['55550102'] } }],
    ['in place of the name of its parameter', { openstack: { password: { ssm: '55550102' } } }],
    ['beside the name of its parameter', { openstack: { password: { ssm: '/password', value: '55550102' } } }],
    ['before a host', { magnum: { database: { host: 'magnum:55550102@10.21.22.2' } } }],
    ['as the release', { release: '55550102' }],
    ['as a host key', { bastion: { hostKey: '55550102' } }],
  ])('does not stand in the message either if it is %s', (_, changes) => {
    const refusal = refusalOf(JSON.stringify(documentWith(changes)));

    expect(refusal?.message).toContain('its document is refused');
    expect(refusal?.message).not.toContain('55550102');
  });

  test('does not stand in the message about a text that is not JSON', () => {
    const text = JSON.stringify(documentWith({ openstack: { password: SECRET } }));
    const at = text.indexOf(SECRET);
    const damaged = Array.from({ length: 40 }, (_, index) => at - 20 + index).flatMap((place) => [
      text.slice(0, place),
      `${text.slice(0, place)}"${text.slice(place)}`,
      `${text.slice(0, place)}${text.slice(place + 1)}`,
      `${text.slice(0, place)}\n${text.slice(place)}`,
    ]);

    const messages = damaged.map((one) => refusalOf(one)?.message ?? '');

    for (let length = 4; length <= SECRET.length; length++) {
      expect(messages.filter((message) => message.includes(SECRET.slice(0, length)))).toEqual([]);
    }
  });
});

describe('a document of several lines', () => {
  const refusal = (changes: Changes) => refusalOf(JSON.stringify(documentWith(changes), null, 2));

  test('has the line of each problem, and problems in the order of lines', () => {
    const told = refusal({ controllers: { 2: { address: '10.21.22.6' } }, bastion: { port: '2222' }, rack: 1 });

    expect(told?.message.split('\n').slice(1)).toEqual([
      '- line 11, bastion.port: write 2222 without quotes [BadPort]',
      '- line 29, node-3: same address as node-1 [DuplicateAddress]',
      '- line 88, rack: is no field of a site document [UnknownField]',
    ]);
  });

  test('has the line around what is missing', () => {
    const told = refusal({ controllers: { 1: { hostKey: undefined } } });

    expect(told?.problems).toMatchObject([{ path: 'controllers.1.hostKey', line: 21, name: 'MissingField' }]);
  });
});

describe('YAML', () => {
  const yaml = (changes: Changes = {}) => stringify(documentWith(changes));

  test('is read as JSON is', () => {
    expect(parseSite('golden', yaml())).toEqual(parseSite('golden', shipped('golden')));
  });

  test('may have comments, and strings over several lines', () => {
    const text = `# Our cloud\nca:\n  certificates: |\n${CA.replace(/^(?=.)/gm, '    ')}\n${yaml()}`;

    expect(parseSite('golden', text).ca?.certificates.trim()).toBe(CA.trim());
  });

  test.each<[string, string, string]>([
    [
      'a number for a release',
      yaml().replace('release: pike', 'release: 2024.1'),
      'line 3, release: unknown release 2024.1',
    ],
    ['a field without a value', yaml().replace(/virtualIp: .*/, 'virtualIp:'), 'line 4, virtualIp: has no value'],
    ['a field that is there twice', `name: golden\n${yaml()}`, '$: is not YAML: DUPLICATE_KEY at line 3, column 1'],
    ['a tab', 'name:\n\tgolden', '$: is not YAML: TAB_AS_INDENT at line 2, column 1'],
    [
      'aliases without end',
      `a: &a [x, x]\n${'bcdefgh'.replace(/./g, (c, i: number) => `${c}: &${c} [${`*${'abcdefg'.charAt(i)}, `.repeat(9)}]\n`)}`,
      '$: is not YAML that can be read',
    ],
    ['text', 'golden', '$: must have fields'],
  ])('is refused with %s', (_, text, told) => {
    expect(refusalOf(text)?.message).toContain(`\n- ${told}`);
  });

  test('that is broken does not have its text in the message', () => {
    const refusal = refusalOf('name: golden\npassword: "hunter2-5f0c\n  : [');

    expect(refusal?.message).toContain('is not YAML');
    expect(refusal?.message).not.toContain('hunter2');
  });
});

describe('a text that is not JSON', () => {
  test.each([
    ['cut off', '{"name": "golden"', /^- \$: is not JSON: error at /],
    ['with a comma too many', '{"name": "golden",}', /^- \$: is not JSON/],
    ['empty', '', /^- \$: is not JSON: error at the end/],
  ])('%s is refused with its place, if it is known', (_, text, told) => {
    const refusal = refusalOf(text);

    expect(refusal?.name).toBe('BadValue');
    expect(refusal?.message.split('\n').at(-1)).toMatch(told);
  });

  test('that quotes a place has no other place told', () => {
    const refusal = refusalOf('{"a": "at position 4711", s}');

    expect(refusal?.message).not.toContain('4711');
  });
});
