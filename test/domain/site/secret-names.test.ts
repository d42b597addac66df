import { parseSite } from '../../../domain/site/parse';
import { documentWith, problemsOf } from './documents';

const named = { openstack: { password: { ssm: '/magnum-ha/golden/openstack-password' } } };

test('secrets are named by the site and the stack, whatever the document leaves out', () => {
  const text = JSON.stringify(documentWith({ ssh: undefined, magnum: { trust: undefined } }));

  const [here, there] = [parseSite('golden', text), parseSite('golden', text, 'eu')];

  expect([here, there].map(({ ssh, magnum }) => [ssh.privateKey.ssm, magnum.trust.domainAdminPassword.ssm])).toEqual([
    ['/magnum-ha/golden/ssh-private-key', '/magnum-ha/golden/trustee-password'],
    ['/eu/golden/ssh-private-key', '/eu/golden/trustee-password'],
  ]);
});

test('a document may name them as they are', () => {
  expect(problemsOf(named)).toEqual([]);
});

test.each([
  ['of another stack', '/eu/golden/openstack-password'],
  ['of another site', '/magnum-ha/fuel/openstack-password'],
  ['of another purpose', '/magnum-ha/golden/ssh-private-key'],
])('the secret %s is refused', (_, ssm) => {
  const problems = problemsOf({ openstack: { password: { ssm } } });

  expect(problems).toEqual([
    {
      path: 'openstack.password',
      name: 'BadValue',
      message: 'must be /magnum-ha/golden/openstack-password, or left out: functions can read no other',
    },
  ]);
});

test('extra options have their own place', () => {
  const problems = problemsOf({
    magnum: {
      extraOptions: { a: { one: { ssm: '/magnum-ha/golden/options/one' }, two: { ssm: '/magnum-ha/golden/two' } } },
    },
  });

  expect(problems).toMatchObject([
    { path: 'magnum.extraOptions.a.two', message: expect.stringContaining('/magnum-ha/golden/options/NAME') as string },
  ]);
});

test('of a document whose name is wrong, only that is told', () => {
  expect(problemsOf({ ...named, name: 'My site' })).toMatchObject([{ path: 'name' }]);
});
