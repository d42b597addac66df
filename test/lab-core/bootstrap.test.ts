import { randomBytes } from 'node:crypto';
import { reportOf } from '../workflow/local';
import { python } from './cause';
import { type OpenStackLab, startOpenStackLab } from './lab';

// Magnum's accounts, made by an apply on real MariaDB, RabbitMQ and Keystone that have none. As on Fuel's
// controllers RabbitMQ runs on one of them, and their root has a client configuration for the database.

const EVERYTHING = [
  'database magnum',
  "database user 'magnum'@'%'",
  "grants on magnum to 'magnum'@'%'",
  "database user 'magnum'@'localhost'",
  "grants on magnum to 'magnum'@'localhost'",
  'RabbitMQ user magnum',
  'permissions of magnum on /',
  'project services',
  'user magnum',
  'role admin of magnum in project services',
  'service container-infra',
  'public endpoint of container-infra in RegionOne',
  'internal endpoint of container-infra in RegionOne',
  'admin endpoint of container-infra in RegionOne',
  'domain magnum',
  'user magnum_domain_admin of magnum',
  'role admin of magnum_domain_admin on domain magnum',
  'schema of database magnum',
];
/** Keystone's own and Glance's users are in it already. */
const THERE_BEFORE = ['project services'];

let site: OpenStackLab;
beforeAll(async () => {
  site = await startOpenStackLab({
    profile: 'core',
    provisioned: false,
    speed: 10,
    change: (document) => ({
      ...document,
      bootstrap: ['database', 'schema', 'rabbitmq', 'keystone'],
      magnum: { ...document.magnum, rabbit: { ...document.magnum.rabbit, hosts: ['10.21.22.6:5673'] } },
    }),
  });
  const password = randomBytes(18).toString('hex');
  await site.bash(
    'openstack',
    `mariadb -e "GRANT ALL ON *.* TO root@'%' IDENTIFIED BY '${password}' WITH GRANT OPTION"`,
  );
  const client = `[client]\nhost = 10.21.22.253\nuser = root\npassword = ${password}\n`;
  await site.bash(
    'node-1',
    `umask 077 && printf %s '${client}' > /root/.my.cnf && service rabbitmq-server start && rabbitmqctl -q await_startup`,
  );
});
afterAll(() => site.close());

/** What there is of Magnum in MariaDB, RabbitMQ and Keystone, by name. */
async function accounts(): Promise<string[]> {
  const [database, rabbitmq, keystone] = await Promise.all([
    site.bash(
      'openstack',
      `mariadb -N -e "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA; SELECT CONCAT(User, '@', Host) FROM mysql.user"`,
    ),
    site.bash('node-1', 'rabbitmqctl -q list_permissions --no-table-headers | cut -f1'),
    site.bash(
      'openstack',
      python(`for kind in ("user", "service", "domain"):
    for one in cloud.ask("GET", f"/{kind}s")[f"{kind}s"]:
        print(kind, one["name"])
for one in cloud.ask("GET", "/endpoints")["endpoints"]:
    print(one["interface"], one["url"])`),
    ),
  ]);
  return [database, rabbitmq, keystone]
    .join('\n')
    .split('\n')
    .filter((line) => /magnum|9511/.test(line));
}

/** Names by what became of them. */
function byAction(items: ReturnType<typeof reportOf>['bootstrap']): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { name, action } of items ?? []) (found[action] ??= []).push(name);
  return found;
}

it('check: everything is missing, and nothing is made', async () => {
  const report = reportOf(await site.execute('check'));

  expect(report.outcome).toBe('drift');
  // Whether there are tables is looked at once magnum.conf says where.
  expect(byAction(report.bootstrap)).toEqual({
    unchanged: THERE_BEFORE,
    missing: EVERYTHING.slice(0, -1).filter((name) => !THERE_BEFORE.includes(name)),
  });
  expect(await accounts()).toEqual([]);
});

it('apply: everything is made, and Magnum works with it', async () => {
  const report = reportOf(await site.execute('apply'));

  expect(byAction(report.bootstrap)).toEqual({
    unchanged: THERE_BEFORE,
    created: EVERYTHING.filter((name) => !THERE_BEFORE.includes(name)),
  });
  expect(report).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
  expect(report.verification?.conductors.map(({ state }) => state)).toEqual(['up', 'up', 'up']);
  expect((await accounts()).sort()).toEqual([
    'admin http://10.21.22.2:9511/v1',
    'domain magnum',
    'internal http://10.21.22.2:9511/v1',
    'magnum',
    'magnum',
    'magnum@%',
    'magnum@localhost',
    'public http://10.21.22.2:9511/v1',
    'service magnum',
    'user magnum',
    'user magnum_domain_admin',
  ]);
});

it('apply again: all of it is unchanged, and nothing else is touched', async () => {
  const report = reportOf(await site.execute('apply'));

  expect(byAction(report.bootstrap)).toEqual({ unchanged: EVERYTHING });
  expect(report).toMatchObject({ outcome: 'unchanged', plan: [], findings: [], verification: { healthy: true } });
});

it('a database that was lost is made again, and Magnum restarts on every controller', async () => {
  await site.bash('openstack', 'mariadb -e "DROP DATABASE magnum"');

  const report = reportOf(await site.execute('apply'));

  expect(byAction(report.bootstrap)['created']).toEqual(['database magnum', 'schema of database magnum']);
  expect(report).toMatchObject({ outcome: 'changed', plan: [], outageMs: null, verification: { healthy: true } });
  expect(report.controllers.filter(({ restarted }) => restarted === null)).toEqual([]);
});
