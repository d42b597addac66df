import { firewallOwner, type FirewallReading } from '../../../../domain/config/firewall/owner';
import { parseListing, type RuleTable } from '../../../../domain/config/firewall/table';
import { site } from '../../sites';
import { EXAMPLES } from './rules';

const golden = site('golden');
const OPEN = parseListing(['-P INPUT ACCEPT']);
const owner = (reading: FirewallReading) => firewallOwner(reading, golden);

/** What `iptables -S` prints after the example's file is loaded, as far as owners are concerned. */
function listing(name: string): RuleTable {
  const text = EXAMPLES.find((example) => example.name === name)?.text ?? '';
  return parseListing(text.split('\n').map((line) => line.replace(/^:(\S+) - .*/, '-N $1')));
}

// As `nft list ruleset` prints them: firewalld 1.3, a hand-made /etc/nftables.conf, fail2ban 1.0, iptables-nft 1.8.
const NFT_FIREWALLD = `table inet firewalld {
	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
		ct state { established, related } accept
		iifname "lo" accept
		ct state invalid drop
		jump filter_INPUT_POLICIES
		reject with icmpx admin-prohibited
	}
}`;
const NFT_BY_HAND = `table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		iif "lo" accept
	}
	chain output {
		type filter hook output priority filter; policy accept;
	}
}`;
const NFT_WITH_FINAL_REJECT = `table ip mine {
	chain in {
		type filter hook input priority filter; policy accept;
		tcp dport 22 accept
		counter packets 12 bytes 720 reject with icmp port-unreachable
	}
}`;
const NFT_FAIL2BAN = `table inet f2b-table {
	set addr-set-sshd {
		type ipv4_addr
	}
	chain f2b-chain {
		type filter hook input priority filter - 1; policy accept;
		tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable
	}
}`;
const NFT_OF_IPTABLES = `table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
}`;

describe('firewallOwner', () => {
  test.each([
    ['ufw', 'ufw', 'ufw allow proto tcp from 10.21.22.0/24 to any port 9511'],
    ['firewalld-public', 'firewalld', 'firewall-cmd --reload'],
    ['firewalld-2012', 'firewalld', 'firewall-cmd --reload'],
    ['shorewall-one-interface', 'Shorewall', 'shorewall reload'],
    ['csf', 'csf', '/etc/csf/csf.allow: tcp|in|d=9511|s=10.21.22.0/24'],
    ['apf', 'apf', 'apf -a "tcp:in:d=9511:s=10.21.22.0/24"'],
    ['firehol', 'FireHOL', 'firehol restart'],
    ['arno', 'arno-iptables-firewall', 'arno-iptables-firewall restart'],
    ['proxmox', 'Proxmox VE', '/etc/pve/local/host.fw, [RULES]: IN ACCEPT -source 10.21.22.0/24 -p tcp -dport 9511'],
  ])('knows by the chains of %s who makes the rules, and how the port is opened there', (example, name, command) => {
    const found = owner({ listing: listing(example), services: ['netfilter-persistent'] });

    expect(found).toMatchObject({ name, usesFile: false });
    expect(found.open).toContain(command);
  });

  test('tells firewalld how in its rich language', () => {
    const { evidence, open } = owner({ listing: listing('firewalld-public') });

    expect(evidence).toBe('the chain INPUT_ZONES in the running rules');
    expect(open).toContain(
      `firewall-cmd --permanent --zone=ZONE --add-rich-rule='rule family="ipv4" source address="10.21.22.0/24" port port="9511" protocol="tcp" accept'`,
    );
  });

  test.each([
    ['firewalld', NFT_FIREWALLD],
    ['nftables', NFT_BY_HAND],
    ['nftables', NFT_WITH_FINAL_REJECT],
    ['unknown', NFT_FAIL2BAN],
    ['unknown', NFT_OF_IPTABLES],
  ])('sees %s behind rules of nft that iptables does not show', (name, nft) => {
    expect(owner({ listing: OPEN, nft })).toMatchObject({ name, usesFile: name === 'unknown' });
  });

  test.each([
    ['firewalld', false],
    ['ufw', false],
    ['netfilter-persistent', true],
    ['iptables-persistent', true],
    ['iptables', true],
  ])('knows the service %s without a rule', (service, usesFile) => {
    const found = owner({ listing: OPEN, services: ['sshd', service] });

    expect(found).toMatchObject({ evidence: `the service ${service}`, usesFile });
  });

  test.each(['fuel-controller', 'tripleo', 'puppetlabs-firewall'])('knows the comments of puppet: %s', (example) => {
    expect(owner({ listing: listing(example) })).toMatchObject({ name: 'puppetlabs-firewall', usesFile: true });
  });

  test.each(['docker', 'kubernetes', 'calico-felix', 'fail2ban-debian', 'neutron-l3-agent', 'rhel4-lokkit'])(
    'takes no guest for an owner: %s',
    (example) => {
      const reading = { listing: listing(example), services: ['docker', 'iptables'] };

      expect(owner(reading)).toMatchObject({ name: 'iptables-services', usesFile: true });
    },
  );

  test('believes the running rules rather than a file that was saved under another owner', () => {
    const file = EXAMPLES.find(({ name }) => name === 'ufw')?.text ?? '';

    expect(owner({ file }).name).toBe('ufw');
    expect(owner({ file, listing: OPEN })).toMatchObject({ name: 'unknown', usesFile: true });
  });
});
