import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Element, parseXml } from '../../../domain/pacemaker/xml';
import { GENERATIONS, type GenerationName } from '../../../local/simulated-site';
import { lab, labForEach, restartLab } from './client';

const TESTS = join(__dirname, '../..');
/** What crm_mon of a release printed for a cluster in a state: test/domain/pacemaker/crm_mon/README.md. */
const recorded = (version: string, state: string) =>
  readFileSync(join(TESTS, `domain/pacemaker/crm_mon/${version}-${state}.xml`), 'utf8');
/** What it printed on a running cluster of the lab: truth/README.md. */
const onLab = (debian: number, state: string) =>
  readFileSync(join(__dirname, `truth/debian${debian}/${state}.xml`), 'utf8');

/** Brings the cluster of the lab into the state that a recording is called after. */
const STATES: Readonly<Record<string, () => unknown>> = {
  healthy: () => undefined,
  disabled: async () => {
    lab.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
    await lab.until(() => lab.site.pacemaker.nodes.every(({ state }) => state === 'stopped'));
  },
  maintenance: () => {
    lab.site.faults.maintenanceMode();
  },
  unmanaged: () => {
    lab.site.faults.unmanaged();
  },
  'no-quorum': async () => {
    lab.site.faults.cutOff('node-2');
    lab.site.faults.cutOff('node-3');
    await lab.until(() => lab.site.pacemaker.nodes.every(({ state }) => state === 'stopped'));
  },
  'node-lost': async () => {
    lab.site.faults.powerOff('node-3');
    await lab.until(() => lab.site.pacemaker.nodes.some(({ member }) => !member));
  },
  'start-failed': async () => {
    lab.site.faults.haproxyWillNotStart('node-3');
    lab.site.faults.stopCluster('node-3');
    lab.site.faults.startCluster('node-3');
    await lab.until(() => lab.site.pacemaker.nodes.some(({ state }) => state === 'given-up'));
  },
  blocked: async () => {
    lab.site.faults.haproxyWillNotStop('node-2');
    lab.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
    await lab.until(() => lab.site.pacemaker.nodes.some(({ state }) => state === 'stop-failed'));
    lab.site.pacemaker.setDisabled('node-1', 'p_haproxy', false);
    await lab.until(() => lab.site.pacemaker.nodes.filter(({ state }) => state === 'started').length === 2);
    await lab.until(() => lab.site.network.virtualIpHost !== undefined);
  },
};

/** By generation the release whose outputs are recorded. */
const RECORDED: readonly (readonly [GenerationName, string])[] = [
  ['fuel-9', '1.1.12'],
  ['fuel-10', '1.1.14'],
  ['centos-7', '1.1.23'],
  ['debian-11', '2.0.5'],
  ['debian-12', '2.1.5'],
];

/** Values that say of which program, when and which agents, and those that depend on how a state came about. */
const OF_ANOTHER_KIND =
  /^(version|time|api-version|request|resource_agent|origin|user|client|call|last-rc-change|exitreason|status|feature_set|expected_up|name|id|is_dc|node|resources_running)$/;
/** Sections that were left out of the recordings, and what only a running cluster prints. */
const LEFT_OUT = /^(node_history|node_attributes|bans|tickets|pacemakerd)$/;

/** What only a running cluster knows, which those of the recordings of a CIB were not. */
const OF_A_RUNNING_ONE = ['pacemakerd-state', 'queued', 'exec'];

/** Names of elements and attributes in their order, and of attributes the value, where it is one of the state. */
function formOf({ name, attributes, children }: Element): unknown {
  const pairs = Object.entries(attributes).filter(([attribute]) => !OF_A_RUNNING_ONE.includes(attribute));
  return {
    name,
    attributes: pairs.map(([attribute, value]) =>
      OF_ANOTHER_KIND.test(attribute) ? attribute : `${attribute}=${value}`,
    ),
    children: children
      .filter((child) => !LEFT_OUT.test(child.name))
      .map(formOf)
      // Instances come in the order of what pacemaker has found on the nodes.
      .sort((one, other) => (name === 'clone' ? JSON.stringify(one).localeCompare(JSON.stringify(other)) : 0)),
  };
}

async function printed(generation: GenerationName, node = 'node-1'): Promise<string> {
  const { exit, stdout } = await lab.exec(node, `crm_mon -1 -r ${optionOf(generation)}`);
  expect(exit).toBe(0);
  return stdout;
}

const isOld = (generation: GenerationName) => GENERATIONS[generation].pacemaker.version.startsWith('1.');
const optionOf = (generation: GenerationName) => (isOld(generation) ? '--as-xml' : '--output-as=xml');

labForEach();

describe.each(RECORDED)('crm_mon of %s says it in the form of the recorded %s:', (generation, version) => {
  it.each(Object.keys(STATES))('%s', async (state) => {
    await restartLab({ generation });
    await STATES[state]?.();

    const xml = await printed(generation);

    expect(formOf(parseXml(xml))).toEqual(formOf(parseXml(recorded(version, state))));
  });
});

it.each(['crm_mon', 'crm_mon-maintenance', 'crm_mon-unmanaged', 'crm_mon-disabled'])(
  'crm_mon of debian-13 says it in the form of the recorded 3.0.0: %s',
  async (state) => {
    await restartLab({ generation: 'debian-13' });
    await STATES[state.replace(/^crm_mon-?/, '') || 'healthy']?.();

    const xml = await printed('debian-13');

    expect(formOf(parseXml(xml))).toEqual(formOf(parseXml(onLab(13, state))));
  },
);

/** One line of each kind from cts/cli/regression.crm_mon.exp of Pacemaker's repository, at the tags 2.1.6 and 2.1.7. */
const EXPECTED = `<result>
<current_dc present="true" version="" name="cluster02" id="2" with_quorum="true" mixed_version="false"/>
<cluster_options stonith-enabled="true" symmetric-cluster="true" no-quorum-policy="stop" maintenance-mode="false" stop-all-resources="false" stonith-timeout-ms="60000" priority-fencing-delay-ms="0"/>
<node name="cluster01" id="1" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" health="green" feature_set="&lt;3.15.1" shutdown="false" expected_up="true" is_dc="false" resources_running="7" type="member"/>
<resource id="ping" resource_agent="ocf:pacemaker:ping" role="Started" active="true" orphaned="false" blocked="false" maintenance="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1"/>
<clone id="ping-clone" multi_state="false" unique="false" maintenance="false" managed="true" disabled="false" failed="false" failure_ignored="false"/>
</result>`;

it.each(['rocky-9', 'ubuntu-24'] as const)(
  'crm_mon of %s has the attributes that its regression tests expect',
  async (generation) => {
    await restartLab({ generation });

    const xml = await printed(generation);

    for (const { name, attributes } of parseXml(EXPECTED).children) {
      const [found] = descendants(parseXml(xml)).filter((one) => one.name === name);
      expect([name, ...Object.keys(found?.attributes ?? {})]).toEqual([name, ...Object.keys(attributes)]);
    }
  },
);

function descendants(element: Element): Element[] {
  return element.children.flatMap((child) => [child, ...descendants(child)]);
}

it('--as-xml of 1.1.12 is printed to the character as the recorded one, but for times, versions and the DC', async () => {
  await restartLab({ generation: 'fuel-9' });
  const plain = (text: string) =>
    text.replace(/(time|version|origin)="[^"]*"/g, '$1=""').replaceAll(/user="root" client="cibadmin" /g, '');

  const xml = await printed('fuel-9');

  expect(plain(xml)).toBe(plain(recorded('1.1.12', 'healthy')));
});

it.each(Object.keys(GENERATIONS) as GenerationName[])('%s refuses the option of the others', async (generation) => {
  await restartLab({ generation });

  const other = await lab.exec('node-1', `crm_mon -1 -r ${isOld(generation) ? '--output-as=xml' : '--as-xml'}`);

  expect(other).toMatchObject({ exit: 64, stdout: '' });
});

it.each([
  ['fuel-9', 107, 'Connection to cluster failed'],
  ['centos-7', 107, 'cluster is not available on this node'],
  ['debian-12', 102, 'Not connected'],
] as const)('%s says that the cluster does not run there', async (generation, exit, text) => {
  await restartLab({ generation });
  lab.site.faults.stopCluster('node-2');

  const stopped = await lab.exec('node-2', `crm_mon -1 -r ${optionOf(generation)}`);

  expect(stopped.exit).toBe(exit);
  expect(stopped.stdout).toContain(text);
});
