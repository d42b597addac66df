import { editOslo, parseOslo } from '../../../domain/config/oslo';
import { describe as described, magnumOptions, type Option, resolve } from '../../../domain/config/options';
import type { Site } from '../../../domain/site/document';
import type { Release } from '../../../domain/site/releases';
import { CA, node1, site } from '../sites';

const text = (options: readonly Option[]) =>
  options.map(({ section, option, value }) => `[${section}] ${option} = ${described(value)}`);
const inSections = (options: readonly Option[], ...sections: string[]) =>
  text(options.filter(({ section }) => sections.includes(section)));

describe('magnumOptions', () => {
  test("the guide's document gives the guide's magnum.conf, option for option", () => {
    const guide = site('guide');

    expect(text(magnumOptions(guide, node1(guide)))).toEqual([
      '[api] host = 10.21.22.6',
      '[certificates] cert_manager_type = x509keypair',
      '[database] connection = mysql://magnum:<secret /magnum-ha/guide/database-password>@10.21.22.2/magnum',
      '[keystone_authtoken] auth_uri = http://10.21.22.2:5000/',
      '[keystone_authtoken] memcached_servers = 10.21.22.4:11211,10.21.22.5:11211,10.21.22.6:11211',
      '[keystone_authtoken] auth_type = password',
      '[keystone_authtoken] username = magnum',
      '[keystone_authtoken] project_name = services',
      '[keystone_authtoken] auth_url = http://10.21.22.2:35357/',
      '[keystone_authtoken] password = <secret /magnum-ha/guide/keystone-password>',
      '[keystone_authtoken] user_domain_id = default',
      '[keystone_authtoken] project_domain_id = default',
      '[keystone_authtoken] auth_host = 127.0.0.1',
      '[keystone_authtoken] auth_protocol = http',
      '[keystone_authtoken] admin_user = admin',
      '[keystone_authtoken] admin_password = ',
      '[keystone_authtoken] admin_tenant_name = admin',
      '[oslo_messaging_notifications] driver = messaging',
      '[oslo_messaging_rabbit] rabbit_hosts = 10.21.22.6:5673, 10.21.22.4:5673, 10.21.22.5:5673',
      '[oslo_messaging_rabbit] rabbit_ha_queues = True',
      '[oslo_messaging_rabbit] heartbeat_timeout_threshold = 60',
      '[oslo_messaging_rabbit] heartbeat_rate = 2',
      '[oslo_messaging_rabbit] rabbit_userid = magnum',
      '[oslo_messaging_rabbit] rabbit_password = <secret /magnum-ha/guide/rabbit-password>',
      '[trust] trustee_domain_name = magnum',
      '[trust] trustee_domain_admin_name = magnum_domain_admin',
      '[trust] trustee_domain_admin_password = <secret /magnum-ha/guide/trustee-password>',
    ]);
  });

  test("the guide's own file needs nothing but [api] host", () => {
    const guide = site('guide');
    const secrets: Record<string, string> = {
      '/magnum-ha/guide/database-password': 'password',
      '/magnum-ha/guide/keystone-password': 'password',
      '/magnum-ha/guide/rabbit-password': 'A3elbTUIqOcqRihB6XE3MWzN',
      '/magnum-ha/guide/trustee-password': 'magnum',
    };
    const wanted = magnumOptions(guide, node1(guide)).map(({ section, option, value }) => ({
      section,
      option,
      value: resolve(value, (ssm) => secrets[ssm] ?? 'no such secret'),
    }));

    expect(editOslo(GUIDE, wanted)).toBe(`${GUIDE}\n[api]\nhost = 10.21.22.6\n`);
    expect(wanted).toHaveLength([...parseOslo(GUIDE).values()].reduce((sum, { size }) => sum + size, 1));
  });

  test("the golden document gives Pike's options", () => {
    const golden = site('golden');

    expect(text(magnumOptions(golden, node1(golden)))).toEqual([
      '[DEFAULT] host = node-1',
      '[DEFAULT] transport_url = rabbit://' +
        'magnum:<secret /magnum-ha/golden/rabbit-password>@10.21.22.6:5673,' +
        'magnum:<secret /magnum-ha/golden/rabbit-password>@10.21.22.4:5673,' +
        'magnum:<secret /magnum-ha/golden/rabbit-password>@10.21.22.5:5673/',
      '[api] host = 10.21.22.6',
      '[certificates] cert_manager_type = x509keypair',
      '[database] connection = mysql+pymysql://magnum:<secret /magnum-ha/golden/database-password>@10.21.22.2/magnum',
      '[keystone_authtoken] auth_uri = http://10.21.22.2:5000/v3',
      '[keystone_authtoken] memcached_servers = 10.21.22.4:11211,10.21.22.5:11211,10.21.22.6:11211',
      '[keystone_authtoken] auth_type = password',
      '[keystone_authtoken] username = magnum',
      '[keystone_authtoken] project_name = services',
      '[keystone_authtoken] auth_url = http://10.21.22.2:35357/v3',
      '[keystone_authtoken] password = <secret /magnum-ha/golden/keystone-password>',
      '[keystone_authtoken] user_domain_id = default',
      '[keystone_authtoken] project_domain_id = default',
      '[keystone_authtoken] region_name = RegionOne',
      '[keystone_auth] auth_type = password',
      '[keystone_auth] auth_url = http://10.21.22.2:35357/v3',
      '[keystone_auth] username = magnum',
      '[keystone_auth] password = <secret /magnum-ha/golden/keystone-password>',
      '[keystone_auth] project_name = services',
      '[keystone_auth] user_domain_id = default',
      '[keystone_auth] project_domain_id = default',
      '[oslo_messaging_notifications] driver = messaging',
      '[oslo_messaging_rabbit] rabbit_ha_queues = True',
      '[oslo_messaging_rabbit] heartbeat_timeout_threshold = 60',
      '[oslo_messaging_rabbit] heartbeat_rate = 2',
      '[trust] trustee_domain_name = magnum',
      '[trust] trustee_domain_admin_name = magnum_domain_admin',
      '[trust] trustee_domain_admin_password = <secret /magnum-ha/golden/trustee-password>',
      '[trust] trustee_keystone_interface = public',
      '[cinder] default_docker_volume_type = lvm',
      '[magnum_client] region_name = RegionOne',
      '[heat_client] region_name = RegionOne',
      '[glance_client] region_name = RegionOne',
      '[nova_client] region_name = RegionOne',
      '[neutron_client] region_name = RegionOne',
      '[cinder_client] region_name = RegionOne',
      '[barbican_client] region_name = RegionOne',
    ]);
  });

  test("each controller listens on its own address, on the document's port", () => {
    const golden = site('golden', (document) => (document.magnum.apiPort = 9512));

    const api = golden.controllers.map((controller) => inSections(magnumOptions(golden, controller), 'api'));

    expect(api).toEqual([
      ['[api] host = 10.21.22.6', '[api] port = 9512'],
      ['[api] host = 10.21.22.5', '[api] port = 9512'],
      ['[api] host = 10.21.22.4', '[api] port = 9512'],
    ]);
  });

  test.each<[Release, string[]]>([
    ['pike', ['auth_uri']],
    ['queens', ['www_authenticate_uri', 'auth_uri']],
    ['rocky', ['www_authenticate_uri', 'auth_uri']],
    ['stein', ['www_authenticate_uri']],
    ['2026.1', ['www_authenticate_uri']],
  ])('%s knows the authentication URI as %j', (release, names) => {
    const golden = site('golden', (document) => (document.release = release));

    const uris = magnumOptions(golden, node1(golden)).filter(({ option }) => option.endsWith('_uri'));

    expect(text(uris)).toEqual(names.map((name) => `[keystone_authtoken] ${name} = http://10.21.22.2:5000/v3`));
  });

  test.each<['mirrored' | 'quorum', Release, string[]]>([
    ['mirrored', 'xena', ['rabbit_ha_queues = True']],
    ['mirrored', 'yoga', ['rabbit_ha_queues = True', 'rabbit_quorum_queue = False']],
    ['quorum', 'yoga', ['rabbit_ha_queues = False', 'rabbit_quorum_queue = True']],
  ])('%s queues at %s', (queues, release, lines) => {
    const golden = site('golden', (document) => {
      document.release = release;
      document.magnum.rabbit.queues = queues;
    });

    const options = inSections(magnumOptions(golden, node1(golden)), 'oslo_messaging_rabbit');

    expect(options.filter((line) => line.includes('queue'))).toEqual(
      lines.map((line) => `[oslo_messaging_rabbit] ${line}`),
    );
  });

  test('ocata gives RabbitMQ as one URL, and knows no trustee interface', () => {
    const ocata = site('guide', (document) => {
      document.release = 'ocata';
      for (const template of document.clusterTemplates) template.masterLbEnabled = true;
    });

    const options = magnumOptions(ocata, node1(ocata)).map(({ option }) => option);

    expect(options).toContain('transport_url');
    expect(options).not.toEqual(expect.arrayContaining([expect.stringMatching(/^rabbit_(hosts|userid|password)$/)]));
    expect(options).not.toContain('trustee_keystone_interface');
  });

  test('service tokens need a role of a service from Stein on', () => {
    const wanted = (release: Release) => {
      const golden = site('golden', (document) => (document.release = release));
      return inSections(magnumOptions(golden, node1(golden)), 'keystone_authtoken').filter((line) =>
        line.includes('service_token'),
      );
    };

    expect(wanted('rocky')).toEqual([]);
    expect(wanted('stein')).toEqual(['[keystone_authtoken] service_token_roles_required = True']);
  });

  test('octavia_client has a region from Stein on', () => {
    const sections = (release: Release) => {
      const golden = site('golden', (document) => (document.release = release));
      return magnumOptions(golden, node1(golden)).flatMap(({ section, option }) =>
        option === 'region_name' ? [section] : [],
      );
    };

    expect(sections('rocky')).not.toContain('octavia_client');
    expect(sections('stein')).toContain('octavia_client');
  });

  describe('a private CA', () => {
    const options = (release: Release) => {
      const golden = site('golden', (document) => {
        document.release = release;
        document.ca = { certificates: CA, file: '/etc/magnum/ca.pem' };
        document.magnum.rabbit.tls = true;
        document.magnum.database.tls = true;
        if (release === 'newton') delete document.magnum.defaultDockerVolumeType;
      });
      return text(magnumOptions(golden, node1(golden))).filter((line) => line.includes('/etc/magnum/ca.pem'));
    };
    const always = [
      '[database] connection = mysql+pymysql://magnum:<secret /magnum-ha/golden/database-password>@10.21.22.2/magnum' +
        '?ssl_ca=/etc/magnum/ca.pem',
      '[keystone_authtoken] cafile = /etc/magnum/ca.pem',
      '[keystone_auth] cafile = /etc/magnum/ca.pem',
    ];
    const clients = (...names: string[]) => names.map((name) => `[${name}_client] ca_file = /etc/magnum/ca.pem`);

    test.each<[Release, string[]]>([
      [
        'newton',
        [
          '[oslo_messaging_rabbit] kombu_ssl_ca_certs = /etc/magnum/ca.pem',
          ...clients('heat', 'glance', 'nova', 'neutron'),
        ],
      ],
      [
        'pike',
        [
          '[oslo_messaging_rabbit] ssl_ca_file = /etc/magnum/ca.pem',
          ...clients('heat', 'glance', 'nova', 'neutron'),
          '[drivers] openstack_ca_file = /etc/magnum/ca.pem',
        ],
      ],
      [
        '2026.1',
        [
          '[oslo_messaging_rabbit] ssl_ca_file = /etc/magnum/ca.pem',
          ...clients('heat', 'glance', 'nova', 'neutron', 'cinder', 'octavia'),
          '[drivers] openstack_ca_file = /etc/magnum/ca.pem',
        ],
      ],
    ])('is named where %s reads it', (release, lines) => {
      expect(options(release)).toEqual([...always, ...lines]);
    });

    test('that has no file on the controllers is named nowhere', () => {
      const golden = site('golden', (document) => (document.ca = { certificates: CA }));

      expect(magnumOptions(golden, node1(golden))).toEqual(magnumOptions(site('golden'), node1(golden)));
    });
  });

  describe('RabbitMQ', () => {
    const rabbit = (release: Release, change: Partial<Site['magnum']['rabbit']>) => {
      const golden = site('golden', (document) => {
        document.release = release;
        Object.assign(document.magnum.rabbit, change);
        if (release === 'newton') delete document.magnum.defaultDockerVolumeType;
      });
      return text(magnumOptions(golden, node1(golden))).filter((line) => /transport_url|virtual_host|ssl/.test(line));
    };

    test.each<[Release, string[]]>([
      ['newton', ['[oslo_messaging_rabbit] rabbit_use_ssl = True']],
      ['pike', [expect.stringContaining('transport_url') as string, '[oslo_messaging_rabbit] ssl = True']],
    ])('of %s turns TLS on', (release, lines) => {
      expect(rabbit(release, { tls: true })).toEqual(lines);
    });

    test.each<[string, Release, string[]]>([
      ['magnum', 'newton', ['[oslo_messaging_rabbit] rabbit_virtual_host = magnum']],
      ['magnum', 'pike', [expect.stringMatching(/@10\.21\.22\.5:5673\/magnum$/) as string]],
      ['/magnum', 'newton', ['[oslo_messaging_rabbit] rabbit_virtual_host = /magnum']],
      ['/magnum', 'pike', [expect.stringMatching(/@10\.21\.22\.5:5673\/%2Fmagnum$/) as string]],
    ])('has the virtual host %s in %s', (virtualHost, release, lines) => {
      expect(rabbit(release, { virtualHost })).toEqual(lines);
    });
  });

  test('clients have the region and interface of all, or their own', () => {
    const lines = (release: Release) => {
      const golden = site('golden', (document) => {
        document.release = release;
        document.magnum.endpointInterface = 'internal';
        document.magnum.clients = { magnum: { endpointInterface: 'public' }, heat: { region: 'RegionTwo' } };
      });
      return text(magnumOptions(golden, node1(golden))).filter((line) => line.includes('_client]'));
    };

    expect(lines('queens')).toEqual([
      '[magnum_client] region_name = RegionOne',
      '[magnum_client] endpoint_type = publicURL',
      '[heat_client] region_name = RegionTwo',
      '[heat_client] endpoint_type = internalURL',
      ...['glance', 'nova', 'neutron'].flatMap((name) => [
        `[${name}_client] region_name = RegionOne`,
        `[${name}_client] endpoint_type = internalURL`,
      ]),
      '[cinder_client] region_name = RegionOne',
      '[barbican_client] region_name = RegionOne',
      '[barbican_client] endpoint_type = internalURL',
    ]);
    expect(lines('train')).toContain('[cinder_client] endpoint_type = internalURL');
    expect(lines('train')).toContain('[octavia_client] endpoint_type = internalURL');
  });

  test('the trustees’ Keystone may be of another region', () => {
    const rocky = site('golden', (document) => {
      document.release = 'rocky';
      document.magnum.trust.keystoneRegion = 'RegionTwo';
    });

    expect(inSections(magnumOptions(rocky, node1(rocky)), 'trust')).toContain(
      '[trust] trustee_keystone_region_name = RegionTwo',
    );
  });

  test('notifications can be turned off', () => {
    const golden = site('golden', (document) => (document.magnum.notificationDriver = 'noop'));

    expect(inSections(magnumOptions(golden, node1(golden)), 'oslo_messaging_notifications')).toEqual([
      '[oslo_messaging_notifications] driver = noop',
    ]);
  });

  test.each<[Release, string[]]>([
    ['newton', []],
    ['ocata', ['[oslo_middleware] enable_proxy_headers_parsing = True']],
  ])('behind a public VIP with TLS, %s heeds X-Forwarded-Proto if it can', (release, lines) => {
    const golden = site('golden', (document) => {
      document.release = release;
      delete document.magnum.defaultDockerVolumeType;
      document.haproxy.publicVip = { address: '198.51.100.2', certificate: '/etc/ssl/magnum.pem' };
    });

    expect(inSections(magnumOptions(golden, node1(golden)), 'oslo_middleware')).toEqual(lines);
  });

  test('an extra option overrides a rendered one, follows its section, or makes one of its own', () => {
    const golden = site('golden', (document) => {
      document.magnum.extraOptions = {
        trust: { cluster_user_trust: 'True', trustee_domain_name: 'magnum2' },
        drivers: {
          openstack_ca_file: '$state_path/ca.pem',
          send_cluster_metrics_token: { ssm: '/magnum-ha/golden/options/token' },
        },
      };
    });

    const options = magnumOptions(golden, node1(golden));

    expect(inSections(options, 'trust', 'drivers')).toEqual([
      '[trust] trustee_domain_name = magnum2',
      '[trust] trustee_domain_admin_name = magnum_domain_admin',
      '[trust] trustee_domain_admin_password = <secret /magnum-ha/golden/trustee-password>',
      '[trust] trustee_keystone_interface = public',
      '[trust] cluster_user_trust = True',
      '[drivers] openstack_ca_file = $state_path/ca.pem',
      '[drivers] send_cluster_metrics_token = <secret /magnum-ha/golden/options/token>',
    ]);
    expect(options.at(-1)?.section).toBe('drivers');
  });
});

describe('resolve', () => {
  const reveal = (ssm: string) => `${ssm}: $a@b/c,d%'é`;

  test('percent-encodes a secret in a URL', () => {
    expect(resolve(['rabbit://magnum:', { ssm: '/p', encode: 'url' }, '@h/'], reveal)).toBe(
      'rabbit://magnum:%2Fp%3A%20%24a%40b%2Fc%2Cd%25%27%C3%A9@h/',
    );
  });

  test('keeps a plain secret from substitution, and leaves that of a text', () => {
    expect(resolve(['$x ', { ssm: '/p', encode: 'plain' }], reveal)).toBe("$x /p: $$a@b/c,d%'é");
  });
});

/** The guide's excerpt of magnum.conf. */
const GUIDE = `[certificates]
cert_manager_type = x509keypair
[database]
connection=mysql://magnum:password@10.21.22.2/magnum
[keystone_authtoken]
auth_uri=http://10.21.22.2:5000/
memcached_servers=10.21.22.4:11211,10.21.22.5:11211,10.21.22.6:11211
auth_type=password
username=magnum
project_name=services
auth_url=http://10.21.22.2:35357/
password=password
user_domain_id = default
project_domain_id = default
auth_host = 127.0.0.1
auth_protocol = http
admin_user = admin
admin_password =
admin_tenant_name = admin
[oslo_messaging_notifications]
driver = messaging
[oslo_messaging_rabbit]
rabbit_hosts=10.21.22.6:5673, 10.21.22.4:5673, 10.21.22.5:5673
rabbit_ha_queues=True
heartbeat_timeout_threshold=60
heartbeat_rate=2
rabbit_userid=magnum
rabbit_password=A3elbTUIqOcqRihB6XE3MWzN
[trust]
trustee_domain_name = magnum
trustee_domain_admin_name = magnum_domain_admin
trustee_domain_admin_password = magnum
`;
