import { allSecretNames, secretNames } from '../../../domain/secrets/references';
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

test('extra options are among them, a name that serves twice once', () => {
  const shared = { ssm: '/magnum-ha/golden/keystone-password' };
  const golden = site('golden', ({ magnum }) => {
    magnum.extraOptions = {
      barbican: { password: { ssm: '/extra/one' }, username: 'magnum' },
      heat: { password: shared, auth_password: { ssm: '/extra/two' } },
    };
    magnum.trust.domainAdminPassword = shared;
  });

  const { magnumConf } = secretNames(golden);

  expect(magnumConf).toEqual([
    '/magnum-ha/golden/database-password',
    '/magnum-ha/golden/keystone-password',
    '/magnum-ha/golden/rabbit-password',
    '/extra/one',
    '/extra/two',
  ]);
});

test('all of them are each named once', () => {
  const golden = site('golden', ({ openstack, magnum }) => {
    openstack.password = magnum.keystone.password;
  });

  const names = allSecretNames(golden);

  expect(names).toHaveLength(5);
  expect(new Set(names).size).toBe(5);
  expect(names).toContain('/magnum-ha/golden/ssh-private-key');
});
