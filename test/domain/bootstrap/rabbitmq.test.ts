import { bootstrapRabbitmq } from '../../../domain/bootstrap/rabbitmq';
import { serveAmqp } from '../../../local/simulated-site/openstack/amqp';
import { connection } from '../../../local/simulated-site/duplex-pair';
import { fakeConnection, type FakeHosts, type Reply } from '../fakes';
import { site } from '../sites';

const golden = site('golden');
const PASSWORD = ` "q" 'a' $x \\ é\n€ `;

/** What a broker and its rabbitmqctl are to a controller. */
interface Broker {
  readonly password?: string;
  /** Whether the user may use the virtual host. */
  readonly permitted?: boolean;
  readonly tags?: readonly string[];
  /** What rabbitmqctl comes to, if it does not what it should. */
  readonly rabbitmqctl?: Reply;
}

/** A broker with rabbitmqctl, both in memory. */
function broker(state: Broker = {}): FakeHosts {
  const now = { password: undefined as string | undefined, tags: [] as readonly string[], permitted: false, ...state };
  return {
    answer: (_, { argv, stdin = '' }) => {
      if (state.rabbitmqctl !== undefined) return state.rabbitmqctl;
      if (argv[2] === 'list_users') {
        return JSON.stringify(now.password === undefined ? [] : [{ user: 'magnum', tags: now.tags }]);
      }
      const { users = [], permissions = [] } = JSON.parse(stdin) as {
        users?: { password: string; tags: string }[];
        permissions?: unknown[];
      };
      for (const { password } of users) now.password = password;
      if (permissions.length > 0) now.permitted = true;
      return '';
    },
    accept: () => {
      const { near: client, far: server } = connection();
      const closed = now.permitted ? undefined : "NOT_ALLOWED - access to vhost '/' refused";
      serveAmqp(server, () => ({ user: 'magnum', password: now.password ?? 'nobody’s', closed }));
      return client;
    },
  };
}

test('user and permissions are made, the password intact, in ASCII on standard input', async () => {
  const { node, inputs } = await fakeConnection(golden, broker());

  const items = await bootstrapRabbitmq(node, PASSWORD, 'apply');

  expect(items.map(({ action }) => action)).toEqual(['created', 'created']);
  expect(inputs.map((one) => (one === '' ? one : (JSON.parse(one) as object)))).toEqual([
    '',
    { users: [{ name: 'magnum', password: PASSWORD, tags: '' }] },
    { permissions: [{ user: 'magnum', vhost: '/', configure: '.*', write: '.*', read: '.*' }] },
  ]);
  expect(inputs.join('')).toMatch(/^[ -~]*$/);
});

// RabbitMQ 3.10.8 was given this, and made it.
test('a virtual host of its own is made before the permissions there', async () => {
  const wanted = site('golden', ({ magnum }) => (magnum.rabbit.virtualHost = 'magnum'));
  const { node, inputs } = await fakeConnection(wanted, broker({ password: PASSWORD }));

  const items = await bootstrapRabbitmq(node, PASSWORD, 'apply');

  expect(items.map(({ name, action }) => `${name}: ${action}`)).toEqual([
    'RabbitMQ user magnum: unchanged',
    'permissions of magnum on magnum: created',
  ]);
  expect(inputs.map((one) => JSON.parse(one) as object)).toEqual([
    {
      vhosts: [{ name: 'magnum' }],
      permissions: [{ user: 'magnum', vhost: 'magnum', configure: '.*', write: '.*', read: '.*' }],
    },
  ]);
});

test('who gets in is left alone, and rabbitmqctl is not asked', async () => {
  const { node, inputs } = await fakeConnection(golden, broker({ password: PASSWORD, permitted: true }));

  const items = await bootstrapRabbitmq(node, PASSWORD, 'apply');

  expect(items.map(({ action }) => action)).toEqual(['unchanged', 'unchanged']);
  expect(inputs).toEqual([]);
});

test.each([
  [{ password: PASSWORD }, ['unchanged', 'created']],
  [{ password: 'other', permitted: true, tags: ['monitoring', 'policymaker'] }, ['changed', 'unchanged']],
])('only what keeps it out is changed: %j', async (state, actions) => {
  const { node, inputs } = await fakeConnection(golden, broker(state));

  const items = await bootstrapRabbitmq(node, PASSWORD, 'apply');

  expect(items.map(({ action }) => action)).toEqual(actions);
  expect(inputs.join('')).toContain(actions[0] === 'changed' ? '"tags":"monitoring,policymaker"' : '"permissions"');
});

test('a check makes nothing', async () => {
  const { node, inputs } = await fakeConnection(golden, broker({ password: 'other' }));

  const items = await bootstrapRabbitmq(node, PASSWORD, 'check');

  expect(items.map(({ action }) => action)).toEqual(['differs', 'missing']);
  expect(inputs).toEqual(['']);
});

test.each([
  [
    { exitCode: 64, stderr: 'Error: unknown option formatter' },
    /exits with 64.*RabbitMQ 3\.8 or later.*add_user magnum/,
  ],
  [{ exitCode: 127 }, /exits with 127/],
  [{ stdout: 'Listing users ...\nguest\t[administrator]\n' }, /does not print JSON/],
])('a rabbitmqctl that is too old, or none, is told with what to do by hand: %j', async (outcome, message) => {
  const { node } = await fakeConnection(golden, broker({ rabbitmqctl: outcome }));

  const refused = bootstrapRabbitmq(node, PASSWORD, 'apply');

  await expect(refused).rejects.toMatchObject({ name: 'RabbitmqAdminRefused' });
  await expect(refused).rejects.toThrow(message);
});

test('no node that answers: RabbitmqUnreachable, with every node', async () => {
  const { node } = await fakeConnection(golden);

  const unreachable = bootstrapRabbitmq(node, PASSWORD, 'check');

  await expect(unreachable).rejects.toMatchObject({ name: 'RabbitmqUnreachable' });
  await expect(unreachable).rejects.toThrow(
    /10\.21\.22\.6:5673: connect ECONNREFUSED 10.*; 10\.21\.22\.4.*; 10\.21\.22\.5/,
  );
});

test('a user who is made elsewhere than where Magnum logs in is reported', async () => {
  const { node } = await fakeConnection(golden, broker({ rabbitmqctl: '[]' }));

  const refused = bootstrapRabbitmq(node, PASSWORD, 'apply');

  await expect(refused).rejects.toThrow(/still refuses the user magnum.*nodes of one cluster/);
});
