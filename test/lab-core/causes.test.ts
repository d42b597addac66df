import { percentEncode } from '../../domain/secrets/secrets';
import {
  type Cause,
  evidenceOf,
  expected,
  findingsOf,
  hidden,
  python,
  shared,
  untilServing,
  withoutEndpoints,
  withoutPort35357,
  wrong,
} from './cause';
import { type OpenStackLab, startOpenStackLab } from './lab';

// What breaks Magnum, on real services. What needs templates is in test/lab-full.

const VIP = '10.21.22.2';
const CONTROLLERS = ['node-1', 'node-2', 'node-3'];
const SITE_PACKAGES = '/usr/lib/python3/dist-packages';
const PACKAGE = `${SITE_PACKAGES}/magnum-*.egg-info/PKG-INFO`;
/** Sends a message, as Magnum's API does to its conductor, or fails. */
const CAST = `
import sys, oslo_messaging
from oslo_config import cfg
transport = oslo_messaging.get_rpc_transport(cfg.CONF, sys.argv[1])
oslo_messaging.RPCClient(transport, oslo_messaging.Target(topic="lab"), retry=1).cast({}, "lab")
`;

let site: OpenStackLab;
beforeAll(async () => {
  site = await startOpenStackLab({ profile: 'core', speed: 10 });
});
afterAll(() => site.close());

const version = (from: string, to: string) => `sed -i 's/^Version: ${from}/Version: ${to}/' ${PACKAGE}`;
const trusteeRole = (granted: string, revoked: string) =>
  python(`domain = cloud.ensure("domain", name="magnum")
user = cloud.ensure("user", name="magnum_domain_admin", domain_id=domain)
cloud.grant("${granted}", user, f"domains/{domain}")
role = cloud.ensure("role", name="${revoked}")
cloud.ask("DELETE", f"/domains/{domain}/users/{user}/roles/{role}")`);

const causes: Cause[] = [
  { what: 'nothing is found where all is well', found: {} },
  {
    what: 'what the document alone tells',
    document: (one) => {
      const { magnum } = one;
      one.release = 'yoga';
      magnum.conductorHost = false;
      magnum.keystone.keystoneAuth = false;
      magnum.keystone.wwwAuthenticateUri = `http://${VIP}:5000`;
      magnum.keystone.authUrl = `http://${VIP}:35357/`;
      magnum.trust.keystoneInterface = 'internal';
      magnum.database.driver = 'mysql';
      delete magnum.region;
      magnum.extraOptions = {
        api: { host: '127.0.0.1' },
        certificates: { cert_manager_type: 'bogus' },
        keystone_authtoken: { auth_host: '127.0.0.1', admin_user: 'admin' },
        oslo_messaging_rabbit: { rabbit_virtual_host: '/m', rabbit_quorum_queue: 'True', heartbeat_rate: 'two' },
      };
    },
    found: {
      'error ApiHostSame': /\[api\] host = 127\.0\.0\.1/,
      'warning AuthUriWithoutV3': /is http:\/\/10\.21\.22\.2:5000$/,
      'warning KeystoneAuthMissing': /admin_password is not set/,
      'warning KeystoneAdminPort': /authUrl is http:\/\/10\.21\.22\.2:35357\//,
      'warning LegacyKeystoneOptions': /auth_host, admin_user/,
      'warning ConductorHostMissing': /conductorHost is false/,
      'warning TrusteeInterfaceNotPublic': /is internal/,
      'warning RegionMissing': /region is not set/,
      'warning CertificateManagerUnknown': /cert_manager_type = bogus/,
      'error RabbitOptionsIgnored': /rabbit_virtual_host/,
      'error QueueTypesBoth': /queues is mirrored/,
      'warning DatabaseDriverMysql': /driver is mysql/,
      'error HeartbeatNotInteger': /heartbeat_rate = two/,
      'warning ReleaseMismatch': /Magnum 15\.0\.1 is installed, release is yoga/,
    },
  },
  {
    what: 'auth_uri where Keystone is not',
    document: (one) => (one.magnum.keystone.wwwAuthenticateUri = `http://${VIP}:5000/identity/v3`),
    found: { 'warning AuthUriWrong': /identity\/v3, where no token can be had: 404/ },
  },
  {
    what: "Magnum's user is refused",
    secrets: wrong('keystone-password'),
    found: { 'error ServiceUserRefused': /user magnum in the project services: 401/ },
  },
  {
    what: 'no token can be had at auth_url',
    document: (one) => (one.magnum.keystone.authUrl = `http://${VIP}:5000/identity/v3`),
    found: { 'error KeystoneAuthUrlWrong': /identity\/v3, where no token can be had: 404/ },
  },
  {
    what: 'port 35357, where nobody listens any more',
    document: (one) => (one.magnum.keystone.authUrl = `http://${VIP}:35357/`),
    cloud: withoutPort35357(CONTROLLERS),
    found: {
      'warning KeystoneAdminPort': /35357/,
      'error KeystonePortUnreachable': /Keystone 10\.21\.22\.2:35357 does not take connections from node-1.*node-3/,
      'error KeystoneAuthUrlWrong': /35357/,
    },
  },
  {
    what: 'Magnum 2.x, which knows no names of trustees',
    cloud: { on: CONTROLLERS, act: version('15', '2'), undo: version('2', '15') },
    found: { 'error TrusteeNamesUnknown': /Magnum 2\.0\.1 is installed/ },
  },
  {
    what: 'the trustee admin is refused',
    secrets: wrong('trustee-password'),
    found: { 'warning TrusteeAdminRefused': /domain magnum to its admin magnum_domain_admin: 401/ },
  },
  {
    what: 'there is no trustee domain',
    document: (one) => (one.magnum.trust.domainName = 'nowhere'),
    found: { 'warning TrusteeAdminRefused': /domain nowhere .*: 401/ },
  },
  {
    what: 'the trustee admin has another role',
    cloud: shared(trusteeRole('reader', 'admin'), trusteeRole('admin', 'reader')),
    found: { 'warning TrusteeAdminWithoutRole': /the roles reader, not admin/ },
  },
  {
    what: 'Keystone has no public endpoint',
    cloud: withoutEndpoints('one["interface"] == "public" and one["url"].endswith(":5000/v3")'),
    found: { 'warning TrusteeEndpointMissing': /public/ },
  },
  {
    what: 'a region that Keystone does not have',
    document: (one) => (one.magnum.region = 'RegionTwo'),
    found: { 'warning RegionUnknown': /RegionTwo, which Keystone does not have: Could not find region: RegionTwo/ },
  },
  {
    what: 'barbican if there is none',
    document: (one) => (one.magnum.certificateManager = 'barbican'),
    found: { 'warning KeyManagerMissing': /key-manager/ },
  },
  {
    what: "certificates on one controller's disk",
    document: (one) => (one.magnum.extraOptions = { certificates: { cert_manager_type: 'local' } }),
    found: { 'error CertificateManagerLocal': /cert_manager_type = local/ },
  },
  {
    what: "RabbitMQ refuses the user's password",
    secrets: wrong('rabbit-password'),
    found: { 'error RabbitUserRefused': /refused: 403 ACCESS_REFUSED/ },
  },
  {
    what: 'RabbitMQ refuses the virtual host',
    cloud: shared('rabbitmqctl -q clear_permissions magnum', "rabbitmqctl -q set_permissions magnum '.*' '.*' '.*'"),
    found: { 'error RabbitUserRefused': /refused: 530 NOT_ALLOWED/ },
  },
  {
    what: "a slash in RabbitMQ's password",
    secrets: { '/magnum-ha/openstack/rabbit-password': 'with/slash' },
    cloud: shared(
      'rabbitmqctl -q change_password magnum with/slash',
      `rabbitmqctl -q change_password magnum < <(${python('print(passwords()["rabbit"])')}\n)`,
    ),
    found: { 'error RabbitPasswordWithSlash': /rabbit-password has a \/$/ },
  },
  {
    what: 'a database driver that is not installed everywhere',
    cloud: hidden(['node-2'], `${SITE_PACKAGES}/pymysql`),
    found: { 'error DatabaseDriverMissing': /cannot import pymysql, which mysql\+pymysql:\/\/ needs, on node-2$/ },
  },
  {
    what: 'the database refuses the user',
    cloud: shared(`mariadb -e "RENAME USER magnum@'%' TO away@'%'"`, `mariadb -e "RENAME USER away@'%' TO magnum@'%'"`),
    found: {
      'error DatabaseUserRefused': /database magnum .* to user magnum: refused: \d+ Access denied for user 'magnum'/,
    },
  },
  {
    what: 'there is no such database',
    document: (one) => (one.magnum.database.name = 'other'),
    found: { 'error DatabaseUserRefused': /database other .* refused: 1044 Access denied/ },
  },
  {
    what: 'what is there is no database',
    document: (one) => (one.magnum.database.host = `${VIP}:5000`),
    found: { 'warning LoginUnanswered': /no answer to the login/ },
  },
  {
    what: 'the database is elsewhere',
    document: (one) => (one.magnum.database.host = `${VIP}:3307`),
    found: { 'error DatabaseUnreachable': /The database 10\.21\.22\.2:3307 .* node-1.*node-2.*node-3/ },
  },
  {
    what: 'one RabbitMQ is dead',
    document: (one) => one.magnum.rabbit.hosts.push('10.21.22.6:5673'),
    found: { 'warning RabbitUnreachable': /RabbitMQ 10\.21\.22\.6:5673/ },
  },
  {
    what: 'all of RabbitMQ is dead',
    cloud: shared('rabbitmqctl -q stop_app', 'rabbitmqctl -q start_app'),
    found: { 'error RabbitUnreachable': /RabbitMQ 10\.21\.22\.253:5673/ },
  },
  {
    what: 'memcached is dead',
    cloud: shared('service memcached stop', 'service memcached start'),
    found: { 'warning MemcachedUnreachable': /memcached 10\.21\.22\.253:11211/ },
  },
  {
    what: 'Magnum is not installed',
    cloud: hidden(['node-2'], '/usr/bin/magnum-conductor'),
    found: { 'error MagnumNotInstalled': /on node-2 \(exit code 127\)$/ },
  },
  {
    what: 'different versions of Magnum',
    cloud: { on: ['node-2'], act: version('15', '14'), undo: version('14', '15') },
    found: { 'warning MagnumVersionsDiffer': /Magnum 15\.0\.1 and 14\.0\.1 is installed/ },
  },
  {
    what: "the workflow's own user is refused",
    secrets: wrong('openstack-password'),
    found: { 'error OpenStackUserRefused': /refuses the user admin .* in the project admin/ },
  },
  {
    what: 'Keystone does not serve',
    cloud: shared('service keystone stop', `service keystone start; ${untilServing(`http://${VIP}:5000/v3`)}`),
    found: {
      'error KeystoneAuthUrlWrong': /where no token can be had: 503/,
      'error OpenStackAuthUrlWrong': /503/,
    },
  },
  {
    what: 'Magnum has no endpoint',
    cloud: withoutEndpoints('one["url"].endswith(":9511/v1")'),
    found: { 'error MagnumEndpointMissing': /container-infra/ },
  },
];

describe('causes of failure, on real Keystone, MariaDB, RabbitMQ and Magnum', () => {
  it.each(causes)('$what', async (cause) => {
    const findings = await findingsOf(site, cause);

    expect(evidenceOf(findings)).toEqual(expected(cause));
    expect(findings).toHaveLength(Object.keys(cause.found).length);
  });
});

it('a password for RabbitMQ may have any character but a slash, which oslo.messaging leaves as it is', async () => {
  const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).filter(
    (one) => one !== '/',
  );
  const reaches = async (password: string) => {
    // It reads a password that is no argument.
    await site.lab.exec('openstack', ['rabbitmqctl', '-q', 'add_user', 'somebody'], `${password}\n`);
    await site.bash('openstack', "rabbitmqctl -q set_permissions somebody '.*' '.*' '.*'");
    const url = `rabbit://somebody:${percentEncode(password)}@10.21.22.253:5673/`;
    const { exitCode, stderr } = await site.lab.exec('node-1', ['python3', '-c', CAST, url]);
    await site.bash('openstack', 'rabbitmqctl -q delete_user somebody');
    return exitCode === 0 ? 'reached' : stderr;
  };

  const others = await reaches(`a${printable.join('')}`);
  const slash = await reaches('a/b');

  expect(others).toBe('reached');
  expect(slash).toMatch(/Port could not be cast to integer value as 'a'/);
});

it('HAProxy is disabled: nothing behind the VIP is asked', async () => {
  await site.bash('node-1', 'pcs resource disable --wait=60 p_haproxy');

  const findings = await findingsOf(site, { what: '', found: {} });
  await site.bash('node-1', 'pcs resource enable p_haproxy');
  await site.lab.settled();

  expect(findings.map(({ severity, name }) => `${severity} ${name}`)).toEqual(['error HAProxyDisabled']);
});

it('an apply that is refused writes nothing, and restarts nothing', async () => {
  const state = () =>
    Promise.all(
      CONTROLLERS.map((name) =>
        site.bash(
          name,
          'find /etc -xdev -newer /etc/hostname -type f -exec sha256sum {} + | sort; iptables -S; ' +
            'find /etc/magnum /etc/haproxy /etc/iptables -printf "%p %T@\\n" | sort; ' +
            'ps -eo lstart=,args= | grep -E "(haproxy|magnum-(api|conductor)) " | grep -v grep',
        ),
      ),
    );
  const usual = new Map(site.parameters);
  for (const [name, value] of Object.entries(wrong('keystone-password')))
    site.parameters.set(name, { type: 'SecureString', value });
  const before = await state();

  const { status, error, cause } = await site.execute('apply');

  for (const [name, parameter] of usual) site.parameters.set(name, parameter);
  expect({ status, error }).toEqual({ status: 'FAILED', error: 'PreflightRefused' });
  expect(cause).toMatch(/^- error ServiceUserRefused: Keystone refuses Magnum's user magnum/m);
  expect(await state()).toEqual(before);
});
