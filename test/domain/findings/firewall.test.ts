import { checkFirewall } from '../../../domain/findings/firewall';
import { EXAMPLES } from '../config/firewall/rules';
import { fakeConnection, type Reply } from '../fakes';
import { site } from '../sites';

const golden = site('golden');

/** What `iptables -S` prints with an example's rules. */
function listing(name: string, change: (text: string) => string = (text) => text): string {
  const text = change(EXAMPLES.find((example) => example.name === name)?.text ?? '');
  return text
    .split('\n')
    .map((line) => line.replace(/^:(\S+) - .*/, '-N $1').replace(/^:(\S+) (\w+) .*/, '-P $1 $2'))
    .filter((line) => line.startsWith('-'))
    .join('\n');
}

/** What is found of controllers whose programs print this, each by its name or all alike. */
async function found(answers: Readonly<Record<string, Readonly<Record<string, Reply>>>>, document = golden) {
  const { connection } = await fakeConnection(document, {
    answer: (controller, { argv: [program = '', path = ''] }) => {
      const reply = (answers[controller] ?? answers['all'])?.[program === 'cat' ? path : program];
      if (program === 'grep') return reply ?? LOADED;
      return reply ?? { exitCode: program === 'cat' ? 1 : 127, stderr: 'No such file or directory' };
    },
  });
  return checkFirewall(connection.nodes);
}

/** grep of what loads the rules at boot, as ifupdown does. */
const LOADED: Reply = { exitCode: 2, stdout: '/etc/network/if-pre-up.d/iptables:/etc/iptables/rules.v4\n' };

const FIREWALLD = (allowed: string) => `table inet firewalld {
	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
		ct state { established, related } accept
		ct status dnat accept
		iifname "lo" accept
		ct state invalid drop
		jump filter_INPUT_ZONES
		reject with icmpx admin-prohibited
	}

	chain filter_INPUT_ZONES {
		ip saddr 10.20.0.0/14 goto filter_IN_internal
		goto filter_IN_public
	}

	chain filter_IN_internal {
		jump filter_IN_internal_allow
		meta l4proto { icmp, ipv6-icmp } accept
		reject with icmpx admin-prohibited
	}

	chain filter_IN_internal_allow {
		tcp dport 22 accept
		${allowed}
	}

	chain filter_IN_public {
		reject with icmpx admin-prohibited
	}
}`;

test('ufw that is closed: who makes the rules, what takes the packet, and the command that opens the port', async () => {
  const findings = await found({ all: { iptables: listing('ufw') } });

  expect(findings).toMatchObject([{ name: 'FirewallOwnedByOther', severity: 'error' }]);
  expect(findings[0]?.evidence).toMatch(
    /^ufw makes the firewall rules of node-1, node-2, node-3 \(the chain ufw-\S+ in the running rules\), and they are closed .* port 9511: .*the policy of INPUT, `-P INPUT DROP`, which drops it$/,
  );
  expect(findings[0]?.remedy).toContain('`ufw allow proto tcp from 10.21.22.0/24 to any port 9511`');
  expect(JSON.stringify(findings)).not.toContain('iptables-persistent');
});

test('ufw that has the port open in words of its own: nothing is asked for', async () => {
  const findings = await found({ all: { iptables: listing('ufw-allow-management') } });

  expect(findings).toEqual([]);
});

test('a rule of Magnum’s own that somebody put in front does not count: ufw would not make it again', async () => {
  const rule =
    '-A INPUT -s 10.21.22.0/24 -p tcp -m multiport --dports 9511 -m comment --comment "117 magnum-api by hand" -j ACCEPT\n';

  const findings = await found({ all: { iptables: rule + listing('ufw') } });

  expect(findings).toMatchObject([{ name: 'FirewallOwnedByOther' }]);
});

test('firewalld, which only nft shows: the command names the zone that the packets are in', async () => {
  const findings = await found({ all: { iptables: '-P INPUT ACCEPT\n', nft: FIREWALLD('') } });

  expect(findings).toMatchObject([{ name: 'FirewallOwnedByOther', severity: 'error' }]);
  expect(findings[0]?.evidence).toContain(
    'of filter_IN_internal in the table inet firewalld, `reject with icmpx admin-prohibited`, which rejects it',
  );
  expect(findings[0]?.remedy).toContain('firewall-cmd --permanent --zone=internal --add-rich-rule=');
  expect(findings[0]?.remedy).toContain('firewall-cmd --reload');
});

test('firewalld where there is no program nft: its own library tells', async () => {
  const findings = await found({ all: { iptables: '-P INPUT ACCEPT\n', python3: FIREWALLD('') } });

  expect(findings).toMatchObject([{ name: 'FirewallOwnedByOther' }]);
});

test('firewalld that is open by a port or by a rich rule', async () => {
  for (const allowed of ['tcp dport 9511 accept', 'ip saddr 10.21.22.0/24 tcp dport 9511 accept']) {
    expect(await found({ all: { iptables: '-P INPUT ACCEPT\n', nft: FIREWALLD(allowed) } })).toEqual([]);
  }
});

test('what cannot be told is said, with what it depends on', async () => {
  const limited = FIREWALLD('tcp dport 9511 limit rate 5/second accept');

  const findings = await found({ all: { iptables: '-P INPUT ACCEPT\n', nft: limited } });

  expect(findings).toMatchObject([{ name: 'FirewallUndecided', severity: 'warning' }]);
  expect(findings[0]?.evidence).toContain('depends on limit rate 5/second');
});

test('tables of nft that iptables refuses to print', async () => {
  const iptables = {
    exitCode: 1,
    stderr: "iptables v1.8.9 (nf_tables): table `filter' is incompatible, use 'nft' tool.",
  };
  const nft = 'table ip filter {\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}';

  const findings = await found({ all: { iptables, nft } });

  expect(findings).toMatchObject([{ name: 'FirewallOwnedByOther' }]);
  expect(findings[0]?.remedy).toContain('nft insert rule');
});

test('controllers whose firewalls differ are told apart', async () => {
  const findings = await found({
    all: { iptables: listing('fuel-controller') },
    'node-2': { iptables: listing('ufw') },
    'node-3': { iptables: '-P INPUT ACCEPT\n', nft: FIREWALLD('') },
  });

  expect(findings.map(({ evidence }) => evidence.slice(0, 45))).toEqual([
    expect.stringContaining('ufw makes the firewall rules of node-2 '),
    expect.stringContaining('firewalld makes the firewall rules of node-3 '),
  ]);
});

test.each([
  ['plain iptables, whatever they do', { iptables: '-P INPUT DROP\n', '/etc/iptables/rules.v4': '' }],
  ['ufw that is installed and off', { iptables: '-P INPUT ACCEPT\n', '/etc/ufw/ufw.conf': 'ENABLED=no\n' }],
  ['neither iptables nor nft', {}],
])('no finding: %s', async (_, all) => {
  expect(await found({ all })).toEqual([]);
});

test('an iptables that fails is no open firewall', async () => {
  const locked = { exitCode: 4, stderr: 'Another app is currently holding the xtables lock' };

  await expect(found({ all: { iptables: locked } })).rejects.toMatchObject({
    name: 'CommandFailed',
    message: expect.stringContaining('xtables lock') as string,
  });
});

describe('a file of rules that nothing loads at boot', () => {
  const CLOSED = { iptables: '-P INPUT DROP\n', '/etc/iptables/rules.v4': '' };

  test.each<[string, Record<string, Reply>, RegExp]>([
    ['where iptables-persistent can be installed', {}, /install iptables-persistent, or put a script into/],
    ['where it would remove ufw', { '/etc/ufw/ufw.conf': 'ENABLED=no\n' }, /^Let it be loaded: put a script .*ufw/],
  ])('is a finding, %s', async (_, more, remedy) => {
    const findings = await found({ all: CLOSED, 'node-2': { ...CLOSED, ...more, grep: { exitCode: 2 } } });

    expect(findings).toMatchObject([
      {
        name: 'RulesNotLoadedAtBoot',
        severity: 'warning',
        evidence: expect.stringMatching(/names \/etc\/iptables\/rules\.v4 on node-2: /) as string,
        remedy: expect.stringMatching(remedy) as string,
      },
    ]);
  });

  test('is one of iptables-services on RPM distributions', async () => {
    const document = { ...golden, persistentRules: '/etc/sysconfig/iptables' };
    const all = { iptables: '-P INPUT DROP\n', '/etc/sysconfig/iptables': '' };

    const findings = await found({ all }, document);

    expect(findings[0]?.remedy).toContain('systemctl enable iptables');
  });

  test('does not matter if ufw makes the rules', async () => {
    const all = { iptables: listing('ufw-allow-management'), '/etc/iptables/rules.v4': '', grep: { exitCode: 2 } };

    expect(await found({ all })).toEqual([]);
  });

  test('a grep that cannot be run says nothing of it', async () => {
    const asked = found({ all: { ...CLOSED, grep: { exitCode: 127, stderr: 'timeout: failed to run command' } } });

    await expect(asked).rejects.toMatchObject({ name: 'CommandFailed' });
  });
});

describe('the public VIP', () => {
  const document = site('golden', ({ haproxy }) => {
    haproxy.publicVip = { address: '203.0.113.9', port: 443, certificate: '/etc/ssl/magnum.pem' };
  });
  const rules = (...lines: string[]) => ({
    iptables: ['-P INPUT DROP', ...lines, ''].join('\n'),
    '/etc/iptables/rules.v4': '',
  });

  test('that the firewall closes to every client is a finding, with the rule that opens it', async () => {
    const all = rules(
      '-A INPUT -s 10.21.22.0/24 -j ACCEPT',
      '-A INPUT -p tcp --dport 22 -j ACCEPT',
      '-A INPUT -j DROP',
    );

    const findings = await found({ all }, document);

    expect(findings).toMatchObject([{ name: 'PublicVipClosed', severity: 'warning' }]);
    expect(findings[0]?.evidence).toMatch(
      /^The firewall of node-1, node-2, node-3 lets no client in at the public VIP 203\.0\.113\.9:443: rule 3 of INPUT/,
    );
    expect(findings[0]?.remedy).toContain('`iptables -I INPUT 3 -d 203.0.113.9/32 -p tcp --dport 443 -j ACCEPT`');
  });

  test.each([
    ['to everybody', '-A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT'],
    ['at that address', '-A INPUT -d 203.0.113.9/32 -j ACCEPT'],
    ['to some of its clients', '-A INPUT -s 198.51.100.0/24 -p tcp --dport 443 -j ACCEPT'],
  ])('that is open %s is none', async (_, rule) => {
    expect(await found({ all: rules(rule, '-A INPUT -j DROP') }, document)).toEqual([]);
  });

  test('that may be closed is one, which says so', async () => {
    const all = rules('-A INPUT -p tcp --dport 443 -m limit --limit 5/sec -j ACCEPT', '-A INPUT -j DROP');

    const findings = await found({ all }, document);

    expect(findings[0]?.evidence).toContain('may let no client in at the public VIP');
  });

  test('is opened with ufw’s own command if ufw makes the rules', async () => {
    const findings = await found({ all: { iptables: listing('ufw-allow-management') } }, document);

    expect(findings).toMatchObject([{ name: 'PublicVipClosed' }]);
    expect(findings[0]?.remedy).toContain('`ufw allow proto tcp from 0.0.0.0/0 to any port 443`');
  });
});
