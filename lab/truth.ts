import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { siteAt } from '../cli/files';
import { labEnvironment } from './enter';
import { startLab } from './lab';

// node --import tsx lab/in-lab.ts controllers node --import tsx lab/truth.ts
// Records what programs of this Debian print on a controller, see test/local/simulated-site/truth/README.md.

const TRUTH = join(__dirname, '../test/local/simulated-site/truth');
const AGENT = '/usr/lib/ocf/resource.d/fuel/ns_haproxy';
const MONITOR = 'crm_mon -1 -r --output-as=xml';
/** A set of meta attributes, and a constraint, that end by themselves. */
const END = '2037-01-01 00:00:00Z';
const RULE = (score: string) =>
  `<rule id="lab-rule" score="${score}"><date_expression id="lab-end" operation="lt" end="${END}"/></rule>`;
const STOPPED = `<primitive id="p_haproxy"><meta_attributes id="lab">${RULE('INFINITY')}<nvpair id="lab-role" name="target-role" value="Stopped"/></meta_attributes></primitive>`;
const NOWHERE = `<rsc_location id="lab" rsc="clone_p_haproxy">${RULE('-INFINITY')}</rsc_location>`;

/** What is printed on a cluster that is well. */
const WELL: Readonly<Record<string, string>> = {
  'crm_mon.xml': MONITOR,
  'crm_mon.txt': 'crm_mon -1 -r',
  'crm_mon-version.txt': 'crm_mon --version',
  'cib.xml': 'cibadmin -Q',
  'crm_simulate.txt': 'crm_simulate -L',
  // What pacemaker would do if HAProxy were disabled.
  'crm_simulate-disabled.txt': `cibadmin -Q | sed 's#<meta_attributes id="p_haproxy-meta_attributes">#&<nvpair id="lab" name="target-role" value="Stopped"/>#' > /tmp/cib.xml; crm_simulate -S -x /tmp/cib.xml`,
  'pcs-version.txt': 'pcs --version',
  'pcs-status.txt': 'pcs status',
  'pcs-resource-config.txt': 'pcs resource config',
  'pcs-constraint.txt': 'pcs constraint --full',
  'pcs-disable-unknown.txt': 'pcs resource disable nonesuch',
  'pcs-safe-disable.txt': 'pcs resource safe-disable p_haproxy',
  'haproxy-vv.txt': 'haproxy -vv',
  'haproxy-check.txt': 'haproxy -c -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d',
  'ps-ages.txt': 'ps -eo etimes=,args=',
  'ps-trees.txt': 'ps -eo pid=,ppid=,user=,lstart=,args=',
  'listeners.txt': 'ss -Hltnp',
  'iptables-version.txt': 'iptables --version',
  'iptables-rules.txt': 'iptables -w -S INPUT',
  'iptables-save.txt': 'iptables-save',
  'versions.txt': 'python3 --version; ssh -V 2>&1; sudo -V | head -1; ps --version; corosync -v | head -1',
};

/** Other states of the cluster: how each is made and ended. */
const STATES: Readonly<Record<string, { readonly make: string; readonly end: string }>> = {
  disabled: { make: 'pcs resource disable p_haproxy', end: 'pcs resource enable p_haproxy' },
  'disabled-clone': { make: 'pcs resource disable clone_p_haproxy', end: 'pcs resource enable clone_p_haproxy' },
  'disabled-by-rule': {
    make: `cibadmin -M -c -o resources --xml-text '${STOPPED}'`,
    end: `cibadmin -D -o resources --xml-text '<meta_attributes id="lab"/>'`,
  },
  'nowhere-by-rule': {
    make: `cibadmin -C -o constraints --xml-text '${NOWHERE}'`,
    end: `cibadmin -D -o constraints --xml-text '<rsc_location id="lab"/>'`,
  },
  banned: {
    make: 'crm_resource -r clone_p_haproxy --ban --node node-3 --lifetime PT1H',
    end: 'crm_resource -r clone_p_haproxy --clear',
  },
  standby: { make: 'pcs node standby node-2', end: 'pcs node unstandby node-2' },
  'node-maintenance': { make: 'pcs node maintenance node-2', end: 'pcs node unmaintenance node-2' },
  maintenance: { make: 'pcs property set maintenance-mode=true', end: 'pcs property set maintenance-mode=false' },
  unmanaged: { make: 'pcs resource unmanage p_haproxy', end: 'pcs resource manage p_haproxy' },
  'stop-all': { make: 'pcs property set stop-all-resources=true', end: 'pcs property set stop-all-resources=false' },
  // Its stop fails on one controller.
  blocked: {
    make: `sed -i 's/^stop() {/&\\n  return "$OCF_ERR_GENERIC"/' ${AGENT}; pcs resource disable p_haproxy`,
    end: `sed -i '/^stop() {/{n;d}' ${AGENT}; pcs resource enable p_haproxy; pcs resource cleanup p_haproxy`,
  },
  // The process dies, and the agent cannot start another.
  failed: {
    make: 'chmod -x /usr/sbin/haproxy; pkill -KILL -x haproxy; crm_resource -r p_haproxy --force-check > /dev/null; sleep 31',
    end: 'chmod +x /usr/sbin/haproxy; pcs resource cleanup p_haproxy',
  },
};

async function main(): Promise<void> {
  const { image, directory } = labEnvironment();
  const lab = await startLab({
    document: siteAt(join(__dirname, '../sites/golden.json')),
    image,
    directory: join(directory, 'lab'),
  });
  const into = join(TRUTH, `debian${lab.debian}`);
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const index: Record<string, { command: string; exitCode: number; stderr: string }> = {};
  const record = async (name: string, command: string) => {
    const { exitCode, stdout, stderr } = await lab.exec('node-1', ['bash', '-c', command]);
    writeFileSync(join(into, name), stdout);
    index[name] = { command, exitCode, stderr };
  };
  const act = async (script: string) => {
    const { exitCode, stderr } = await lab.exec('node-1', ['bash', '-c', script]);
    if (exitCode !== 0) throw new Error(`${script}: exit ${exitCode}: ${stderr}`);
    // By then pacemaker has reacted.
    await lab.exec('node-1', ['crm_resource', '--wait', '--timeout', '60']);
  };
  try {
    for (const [name, command] of Object.entries(WELL)) await record(name, command);
    for (const [name, { make, end }] of Object.entries(STATES)) {
      await act(make);
      await record(`crm_mon-${name}.xml`, MONITOR);
      await act(end);
      await lab.settled();
    }
    writeFileSync(join(into, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
  } finally {
    await lab.stop();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
