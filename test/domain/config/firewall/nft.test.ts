import { explain } from '../../../../domain/config/firewall/decide';
import { parseNft } from '../../../../domain/config/firewall/nft';
import { parseListing } from '../../../../domain/config/firewall/table';
import { decideRunning } from '../../../../domain/config/iptables';
import { node1, site } from '../../sites';

// In the form of `nft list ruleset`, nftables 1.0.6.

const golden = site('golden');
const OPEN = parseListing(['-P INPUT ACCEPT']);

/** What becomes of connections from the management network with these rules in a chain whose policy is drop. */
function decide(...rules: string[]) {
  const chain = ['type filter hook input priority filter; policy drop;', ...rules].map((line) => `\t\t${line}`);
  return decideRunning(OPEN, ['table inet filter {', '\tchain input {', ...chain, '\t}', '}'].join('\n'), golden, {
    controller: node1(golden),
  });
}

test.each([
  'tcp dport 9511 accept',
  'tcp dport { 22, 9000-9999 } accept',
  'tcp dport != 22 accept',
  'ip saddr 10.21.22.0/24 tcp dport 9511 counter packets 3 bytes 180 accept comment "magnum: drop"',
  'ip saddr { 10.5.0.1-10.5.0.9, 10.20.0.0/14 } tcp dport 9511 accept',
  'ip saddr != { 10.5.0.1, 10.6.0.0/16 } accept',
  'ip protocol tcp ct state { new, established } log prefix "in: drop" level info accept',
  'meta l4proto { tcp, udp } th dport 9511 accept',
  'meta nfproto ipv4 meta mark set 0x00000001 accept',
  'tcp flags syn / fin,syn,rst,ack tcp dport 9511 accept',
  'tcp dport vmap { 22 : accept, 9511 : accept }',
  'ip6 saddr ::/0 drop\n\t\tiifname "lo" drop\n\t\tudp dport 9511 drop\n\t\tct state invalid drop\n\t\taccept',
])('open by: %s', (rules) => {
  expect(decide(...rules.split('\n\t\t')).answer).toBe('accepted');
});

test.each([
  ['policy', 'tcp dport 22 accept'],
  ['policy', 'ct state established,related accept'],
  ['policy', 'ct status dnat accept'],
  ['policy', 'meta l4proto { icmp, ipv6-icmp } accept'],
  ['policy', 'iifname "lo" accept'],
  ['ip saddr 10.21.22.7 reject with icmp port-unreachable', 'tcp dport 9511 accept'],
  ['ip saddr != { 10.21.22.5, 10.21.22.6 } tcp dport 9511 drop', 'tcp dport 9511 accept'],
  ['ct state vmap { invalid : drop, new : drop, established : accept }', 'tcp dport 9511 accept'],
  ['tcp dport { 9511 } reject with tcp reset', 'accept'],
])('closed by: %s', (by, rest) => {
  const decision = decide(...(by === 'policy' ? [rest] : [by, rest]));

  expect(decision.answer).toBe('taken');
  expect(decision.cause.text).toBe(by === 'policy' ? '-P input DROP' : by);
});

test.each([
  ['limit rate 5/second', 'tcp dport 9511 limit rate 5/second accept'],
  ['-s @friends', 'ip saddr @friends tcp dport 9511 accept'],
  ['fib saddr . iif oif missing', 'fib saddr . iif oif missing drop\n\t\taccept'],
])('what depends on %s is said to', (dependsOn, rules) => {
  const decision = decide(...rules.split('\n\t\t'));

  expect(decision.answer).toBe('undecidable');
  expect(explain(decision)).toContain(`that depends on ${dependsOn}`);
});

const CHAINS = `table ip6 filter {
	chain input {
		type filter hook input priority filter; policy drop;
	}
}
table inet mine { # made by hand
	set friends {
		type ipv4_addr
		elements = { 10.9.0.1, 10.9.0.2,
			     drop }
	}

	chain late {
		type filter hook input priority filter + 10; policy accept;
		iifname vmap { "lo" : accept, "eth*" : jump services }
		reject with icmpx admin-prohibited
	}

	chain services {
		tcp dport 9511 accept
		tcp dport 22 goto shells
	}

	chain shells {
		drop
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
	}
}
# Warning: table ip filter is managed by iptables-nft, do not touch!
table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
	chain early {
		type filter hook input priority -5; policy accept;
		tcp dport 9511 accept
	}
}
`;

test('every chain for packets to this host counts, in its order, but for those that iptables prints itself', () => {
  expect(parseNft(CHAINS).hooks).toMatchObject([
    { table: 'ip filter', chain: 'early' },
    { table: 'inet mine', chain: 'late' },
  ]);
});

test('chains that others lead to are followed, by the interface where packets arrive', () => {
  const where = { controller: node1(golden) };

  const [eth0, bond0] = ['eth0', 'bond0'].map((name) =>
    decideRunning(OPEN, CHAINS, golden, { ...where, interface: name }),
  );

  expect(eth0?.answer).toBe('accepted');
  expect(bond0).toMatchObject({ answer: 'taken', cause: { table: 'inet mine', chain: 'late', target: 'REJECT' } });
});

test('rules of iptables and of nft have to let a packet pass, both', () => {
  const where = { controller: node1(golden) };

  const decision = decideRunning(parseListing(['-P INPUT DROP']), CHAINS, golden, { ...where, interface: 'eth0' });

  expect(decision).toMatchObject({ answer: 'taken', cause: { text: '-P INPUT DROP' } });
});
