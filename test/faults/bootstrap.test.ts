import type { Site } from '../../domain/site/document';
import type { Local } from '../../local/deploy';
import { changes, document, reportOf, run, withLocal } from '../workflow/local';

const PARTS: Site['bootstrap'] = ['database', 'schema', 'rabbitmq', 'keystone'];
const golden = { ...document('golden'), bootstrap: PARTS };
/** The same without clusters, which take their time. */
const accountsOnly: Site = { ...golden, clusterTemplates: [], clusters: [] };
const bare = { bare: PARTS };

/** All that it makes, in order. */
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

/** Names by what became of them. */
async function actionsOf(local: Local, mode = 'apply'): Promise<Record<string, string[]>> {
  const { bootstrap } = reportOf(await run(local, mode));
  const found: Record<string, string[]> = {};
  for (const { name, action } of bootstrap ?? []) (found[action] ??= []).push(name);
  return found;
}

/** All that a bootstrap could change, as text. */
function stateOf({ site }: Local): string {
  const { database, rabbitmq, identity, catalogue } = site.openstack.backing;
  return JSON.stringify([
    [...database.databases, ...database.users, ...database.grants],
    [...rabbitmq.users, ...rabbitmq.permissions],
    identity,
    catalogue,
  ]);
}

describe('bootstrap on a site that has nothing of Magnum', () => {
  it('makes everything, and the whole job is done; the second time everything is unchanged', async () => {
    await withLocal(
      golden,
      async (local) => {
        const first = reportOf(await run(local));
        const [state, written] = [stateOf(local), changes(local).length];
        const second = reportOf(await run(local));

        expect(first.bootstrap?.map(({ name }) => name)).toEqual(EVERYTHING);
        expect(new Set(first.bootstrap?.map(({ action }) => action))).toEqual(new Set(['created']));
        expect(first).toMatchObject({
          outcome: 'changed',
          verification: { healthy: true },
          clusters: [{ action: 'created', status: 'CREATE_COMPLETE' }],
        });
        expect(second.bootstrap?.map(({ name }) => name)).toEqual(EVERYTHING);
        expect(new Set(second.bootstrap?.map(({ action }) => action))).toEqual(new Set(['unchanged']));
        expect(second.outcome).toBe('unchanged');
        expect([stateOf(local), changes(local).length]).toEqual([state, written]);
      },
      bare,
    );
  });

  it('only tells in mode check what is missing', async () => {
    await withLocal(
      accountsOnly,
      async (local) => {
        const state = stateOf(local);

        const report = reportOf(await run(local, 'check'));

        expect(report.outcome).toBe('drift');
        // Whether there are tables is looked at once magnum.conf says where.
        expect(report.bootstrap?.map(({ name, action }) => [name, action])).toEqual(
          EVERYTHING.slice(0, -1).map((name) => [name, 'missing']),
        );
        expect(changes(local)).toEqual([]);
        expect(stateOf(local)).toBe(state);
      },
      bare,
    );
  });

  it('is refused without it, by what is missing, before anything is changed', async () => {
    await withLocal(
      document('golden'),
      async (local) => {
        const result = await run(local);

        expect(result).toMatchObject({ status: 'FAILED', error: 'PreflightRefused' });
        for (const name of ['DatabaseUserRefused', 'RabbitUserRefused', 'ServiceUserRefused', 'TrusteeAdminRefused']) {
          expect(result.cause).toContain(name);
        }
        expect(changes(local)).toEqual([]);
      },
      bare,
    );
  });
});

describe('what is there already', () => {
  it('stays as it is, all of it, in both modes', async () => {
    await withLocal(accountsOnly, async (local) => {
      const state = stateOf(local);

      const applied = await actionsOf(local);
      const checked = await actionsOf(local, 'check');

      expect(applied).toEqual({ unchanged: EVERYTHING });
      expect(checked).toEqual({ unchanged: EVERYTHING });
      expect(stateOf(local)).toBe(state);
    });
  });

  it.each(PARTS)('is made only in the part that is missing: %s', async (part) => {
    await withLocal(
      accountsOnly,
      async (local) => {
        const { created = [], unchanged = [], ...others } = await actionsOf(local);

        const made = {
          database: (name: string) => /^(database|grants|schema)/.test(name),
          schema: (name: string) => name.startsWith('schema'),
          rabbitmq: (name: string) => /^(RabbitMQ|permissions)/.test(name),
          keystone: (name: string) => /^(project|user|role|service|domain|\w+ endpoint)/.test(name),
        }[part];
        expect(created).toEqual(EVERYTHING.filter(made));
        expect(unchanged).toEqual(EVERYTHING.filter((name) => !made(name)));
        expect(others).toEqual({});
      },
      // A database that is not there has no tables either.
      { bare: part === 'database' ? ['database', 'schema'] : [part] },
    );
  });

  it('is upgraded to the newest schema, and Magnum restarts everywhere although nothing else changed', async () => {
    await withLocal(accountsOnly, async (local) => {
      reportOf(await run(local));
      local.site.openstack.backing.database.databases.set('magnum', 'an0ldrev1510');

      const report = reportOf(await run(local));

      expect(report).toMatchObject({ outcome: 'changed', plan: [], outageMs: null, verification: { healthy: true } });
      expect(report.bootstrap?.filter(({ action }) => action !== 'unchanged')).toMatchObject([
        { name: 'schema of database magnum', action: 'changed' },
      ]);
      expect(report.controllers.filter(({ restarted }) => restarted === null)).toEqual([]);
    });
  });

  it('gets the right passwords if it has others, and keeps everything else', async () => {
    await withLocal(accountsOnly, async (local) => {
      const { database, rabbitmq, identity } = local.site.openstack.backing;
      reportOf(await run(local));
      database.users.set('magnum@%', '*0000000000000000000000000000000000000000');
      rabbitmq.users.set('magnum', { password: 'other', tags: ['monitoring'] });
      for (const user of identity.users) if (user.name.startsWith('magnum')) user.password = 'other';

      const checked = await actionsOf(local, 'check');
      const { changed, unchanged } = await actionsOf(local);

      const names = [
        "database user 'magnum'@'%'",
        'RabbitMQ user magnum',
        'user magnum',
        'user magnum_domain_admin of magnum',
      ];
      expect(checked['differs']).toEqual(names);
      expect(changed).toEqual(names);
      expect(unchanged).toEqual(EVERYTHING.filter((name) => !names.includes(name)));
      expect(rabbitmq.users.get('magnum')?.tags).toEqual(['monitoring']);
    });
  });

  it('keeps an endpoint with a URL of its own, and tells it', async () => {
    await withLocal(accountsOnly, async (local) => {
      const magnum = local.site.openstack.catalogue.find(({ type }) => type === 'container-infra');
      const [open] = magnum?.endpoints ?? [];
      if (open) open.url = 'https://cloud.example.com:9511/v1';

      const { bootstrap } = reportOf(await run(local));

      expect(bootstrap?.find(({ name }) => name.startsWith('public'))).toMatchObject({
        action: 'unchanged',
        detail: 'It is https://cloud.example.com:9511/v1.',
      });
      expect(open?.url).toBe('https://cloud.example.com:9511/v1');
    });
  });
});

describe('interrupted', () => {
  it.each([
    { program: 'env', times: 7 },
    { program: 'rabbitmqctl', times: 2 },
    { program: 'magnum-db-manage', times: 2 },
    { program: 'service', times: 1 },
  ])('at run $times of $program, it finds what is done and goes on', async ({ program, times }) => {
    await withLocal(
      accountsOnly,
      async (local) => {
        let left = times;
        const removeFault = local.site.faults.onCommand((_, argv) =>
          (argv[0] === program || argv[4] === program) && --left === 0 ? { exit: 1, stderr: 'injected' } : undefined,
        );

        const failed = await run(local);
        removeFault();
        const report = reportOf(await run(local));

        expect(failed.status).toBe('FAILED');
        expect(report).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
        expect(report.bootstrap?.map(({ name }) => name)).toEqual(EVERYTHING);
      },
      bare,
    );
  });

  it('is told by its name: Keystone forbids, no mysql lets in, RabbitMQ is away, the schema cannot be upgraded', async () => {
    await withLocal(
      accountsOnly,
      async (local) => {
        const { identity } = local.site.openstack.backing;
        const { site } = local;
        const errors: (string | undefined)[] = [];
        const failing = async (program: string) => {
          const removeFault = site.faults.onCommand((_, argv) =>
            argv.includes(program)
              ? { exit: 1, stderr: "ERROR 1045 (28000): Access denied for user 'root'@'localhost'" }
              : undefined,
          );
          const { error, cause } = await run(local);
          removeFault();
          errors.push(error);
          return cause ?? '';
        };

        const database = await failing('mysql');
        const rabbitmq = await failing('rabbitmqctl');
        const member = identity.roles.find(({ name }) => name === 'member')?.id ?? '';
        const before = [...identity.assignments];
        identity.assignments.splice(0, Infinity, ...before.map((one) => ({ ...one, role: member })));
        const keystone = await run(local);
        identity.assignments.splice(0, Infinity, ...before);
        await failing('magnum-db-manage');

        expect([...errors.slice(0, 2), keystone.error, errors[2]]).toEqual([
          'DatabaseAdminRefused',
          'RabbitmqAdminRefused',
          'KeystoneAdminRefused',
          'SchemaUpgradeFailed',
        ]);
        expect(database).toMatch(/node-1 of site golden .*ERROR 1045 \(28000\).*\/root\/\.my\.cnf/);
        expect(rabbitmq).toMatch(/rabbitmqctl -q list_users.*add_user magnum/);
        expect(keystone.cause).toMatch(/403 You are not authorized.*openstack|user admin in the project admin/);
      },
      bare,
    );
  });
});
