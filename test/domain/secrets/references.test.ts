import { allSecretNames, NAMES_BY_PURPOSE, secretNames } from '../../../domain/secrets/references';
import type { Site } from '../../../domain/site/document';
import { site } from '../sites';

test('each task is told the names of the secrets that it needs', () => {
  const golden = site('golden');

  const names = secretNames(golden);

  expect(names).toEqual({
    ssh: '/magnum-ha/golden/ssh-private-key',
    magnumConf: [
      '/magnum-ha/golden/database-password',
      '/magnum-ha/golden/keystone-password',
      '/magnum-ha/golden/rabbit-password',
      '/magnum-ha/golden/trustee-password',
    ],
    accounts: [
      '/magnum-ha/golden/database-password',
      '/magnum-ha/golden/keystone-password',
      '/magnum-ha/golden/rabbit-password',
      '/magnum-ha/golden/trustee-password',
    ],
    openstack: '/magnum-ha/golden/openstack-password',
    bootstrap: [],
    digest: '/magnum-ha/golden/digest-key',
  });
});

test.each<[Site['bootstrap'], string[]]>([
  [['schema'], []],
  [
    ['database', 'schema'],
    ['openstack', 'database'],
  ],
  [['rabbitmq'], ['openstack', 'rabbit']],
  [
    ['keystone', 'database'],
    ['openstack', 'keystone', 'trustee', 'database'],
  ],
])('bootstrap of %j is told those of its parts', (parts, wanted) => {
  const golden = site('golden', (document) => (document.bootstrap = parts));

  const { bootstrap } = secretNames(golden);

  expect(bootstrap).toEqual(wanted.map((name) => `/magnum-ha/golden/${name}-password`));
});

test('secrets of extra options are among them, a name that serves twice once', () => {
  const shared = { ssm: '/magnum-ha/golden/options/shared' };
  const golden = site('golden', ({ magnum }) => {
    magnum.extraOptions = {
      barbican: { password: { ssm: '/magnum-ha/golden/options/barbican' }, username: 'magnum' },
      heat: { password: shared, auth_password: shared },
    };
  });

  const { magnumConf, accounts } = secretNames(golden);

  expect(magnumConf).toEqual([...accounts, '/magnum-ha/golden/options/barbican', '/magnum-ha/golden/options/shared']);
});

test('all that a site needs are each named once; it can do without a key for digests', () => {
  const names = allSecretNames(site('golden'));

  expect(names).toEqual(
    [...new Set(Object.values(NAMES_BY_PURPOSE).flat())]
      .filter((name) => !name.includes('*') && name !== 'digest-key')
      .map((name) => `/magnum-ha/golden/${name}`),
  );
});

test('what each purpose may read holds what it needs of any site', () => {
  const golden = site('golden', (document) => {
    document.bootstrap = ['database', 'schema', 'rabbitmq', 'keystone'];
    document.magnum.extraOptions = { barbican: { password: { ssm: '/magnum-ha/golden/options/barbican' } } };
  });

  const needed = Object.entries(secretNames(golden)).map(([purpose, names]) => [purpose, [names].flat().sort()]);

  const allowed = Object.entries(NAMES_BY_PURPOSE).map(([purpose, names]) => [
    purpose,
    names.map((name) => `/magnum-ha/golden/${name.replace('*', 'barbican')}`).sort(),
  ]);
  expect(needed).toEqual(allowed);
});
