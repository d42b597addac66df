import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALL, lab, labForEach, running } from './client';
import { PCS_DISABLE } from '../../pcs-disable';

labForEach();

/** A moment as pacemaker writes it. */
const at = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')}Z`;

const quoted = (xml: string): string => `'${xml.replaceAll("'", "'\\''")}'`;

const rule = (id: string, score: string, end: string): string =>
  `<rule id="${id}-rule" score="${score}"><date_expression id="${id}-date" operation="lt" end="${end}"/></rule>`;

/** HAProxy is disabled until then. */
const disabledUntil = (end: string): string =>
  `cibadmin -M -c -o resources -X ${quoted(
    `<primitive id="p_haproxy"><meta_attributes id="magnum-ha-disable">${rule('magnum-ha-disable', 'INFINITY', end)}` +
      `<nvpair id="magnum-ha-disable-target-role" name="target-role" value="Stopped"/></meta_attributes></primitive>`,
  )}`;
const ENABLE = `cibadmin -D -o resources -X ${quoted('<meta_attributes id="magnum-ha-disable"/>')}`;

/** The same by a location constraint. */
const location = (end: string): string =>
  quoted(
    `<rsc_location id="magnum-ha-disable" rsc="clone_p_haproxy">${rule('magnum-ha-disable', '-INFINITY', end)}</rsc_location>`,
  );

describe('a disable that ends by itself', () => {
  test.each([
    ['by meta attributes', disabledUntil],
    ['by a location constraint', (end: string) => `cibadmin -C -o constraints -X ${location(end)}`],
  ])('%s: HAProxy stops at once, and starts again when its time is over', async (_how, disable) => {
    const { clock } = lab;
    const end = clock.now() + 60_000;

    const armed = await lab.exec('node-1', disable(at(end)));
    await lab.until(() => running().length === 0);
    const stopped = clock.now() - (end - 60_000);
    await lab.pass(55_000);
    const during = running();
    await lab.until(() => running().length > 0);
    const started = clock.now() - end;
    await lab.until(() => running().length === 3 && lab.site.network.virtualIpHost !== undefined);

    expect(armed).toEqual({ exit: 0, stdout: '', stderr: '' });
    expect(stopped).toBeLessThan(500);
    expect(during).toEqual([]);
    // Pacemaker counts in whole seconds, and HAProxy takes its time to start.
    expect(started).toBeGreaterThanOrEqual(0);
    expect(started).toBeLessThan(1500);
    expect(lab.site.pacemaker.disabled).toBe(false);
  });

  test('also when the controller that armed it is gone', async () => {
    const end = lab.clock.now() + 30_000;
    await lab.exec('node-1', disabledUntil(at(end)));
    await lab.until(() => running().length === 0);

    lab.site.faults.powerOff('node-1');
    await lab.pass(28_000);
    await lab.until(() => running().length === 2);

    expect(lab.clock.now() - end).toBeGreaterThanOrEqual(0);
    expect(lab.clock.now() - end).toBeLessThan(1500);
  });

  test('is renewed by another end', async () => {
    const { clock } = lab;
    const begin = clock.now();
    for (let second = 5; second <= 15; second += 5) {
      await lab.exec('node-1', disabledUntil(at(begin + second * 1000)));
      await lab.pass(4000);
    }
    const during = running();
    await lab.until(() => running().length === 3);

    expect(during).toEqual([]);
    expect(clock.now() - begin).toBeGreaterThanOrEqual(15_000);
    expect(clock.now() - begin).toBeLessThan(16_500);
  });

  test('one that comes when its end is over does nothing', async () => {
    const late = await lab.exec('node-2', disabledUntil(at(lab.clock.now() - 1000)));
    await lab.pass(60_000);

    expect(late.exit).toBe(0);
    expect(running()).toEqual(ALL);
  });

  test('is not ended by pcs, but by taking it away', async () => {
    await lab.exec('node-1', disabledUntil(at(lab.clock.now() + 60_000)));
    await lab.until(() => running().length === 0);

    await lab.run('node-1', lab.commands.enableHaproxy);
    await lab.pass(5000);
    const enabled = running();
    await lab.exec('node-3', ENABLE);
    await lab.until(() => running().length === 3);

    expect(enabled).toEqual([]);
    expect((await lab.exec('node-1', ENABLE)).exit).toBe(0);
  });

  test('pcs disables on beside it', async () => {
    await lab.exec('node-1', disabledUntil(at(lab.clock.now() + 5000)));
    await lab.run('node-1', PCS_DISABLE);
    await lab.pass(30_000);
    const after = running();
    await lab.run('node-1', lab.commands.enableHaproxy);
    await lab.until(() => running().length === 3);

    expect(after).toEqual([]);
  });

  test('before pacemaker 2.0.3 its end is noticed within a quarter of an hour only', async () => {
    lab.site.pacemaker.noticesEnds = false;
    const begin = lab.clock.now();
    await lab.exec('node-1', disabledUntil(at(begin + 10_000)));
    await lab.pass(899_000);
    const after = running();
    await lab.until(() => running().length === 3);

    expect(after).toEqual([]);
    expect(lab.clock.now() - begin).toBeGreaterThan(900_000);
  });

  test.each([
    ['is fast', 5000, 5_000],
    ['is slow', -5000, 15_000],
  ])('its end is that of the clock of the cluster’s controller, which %s', async (_how, fastBy, seconds) => {
    lab.site.faults.setClock('node-1', fastBy);
    const begin = lab.clock.now();

    await lab.exec('node-2', disabledUntil(at(begin + 10_000)));
    await lab.until(() => running().length === 0);
    await lab.until(() => running().length > 0);

    expect(lab.clock.now() - begin).toBeGreaterThanOrEqual(seconds);
    expect(lab.clock.now() - begin).toBeLessThan(seconds + 1500);
  });

  test('one that is over but left there comes back when a clock is set back', async () => {
    await lab.exec('node-1', disabledUntil(at(lab.clock.now() + 5000)));
    await lab.pass(20_000);
    const over = running();

    lab.site.faults.setClock('node-1', -3_600_000);
    await lab.pass(900_000);

    expect(over).toEqual(ALL);
    expect(running()).toEqual([]);
  });

  test('each controller tells by its own clock whether it is in effect', async () => {
    const role = 'crm_resource -r p_haproxy --meta -g target-role';
    lab.site.faults.setClock('node-2', 60_000);
    await lab.exec('node-1', disabledUntil(at(lab.clock.now() + 30_000)));

    expect((await lab.exec('node-1', role)).stdout).toBe('Stopped\n');
    expect(await lab.exec('node-2', role)).toEqual({
      exit: 0,
      stdout: '',
      stderr: "Attribute 'target-role' not found for 'p_haproxy:0'\n",
    });
    expect((await lab.run('node-1', lab.commands.clusterStatus)).stdout).toContain('target_role="Stopped"');
    expect((await lab.run('node-2', lab.commands.clusterStatus)).stdout).not.toContain('target_role');
  });

  test('an unmanaged HAProxy is not stopped by it', async () => {
    lab.site.faults.unmanaged();

    await lab.exec('node-1', disabledUntil(at(lab.clock.now() + 30_000)));
    await lab.pass(10_000);

    expect(running()).toEqual(ALL);
  });
});

describe('a ban for a while', () => {
  test('stops HAProxy on one node, and the VIP moves; it ends by itself', async () => {
    const begin = lab.clock.now();

    const banned = await lab.exec('node-3', 'crm_resource --ban --resource p_haproxy --node node-1 --lifetime PT1M');
    await lab.until(() => lab.site.network.virtualIpHost === 'node-2' && running().length === 2);
    await lab.pass(55_000);
    const during = running();
    await lab.until(() => running().length === 3);

    expect(banned.stdout).toBe(`Migration will take effect until: ${at(begin + 60_000)}
WARNING: Creating rsc_location constraint 'cli-ban-p_haproxy-on-node-1' with a score of -INFINITY for resource p_haproxy on node-1.
\tThis will prevent p_haproxy from running on node-1 until the constraint is removed using the clear option or by editing the CIB with an appropriate tool
\tThis will be the case even if node-1 is the last node in the cluster
`);
    expect(during).toEqual(['node-2', 'node-3']);
    expect(lab.clock.now() - begin).toBeGreaterThanOrEqual(60_000);
    expect(lab.clock.now() - begin).toBeLessThan(62_000);
  });

  test('without an end it stays until it is cleared', async () => {
    await lab.exec('node-1', 'crm_resource --ban -r clone_p_haproxy --node node-2');
    await lab.pass(1_000_000);
    const during = running();
    const other = await lab.exec('node-1', 'crm_resource --clear -r p_haproxy');
    const cleared = await lab.exec('node-1', 'crm_resource --clear -r clone_p_haproxy');
    await lab.until(() => running().length === 3);

    expect(during).toEqual(['node-1', 'node-3']);
    expect([other.stdout, cleared.stdout]).toEqual(['', 'Removing constraint: cli-ban-clone_p_haproxy-on-node-2\n']);
  });

  test('--expired clears what is over', async () => {
    await lab.exec('node-1', 'crm_resource --ban -r p_haproxy --node node-2 --lifetime PT1S');
    await lab.exec('node-1', 'crm_resource --ban -r p_haproxy --node node-1 --lifetime PT1H');
    await lab.pass(2000);

    expect((await lab.exec('node-1', 'crm_resource --clear --expired')).stdout).toBe(
      'Removing constraint: cli-ban-p_haproxy-on-node-2\n',
    );
  });

  test('of the VIP moves that alone', async () => {
    await lab.exec('node-1', 'crm_resource --ban -r vip__management --lifetime PT1M');
    await lab.until(() => lab.site.network.virtualIpHost === 'node-2');

    expect(running()).toEqual(ALL);
  });
});

/** What crm_mon 2.1.5 printed for a CIB of the same three nodes with these rules. */
describe('crm_mon prints what pacemaker 2.1.5 prints', () => {
  const truth = (name: string): string =>
    comparable(readFileSync(join(__dirname, 'truth', `crm_mon-${name}.xml`), 'utf8'));
  const comparable = (xml: string): string =>
    xml.replace(/<(stack|last_update|last_change|current_dc)\b.*>/g, '').replace(/magnum-ha-disable-/g, 'x-');
  const END = '2036-01-05 09:10:00Z';

  test.each([
    ['disabledrule', disabledUntil(END), 0],
    ['locationrule', `cibadmin -C -o constraints -X ${location(END)}`, 0],
    ['ban', 'crm_resource --ban -r p_haproxy --node node-2 --lifetime P3650D', 2],
  ])('%s', async (name, command, count) => {
    await lab.exec('node-1', command);
    await lab.until(() => running().length === count);
    await lab.pass(1000);

    expect(comparable((await lab.run('node-1', lab.commands.clusterStatus)).stdout)).toBe(truth(name));
  });
});

describe('cibadmin and crm_resource answer as those of pacemaker 2.1.5 did', () => {
  const END = '2036-01-05 09:10:00Z';
  const constraints = (await_: string) => lab.exec(await_, 'cibadmin -Q -o constraints');

  test('what is put there is shown', async () => {
    await lab.exec('node-1', disabledUntil(END));

    const { stdout } = await lab.exec('node-2', 'cibadmin -Q -o resources');
    const [one] = [
      await lab.exec('node-2', `cibadmin -Q --xpath ${quoted("//meta_attributes[@id='magnum-ha-disable']")}`),
    ];

    expect(one.stdout).toBe(`<meta_attributes id="magnum-ha-disable">
  <rule id="magnum-ha-disable-rule" score="INFINITY">
    <date_expression id="magnum-ha-disable-date" operation="lt" end="2036-01-05 09:10:00Z"/>
  </rule>
  <nvpair id="magnum-ha-disable-target-role" name="target-role" value="Stopped"/>
</meta_attributes>
`);
    expect(stdout).toContain(
      one.stdout
        .split('\n')
        .map((line) => (line === '' ? '' : `      ${line}`))
        .join('\n'),
    );
  });

  test('an update that changes nothing counts as none', async () => {
    const epoch = async () => /epoch="(\d+)"/.exec((await lab.exec('node-1', 'cibadmin -Q')).stdout)?.[1];
    const before = Number(await epoch());

    await lab.exec('node-1', disabledUntil(END));
    await lab.exec('node-1', disabledUntil(END));

    expect(Number(await epoch())).toBe(before + 1);
    expect(lab.site.record.commands.filter(({ changed }) => changed)).toHaveLength(1);
  });

  test('a constraint is created once, replaced and modified where it is, and deleted more than once', async () => {
    const answers = [];
    for (const verb of ['-R', '-M', '-C', '-C', '-R', '-M', '-D', '-D', '-M -c']) {
      answers.push(await lab.exec('node-1', `cibadmin ${verb} -o constraints -X ${location(END)}`));
    }

    const missing = (call: string) => ({
      ...{ exit: 105, stdout: '', stderr: `Call cib_${call} failed: No such device or address\n` },
    });
    const done = { exit: 0, stdout: '', stderr: '' };
    expect(answers).toEqual([
      missing('replace'),
      missing('modify'),
      done,
      {
        exit: 108,
        stdout: `<failed>
  <failed_update id="magnum-ha-disable" object_type="rsc_location" operation="cib_create" reason="File exists">
    <rsc_location id="magnum-ha-disable" rsc="clone_p_haproxy">
      <rule id="magnum-ha-disable-rule" score="-INFINITY">
        <date_expression id="magnum-ha-disable-date" operation="lt" end="2036-01-05 09:10:00Z"/>
      </rule>
    </rsc_location>
  </failed_update>
</failed>
`,
        stderr: 'Call cib_create failed: File exists\n',
      },
      done,
      done,
      done,
      done,
      done,
    ]);
    expect((await constraints('node-2')).stdout).toContain('<rsc_location id="magnum-ha-disable"');
  });

  test.each([
    ['-D deletes nothing that has another attribute', `-D -o constraints -X '<rsc_colocation id="x" rsc="y"/>'`, 0, ''],
    ['nothing to change', '-M -o resources', 70, 'Call cib_modify failed: Invalid argument\n'],
    ['no XML', "-M -o resources -X ''", 78, "Couldn't parse input from input string.\n"],
    ['nothing there', '-Q --xpath \'//rule[@id="x"]\'', 105, 'Call cib_query failed: No such device or address\n'],
    ['an option it does not know', '--nonsense', 64, "cibadmin: unrecognized option '--nonsense'\n"],
  ])('%s', async (_what, words, exit, stderr) => {
    expect(await lab.exec('node-1', `cibadmin ${words}`)).toEqual({ exit, stdout: '', stderr });
  });

  test.each([
    ['what is no resource cannot be one', 'modify', `-M -c -o resources -X '<primitive id="nosuch"/>'`],
    [
      'no constraint of an unknown resource',
      'create',
      `-C -o constraints -X '<rsc_location id="x" rsc="nosuch" node="node-1" score="0"/>'`,
    ],
  ])('%s: the CIB that was refused is printed', async (_what, call, words) => {
    const { exit, stdout, stderr } = await lab.exec('node-1', `cibadmin ${words}`);

    expect([exit, stderr]).toEqual([78, `Call cib_${call} failed: Update does not conform to the configured schema\n`]);
    expect(stdout).toMatch(/^<cib>[^]*id="(nosuch|x)"/);
  });

  test('XML also comes on standard input', async () => {
    const xml = '<rsc_location id="x" rsc="p_haproxy" node="node-1" score="-INFINITY"/>';

    const { exit } = await lab.exec('node-1', 'cibadmin --create --scope=constraints --xml-pipe', xml);

    expect(exit).toBe(0);
    expect((await constraints('node-3')).stdout).toContain(`  ${xml}\n`);
  });

  test.each([
    ['-r p_haproxy --meta -g target-role', 0, '', "Attribute 'target-role' not found for 'p_haproxy:0'\n"],
    [
      '-r clone_p_haproxy --meta -g target-role',
      0,
      '',
      "clone_p_haproxy is active on more than one node, returning the default value for target-role\nAttribute 'target-role' not found for 'clone_p_haproxy'\n",
    ],
    [
      '-r nosuch --meta -g target-role',
      105,
      '',
      "crm_resource: Resource 'nosuch' not found\nError performing operation: No such object\n",
    ],
    [
      '--ban -r clone_p_haproxy --lifetime PT5M',
      64,
      '',
      "crm_resource: Resource 'clone_p_haproxy' not moved: active in 3 locations.\nTo prevent 'clone_p_haproxy' from running on a specific location, specify a node.\n",
    ],
    [
      '--ban -r p_haproxy --node node-9',
      105,
      '',
      "crm_resource: Node 'node-9' not found\nError performing operation: No such object\n",
    ],
    [
      '--ban -r p_haproxy --node node-1 --lifetime nonsense',
      64,
      '',
      'Invalid duration specified: nonsense\nPlease refer to https://en.wikipedia.org/wiki/ISO_8601#Durations for examples of valid durations\n',
    ],
    ['--ban', 64, '', 'crm_resource: Must supply a resource id with -r\n'],
    ['--clear -r p_haproxy', 0, '', ''],
  ])('crm_resource %s', async (words, exit, stdout, stderr) => {
    expect(await lab.exec('node-1', `crm_resource ${words}`)).toEqual({ exit, stdout, stderr });
  });

  test('a disabled HAProxy has the role Stopped', async () => {
    await lab.run('node-1', PCS_DISABLE);

    expect((await lab.exec('node-1', 'crm_resource -r p_haproxy --meta -g target-role')).stdout).toBe('Stopped\n');
  });

  test('nothing is changed while the cluster does not run', async () => {
    lab.site.faults.stopCluster('node-1');

    expect((await lab.exec('node-1', disabledUntil(END))).exit).toBe(102);
    expect((await lab.exec('node-1', 'crm_resource --clear -r p_haproxy')).exit).toBe(102);
  });
});
