import { describeFileChanges, describeOptionChanges, describeRuleChanges } from '../../../domain/config/diff';
import { haproxyFragment } from '../../../domain/config/haproxy';
import { magnumOptions } from '../../../domain/config/options';
import { node1, site } from '../sites';

/**
 * Secrets that people have typed into the managed files by hand, and that nobody told the product of: whatever form they
 * have, no diff shows one. `told` is what it shows of the line.
 */
const golden = site('golden');
const unknown = (text: string) => text;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const pem = (text: string) => base64(text.repeat(5)).replace(/.{24}/g, '$&\n');

/** As the line of a rule, an option or a comment would have it. */
type Form = readonly [what: string, write: (secret: string) => string, told: string];

const inFragment: readonly Form[] = [
  ['a header of requests', (it) => ` http-request set-header X-Api-Key ${it}`, '- http-request set-header <'],
  ['a header of responses', (it) => ` http-response add-header X-Token ${it}`, '- http-response add-header <'],
  ['a header of 1.5', (it) => ` reqadd Authorization:\\ Basic\\ ${base64(it)}`, '- reqadd <'],
  [
    'a check with a header',
    (it) => ` option httpchk GET /v1 HTTP/1.1\\r\\nHost:\\ x\\r\\nX-Key:\\ ${it}`,
    '- option httpchk <',
  ],
  ['a check of 2.2', (it) => ` http-check send meth GET hdr X-Auth-Token "${it}"`, '- http-check send <'],
  ['a login over TCP', (it) => ` tcp-check send AUTH\\ ${it}\\r\\n`, '- tcp-check send <'],
  ['bytes over TCP', (it) => ` tcp-check send-binary ${Buffer.from(it).toString('hex')}`, '- tcp-check send-binary <'],
  ['a cookie', (it) => ` cookie SERVERID insert indirect nocache dynamic attr ${it}`, '- cookie <'],
  ["a cookie's key", (it) => ` dynamic-cookie-key ${it}`, '- dynamic-cookie-key <'],
  ['a cookie of a server', (it) => ` server node-9 10.21.22.9:9511 check cookie ${it}`, '- server <'],
  ['a URL parameter', (it) => ` acl known urlp(token) -m str ${it}`, '- acl <'],
  [
    'a header that is compared',
    (it) => ` http-request deny unless { hdr(x-key) -m str ${it} }`,
    '- http-request deny <',
  ],
  ['an environment variable', (it) => `setenv API_TOKEN ${it}`, '-setenv <'],
  ['another one', (it) => `presetenv PASSWORD "${it}"`, '-presetenv <'],
  ['a comment', (it) => `# old password: ${it}`, '-# <'],
  ['a comment at the end of a line', (it) => ` bind 10.21.22.2:9511 # was ${it}`, '- bind <'],
  ['the login of the statistics', (it) => ` stats auth admin:${it}`, '- stats auth <'],
  ['the address of the statistics', (it) => ` stats uri /${it}?stats`, '- stats uri <'],
  ['a user list', (it) => ` user admin insecure-password ${it}`, '- user <'],
  ['a hash in a user list', (it) => ` user admin password $6$${it}$aaaa`, '- user <'],
  ['the name of a user list', (it) => `userlist ${it}`, '-userlist <'],
  ['a certificate file', (it) => ` bind :443 ssl crt /etc/ssl/${it}.pem`, '- bind <'],
  ['a server with files', (it) => ` server a 10.0.0.1:443 ssl crt /etc/${it} ca-file /etc/ca.pem`, '- server <'],
  ['a program for a passphrase', (it) => `ssl-passphrase-cmd /bin/echo ${it}`, '-ssl-passphrase-cmd <'],
  ['a redirect', (it) => ` redirect location https://x/?key=${it} if old`, '- redirect location <'],
  ['a variable', (it) => ` http-request set-var(txn.key) str(${it})`, '- http-request set-var <'],
  ['a log format', (it) => ` log-format "%ci ${it}"`, '- log-format <'],
  ['an error page', (it) => ` http-error status 503 content-type text/plain string "${it}"`, '- http-error status <'],
  ['a second word', (it) => ` option ${it}`, '- option <'],
  ['a first word', (it) => it, '-<keyword>'],
  ['a quoted first word', (it) => `"${it}"`, '-<line of '],
  ['a private key', (it) => `-----BEGIN PRIVATE KEY-----\n${pem(it)}\n-----END PRIVATE KEY-----`, '-<line of '],
  ['a line of JSON', (it) => `{"password": "${it}"}`, '-<line of '],
  ['a line of a shell', (it) => `export OS_PASSWORD='${it}'`, '-<keyword> <'],
  ['an option of magnum.conf', (it) => `memcache_secret_key = ${it}`, '-<keyword> <'],
  ['a URL', (it) => `mysql://magnum:${it}@10.21.22.2/magnum`, '-<line of '],
  ['a backslash at the end', (it) => ` http-request set-header X \\\n ${it}`, '- http-request set-header <'],
];

const inMagnumConf: readonly Form[] = [
  ['a URL', (it) => `[database]\nconnection = mysql://magnum:${it}@10.21.22.2/magnum`, '[database] connection: <'],
  [
    'a URL with a slash in it',
    (it) => `[database]\nconnection = mysql://magnum:/${it}@h/magnum`,
    '[database] connection: <',
  ],
  [
    'a URL with an @ in it',
    (it) => `[database]\nconnection = mysql://magnum:p@${it}@h/magnum`,
    '[database] connection: <',
  ],
  [
    'a URL with an option',
    (it) => `[database]\nconnection = mysql://h/magnum?ssl_key=${it}`,
    '[database] connection: <',
  ],
  ['no URL', (it) => `[database]\nconnection = magnum:${it}@10.21.22.2`, '[database] connection: <'],
  ['several URLs', (it) => `[DEFAULT]\ntransport_url = rabbit://a:b@h:1,c:${it}@h:2/`, '[DEFAULT] transport_url: <'],
  ['a password', (it) => `[keystone_authtoken]\npassword = ${it}`, '[keystone_authtoken] password: <'],
  [
    'a password in quotes',
    (it) => `[trust]\ntrustee_domain_admin_password = "${it} ${it}"`,
    '[trust] trustee_domain_admin_password: <',
  ],
  [
    'a password as the name of a user',
    (it) => `[keystone_authtoken]\nusername = ${it}`,
    '[keystone_authtoken] username: <',
  ],
  ['a URL in place of an address', (it) => `[api]\nhost = http://x:${it}@10.21.22.6`, '[api] host: <'],
  [
    'a token in a URL',
    (it) => `[keystone_authtoken]\nauth_url = http://h/v3?token=${it}`,
    '[keystone_authtoken] auth_url: <',
  ],
  [
    'JSON in place of a word',
    (it) => `[cinder]\ndefault_docker_volume_type = {"key": "${it}"}`,
    'default_docker_volume_type: <',
  ],
  [
    'a pasted block',
    (it) => `[api]\nhost = 10.21.22.6\n [keystone_authtoken]\n memcache_secret_key = ${it}\n ${it} = 1\n [${it}]`,
    '-[api] host, line 3: memcache_secret_key = <',
  ],
  ['a second line', (it) => `[trust]\ntrustee_domain_name = magnum\n  ${it}`, '[trust] trustee_domain_name: <'],
  [
    'a key in lines',
    (it) => `[keystone_authtoken]\nmemcached_servers = a\n${pem(it).replace(/^/gm, ' ')}`,
    'memcached_servers: <',
  ],
  [
    'repeated definitions',
    (it) => `[cinder]\ndefault_docker_volume_type = a\ndefault_docker_volume_type = =${it}`,
    'default_docker_volume_type: a, <',
  ],
  ['a comment', (it) => `[api]\n# ${it}\nhost = 1.2.3.4 ; ${it}`, '[api] host: <'],
  [
    'another option',
    (it) => `[profiler]\nhmac_keys = ${it}\n[api]\nhost = 127.0.0.1`,
    '[api] host: 127.0.0.1 → 10.21.22.6',
  ],
];

const inRules: readonly Form[] = [
  [
    'a comment',
    (it) => `-A INPUT -s 10.0.0.0/8 -m comment --comment "vpn ${it}" -j ACCEPT`,
    '--A INPUT -s 10.0.0.0/8 -m comment --comment <',
  ],
  [
    'a comment of one word',
    (it) => `-A INPUT -m comment --comment ${it} -j ACCEPT`,
    '--A INPUT -m comment --comment <',
  ],
  ['a prefix of a log', (it) => `-A INPUT -j LOG --log-prefix "${it} "`, '--A INPUT -j LOG --log-prefix <'],
  ['a string', (it) => `-A INPUT -m string --algo bm --string '${it}' -j DROP`, '--A INPUT -m string --algo <'],
  ['a comment on the file', (it) => `# ${it}`, '-# <'],
  ['a broken line', (it) => `${it} -j DROP`, '-<line of '],
];

const cases = [
  ...inFragment.map((form) => ['the fragment', ...form] as const),
  ...inMagnumConf.map((form) => ['magnum.conf', ...form] as const),
  ...inRules.map((form) => ['the rules', ...form] as const),
];

test('there are forty forms and more', () => {
  expect(cases.length).toBeGreaterThan(40);
});

test.each(cases)('in %s: %s', (file, what, write, told) => {
  const secret = `hunter2${what.replace(/[^a-z]/g, '')}`;
  const found = write(secret);

  const lines = {
    'the fragment': () => describeFileChanges(`listen x\n${found}\n`, haproxyFragment(golden), unknown),
    'magnum.conf': () =>
      describeOptionChanges(`${found}\n`, magnumOptions(golden, node1(golden)), () => 'wanted', unknown),
    'the rules': () => describeRuleChanges(`*filter\n${found}\nCOMMIT\n`, '*filter\nCOMMIT\n', unknown),
  }[file]();

  expect(lines).toContainEqual(expect.stringContaining(told));
  const text = lines.join('\n').toLowerCase();
  for (const form of [
    secret,
    base64(secret),
    pem(secret).slice(0, 12),
    Buffer.from(secret).toString('hex'),
    'hunter',
  ]) {
    expect(text).not.toContain(form.slice(0, 12).toLowerCase());
  }
});
