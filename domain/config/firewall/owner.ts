import type { Site } from '../../site/document';
import { takes } from './decide';
import { parseNft } from './nft';
import { parseRulesFile, type RuleTable } from './table';
import { printNetwork } from './values';

/** What can be read on a controller about who makes its firewall rules. */
export interface FirewallReading {
  /** What `iptables -S` prints, of all chains. */
  readonly listing?: RuleTable;
  /** The file of persistent rules. */
  readonly file?: string;
  /** What `nft list ruleset` prints, if there is nft. */
  readonly nft?: string;
  /** Names of services that run or start at boot, without `.service`. */
  readonly services?: readonly string[];
}

/** Who makes the rules. The first of these make them again from a configuration of their own, at each start or reload. */
export type OwnerName =
  | 'ufw'
  | 'firewalld'
  | 'Shorewall'
  | 'csf'
  | 'apf'
  | 'FireHOL'
  | 'arno-iptables-firewall'
  | 'Proxmox VE'
  | 'nftables'
  | 'puppetlabs-firewall'
  | 'iptables-services'
  | 'netfilter-persistent'
  | 'unknown';

export interface FirewallOwner {
  readonly name: OwnerName;
  /** What it was told by, for a message. */
  readonly evidence: string;
  /**
   * Whether a rule belongs into the file of persistent rules. If not, the owner makes its rules itself: from the file,
   * they would be loaded as they were once, or not at all.
   */
  readonly usesFile: boolean;
  /** How the port of the Magnum API is opened with the owner's own means: commands, or lines of its files. */
  readonly open: readonly string[];
}

/**
 * Tells who makes the rules of a controller. Chains of Docker, Kubernetes, Calico, Neutron or fail2ban are guests in
 * anybody's rules: they own none.
 */
export function firewallOwner(reading: FirewallReading, site: Site): FirewallOwner {
  const { listing, file = '', nft = '', services = [] } = reading;
  // The file counts only if the running rules were not read: it may be left over from a former owner.
  const { chains } = listing ?? parseRulesFile(file).tables[0];
  const rules = listing ? 'running rules' : 'rules file';
  const owner = (name: Exclude<OwnerName, 'unknown'>, evidence: string, usesFile: boolean): FirewallOwner => ({
    name,
    evidence,
    usesFile,
    open: opening(name, printNetwork(site.managementNetwork), site.magnum.apiPort),
  });

  for (const generator of GENERATORS) {
    const chain = [...chains.keys()].find((one) => generator.chains.test(one));
    if (chain !== undefined) return owner(generator.name, `the chain ${chain} in the ${rules}`, false);
    const service = services.find((one) => generator.service.test(one));
    if (service !== undefined) return owner(generator.name, `the service ${service}`, false);
    const [table] = generator.table?.exec(nft) ?? [];
    if (table !== undefined) return owner(generator.name, `"${table}" in nft`, false);
  }
  const block = nativeBlock(nft);
  if (block !== undefined) return owner('nftables', `"${block}" in nft, which takes what no rule accepts`, false);

  const comment = chains.get('INPUT')?.find(({ comment: text = '' }) => PUPPET.test(text))?.comment;
  if (comment !== undefined) return owner('puppetlabs-firewall', `the comment "${comment}" in the ${rules}`, true);
  for (const [name, service] of LOADERS) {
    const running = services.find((one) => service.test(one));
    if (running !== undefined) return owner(name, `the service ${running}`, true);
  }
  return { name: 'unknown', evidence: `nothing in the ${rules} tells`, usesFile: true, open: [] };
}

const GENERATORS: readonly {
  readonly name: Exclude<OwnerName, 'unknown'>;
  /** Chains that only it has. */
  readonly chains: RegExp;
  readonly service: RegExp;
  /** Its tables in nft. */
  readonly table?: RegExp;
}[] = [
  { name: 'ufw', chains: /^ufw-/, service: /^ufw$/ },
  {
    name: 'firewalld',
    chains: /^INPUT_(direct|ZONES|ZONES_SOURCE|POLICIES_pre)$/,
    service: /^firewalld$/,
    table: /^table (inet|ip) firewalld\b/m,
  },
  { name: 'Shorewall', chains: /^shorewall$/, service: /^shorewall(-lite)?$/ },
  { name: 'csf', chains: /^(LOGDROPIN|DENYIN)$/, service: /^(csf|lfd)$/ },
  { name: 'apf', chains: /^TALLOW$/, service: /^apf$/ },
  { name: 'FireHOL', chains: /^in_.+_s\d+$/, service: /^firehol$/ },
  { name: 'arno-iptables-firewall', chains: /^EXT_INPUT_CHAIN$/, service: /^arno-iptables-firewall$/ },
  { name: 'Proxmox VE', chains: /^PVEFW-/, service: /^pve-firewall$/ },
];

/** puppetlabs-firewall, and Fuel and TripleO with it, orders rules by such comments. */
const PUPPET = /^\d{3,4} \S/;

/** Services that load the file and nothing else. */
const LOADERS = [
  ['netfilter-persistent', /^(netfilter|iptables)-persistent$/],
  ['iptables-services', /^iptables$/],
] as const;

/** A chain of nft for packets to this host that drops or rejects whatever no rule accepts. */
function nativeBlock(nft: string): string | undefined {
  const { tables, hooks } = parseNft(nft);
  const block = hooks.find(({ table, chain }) => {
    const { chains, policies } = tables.find(({ name }) => name === table) ?? {};
    const last = chains?.get(chain)?.at(-1);
    return policies?.get(chain) === 'DROP' || (last?.options.length === 0 && takes(last.target ?? ''));
  });
  return block && `table ${block.table} chain ${block.chain}`;
}

/** How the owner of the rules opens a port to a network: commands, or lines of its files. */
export function opening(owner: Exclude<OwnerName, 'unknown'>, from: string, port: number): readonly string[] {
  return openings(from, port)[owner];
}

function openings(from: string, port: number): Record<Exclude<OwnerName, 'unknown'>, string[]> {
  const rich = `rule family="ipv4" source address="${from}" port port="${port}" protocol="tcp" accept`;
  return {
    ufw: [`ufw allow proto tcp from ${from} to any port ${port}`],
    // The zone has the network as a source, otherwise the interface on which it arrives. Without --zone it is the default one.
    firewalld: [
      'firewall-cmd --get-active-zones',
      `firewall-cmd --permanent --zone=ZONE --add-rich-rule='${rich}'`,
      'firewall-cmd --reload',
    ],
    Shorewall: [`/etc/shorewall/rules: ACCEPT ZONE:${from} $FW tcp ${port}`, 'shorewall reload'],
    csf: [`/etc/csf/csf.allow: tcp|in|d=${port}|s=${from}`, 'csf -r'],
    apf: [`apf -a "tcp:in:d=${port}:s=${from}"`],
    FireHOL: [
      `/etc/firehol/firehol.conf, in the interface: server custom magnum tcp/${port} default accept src ${from}`,
      'firehol restart',
    ],
    'arno-iptables-firewall': [
      `/etc/arno-iptables-firewall/conf.d/magnum.conf: HOST_OPEN_TCP="${from}~${port}"`,
      'arno-iptables-firewall restart',
    ],
    'Proxmox VE': [`/etc/pve/local/host.fw, [RULES]: IN ACCEPT -source ${from} -p tcp -dport ${port}`],
    nftables: [
      `nft insert rule TABLE CHAIN ip saddr ${from} tcp dport ${port} accept`,
      `/etc/nftables.conf: ip saddr ${from} tcp dport ${port} accept`,
    ],
    'puppetlabs-firewall': [
      `firewall { '117 magnum-api from ${from}': proto => 'tcp', dport => '${port}', source => '${from}', action => 'accept' }`,
    ],
    'iptables-services': ['service iptables save'],
    'netfilter-persistent': ['netfilter-persistent save'],
  };
}
