import { atBoot, drop, onControllers, put, type Variant } from './hosts';

/** Ports of the services on a controller, as its rules have them before Magnum. */
const TCP_PORTS = [
  '22',
  '3306:3307',
  '5000',
  '35357',
  '5672:5673',
  '11211',
  '8774',
  '8776',
  '9292',
  '9696',
  '8004',
  '10000',
];
const UDP_PORTS = ['5404:5405'];

/** ufw owns the firewall. There is no file of persistent rules. */
export const ufw: Variant = onControllers((seeds, host, { persistentRules, managementNetwork }) => {
  drop(seeds, host, persistentRules);
  const allow = (protocol: string, ports: readonly string[]) =>
    ports.map((port) => `ufw allow proto ${protocol} from ${managementNetwork} to any port ${port}\n`).join('');
  // The kernel of a lab may have no IPv6 tables.
  atBoot(
    seeds,
    host,
    'ufw',
    `sed -i 's/^IPV6=.*/IPV6=no/' /etc/default/ufw
ufw default deny incoming
${allow('tcp', TCP_PORTS)}${allow('udp', UDP_PORTS)}ufw --force enable
`,
  );
});

/** firewalld owns the firewall, with nftables, as its distributions have it. There is no file of persistent rules. */
export const firewalld: Variant = onControllers((seeds, host, { persistentRules, managementNetwork }) => {
  drop(seeds, host, persistentRules);
  const port = (protocol: string, ports: string) =>
    `  <port protocol="${protocol}" port="${ports.replace(':', '-')}"/>\n`;
  put(seeds, host, {
    path: '/etc/firewalld/zones/internal.xml',
    content: `<?xml version="1.0" encoding="utf-8"?>
<zone>
  <short>Internal</short>
  <source address="${managementNetwork}"/>
${[...TCP_PORTS.map((ports) => port('tcp', ports)), ...UDP_PORTS.map((ports) => port('udp', ports))].join('')}</zone>
`,
  });
  atBoot(
    seeds,
    host,
    'firewalld',
    `service dbus start
firewalld --nopid
for _ in $(seq 100); do firewall-cmd --state > /dev/null 2>&1 && break; sleep 0.1; done
`,
  );
});
