import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab';
import { atBoot, drop, edit, fileOf, onControllers, put, type Variant } from './hosts';

/** A router of Neutron's, whose metadata proxy runs on every controller. */
const ROUTER = '1e086be2-93c2-4740-921d-3e3237f23959';

const STATE = '/var/lib/neutron';
const PROXY_CONFIG = `${STATE}/ns-metadata-proxy/${ROUTER}.conf`;
const PROXY = `global
    log         /dev/log local0 info
    user        nobody
    group       nogroup
    maxconn     1024
    pidfile     ${STATE}/external/pids/${ROUTER}.pid.haproxy
    daemon

defaults
    log global
    mode http
    option httplog
    option forwardfor
    timeout http-request    30s
    timeout connect         30s
    timeout client          32s
    timeout server          32s

listen listener
    bind 0.0.0.0:9697
    server metadata ${STATE}/metadata_proxy
    http-request add-header X-Neutron-Router-ID ${ROUTER}
`;
const START_PROXY = `mkdir -p ${STATE}/external/pids
ip netns add qrouter-${ROUTER}
ip netns exec qrouter-${ROUTER} haproxy -f ${PROXY_CONFIG}
`;

/**
 * Neutron's agents run on the controllers: the metadata proxy of a router is an HAProxy of its own, in the router's network
 * namespace, as Neutron has it from Pike on (neutron/agent/metadata/driver.py).
 */
export const metadataProxies: Variant = onControllers((seeds, host) => {
  put(seeds, host, { path: PROXY_CONFIG, content: PROXY });
  atBoot(seeds, host, 'metadata-proxy', START_PROXY);
});

/** Neutron's agent starts a metadata proxy on a controller that runs. */
export async function startMetadataProxy(lab: Lab, host: string): Promise<void> {
  const script = `mkdir -p ${dirname(PROXY_CONFIG)}; cat > ${PROXY_CONFIG}; ${START_PROXY}`;
  const { exitCode, stderr } = await lab.exec(host, ['sh', '-c', script], PROXY);
  if (exitCode !== 0) throw new Error(`No metadata proxy on ${host}: ${stderr}`);
}

/**
 * HAProxy is Debian's own init script under pacemaker (`lsb:haproxy`), which gives it one file and no directory. All sections are
 * in that file; the directory of fragments is there, and empty.
 */
export const oneFile: Variant = onControllers((seeds, host, { haproxy }) => {
  const fragments = readdirSync(fileOf(seeds, host, haproxy.fragmentDirectory)).sort();
  for (const name of fragments) {
    const path = join(haproxy.fragmentDirectory, name);
    const section = readFileSync(fileOf(seeds, host, path), 'utf8');
    edit(seeds, host, haproxy.configFile, (text) => text + section);
    drop(seeds, host, path);
  }
  edit(seeds, host, '/var/lib/pacemaker/cib/cib.xml', (cib) =>
    cib
      .replace('class="ocf" provider="fuel" type="ns_haproxy"', 'class="lsb" type="haproxy"')
      .replace(`<instance_attributes id="${haproxy.resource}-instance_attributes"></instance_attributes>`, ''),
  );
});

/** Somebody has given Magnum's API a section of HAProxy by hand: it binds the VIP and the API's port. */
export const handMadeSection: Variant = onControllers((seeds, host, { virtualIp, controllers, magnum, haproxy }) => {
  const servers = controllers.map(({ name, address }) => `  server ${name} ${address}:${magnum.apiPort} check\n`);
  put(seeds, host, {
    path: `${haproxy.fragmentDirectory}/200-plugin.cfg`,
    content: `listen containers\n  bind ${virtualIp}:${magnum.apiPort}\n${servers.join('')}`,
  });
});

/**
 * Reloads HAProxy on every controller while a session with the database behind the VIP is open. On the VIP's controller the
 * process from before serves that session on, for as long as it lasts.
 *
 * @returns what ends the session
 */
export async function reloadUnderSession(lab: Lab): Promise<() => Promise<void>> {
  const { controllers, virtualIp, haproxy } = lab.document;
  const names = controllers.map(({ name }) => name);
  const bash = async (host: string, script: string) => {
    const { exitCode, stdout, stderr } = await lab.exec(host, ['bash', '-c', script]);
    if (exitCode !== 0) throw new Error(`${script} on ${host}: exit ${exitCode}: ${stderr}`);
    return stdout;
  };
  const client = await lab.exec(names[0] ?? '', ['sh', '-c', `ip -o addr | grep -qF ' ${virtualIp}/'`]);
  const from = names[client.exitCode === 0 ? 1 : 0] ?? '';
  const marker = '/run/lab-session';
  const session = bash(
    from,
    // The greeting of the database proves that the session reached it.
    `exec 3<> /dev/tcp/${virtualIp}/3306; head -c 5 <&3 | grep -q . && touch ${marker}; while [ -e ${marker} ]; do sleep 0.1; done`,
  );
  await bash(from, `for _ in $(seq 100); do [ -e ${marker} ] && exit; sleep 0.05; done; exit 1`);
  await Promise.all(
    names.map((name) =>
      bash(name, `haproxy -D -f ${haproxy.configFile} -f ${haproxy.fragmentDirectory} -sf $(pgrep -x haproxy)`),
    ),
  );
  // Without a session the process from before ends by itself, on a busy machine some moments later.
  const processes = async () => {
    const counts = await Promise.all(names.map((name) => bash(name, 'pgrep -cx haproxy')));
    return counts.reduce((sum, count) => sum + Number(count), 0);
  };
  for (let attempts = 100; attempts > 0 && (await processes()) > names.length + 1; attempts--) await sleep(200);
  return async () => {
    await bash(from, `rm -f ${marker}`);
    await session;
  };
}
