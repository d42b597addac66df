import type { ClusterShell } from '../../../domain/commands/platform';
import { clusterStatus, howToManage, refuseUnmanaged, startedOn } from '../../../domain/pacemaker/cluster';
import { isNode } from '../../../domain/pacemaker/node-names';
import { parseClusterStatus } from '../../../domain/pacemaker/status';
import { fakeConnection, type Reply } from '../fakes';
import { site } from '../sites';
import { crmMon, type Instance, type Status } from './crm-mon';

const golden = site('golden');
const everywhere: Instance[] = [{ node: 'node-1' }, { node: 'node-2' }, { node: 'node-3' }];
const unmanaged = everywhere.map((one) => ({ ...one, managed: false }));
const read = (status: Status) => parseClusterStatus(crmMon(status), 'p_haproxy', 'node-1');

describe("pacemaker's view from a controller", () => {
  const seen = async (reply: Reply) => clusterStatus((await fakeConnection(golden, { answer: () => reply })).node);

  test('is that of the resource that the document names', async () => {
    const status = await seen(crmMon({ instances: everywhere }));

    expect(status).toEqual(read({ instances: everywhere }));
  });

  test.each([
    ['does not run', { exitCode: 102 }],
    ['does not run, as older ones say it', { exitCode: 1, stderr: 'Error: cluster is not available on this node' }],
    ['says nothing', ''],
  ])('is none where pacemaker %s', async (_, reply) => {
    await expect(seen(reply)).rejects.toMatchObject({
      name: 'PacemakerUnavailable',
      message: expect.stringContaining('node-1 of site golden') as string,
    });
  });

  test('that crm_mon is too old to give is a failure, with what it says', async () => {
    const status = seen({ exitCode: 64, stderr: 'crm_mon: Unknown option --output-as=xml' });

    await expect(status).rejects.toMatchObject({
      name: 'CommandFailed',
      message: expect.stringMatching(/exit code 64: Unknown option/) as string,
    });
  });
});

describe('what pacemaker would not act on', () => {
  test.each<[string, Status, string | undefined, ClusterShell?]>([
    ['nothing', { instances: everywhere }, undefined],
    ['an unmanaged resource', { instances: unmanaged }, 'pcs resource manage p_haproxy'],
    [
      'one instance that is unmanaged',
      { instances: [...everywhere.slice(1), { node: 'node-1', managed: false }] },
      'pcs resource manage p_haproxy',
    ],
    [
      'anything, in maintenance mode',
      { instances: unmanaged, maintenance: true },
      'pcs property set maintenance-mode=false',
    ],
    [
      'an unmanaged resource, where crmsh is the shell',
      { instances: unmanaged },
      'crm resource manage p_haproxy',
      'crmsh',
    ],
    [
      'anything, in maintenance mode, where crmsh is the shell',
      { instances: unmanaged, maintenance: true },
      'crm configure property maintenance-mode=false',
      'crmsh',
    ],
  ])('%s', async (_, status, remedy, shell = 'pcs') => {
    const { node: any } = await fakeConnection(golden);
    const node = { ...any, platform: { ...any.platform, shell } };
    const refusal = (): string => {
      try {
        refuseUnmanaged(read(status), node);
        return '';
      } catch (error) {
        return `${(error as Error).name}: ${(error as Error).message}`;
      }
    };

    const [manage, refused] = [howToManage(read(status), node), refusal()];

    expect(manage).toBe(remedy);
    expect(refused).toMatch(
      new RegExp(
        remedy === undefined ? '^$' : `^HAProxyResourceUnmanaged: .* as node-1 of site golden sees it.*${remedy}`,
      ),
    );
  });
});

describe('an instance is started on a controller', () => {
  test.each<[string, Instance, boolean]>([
    ['that runs it', { node: 'node-1' }, true],
    ['that pacemaker knows by its full name', { node: 'node-1.domain.tld' }, true],
    ['not one that another runs', { node: 'node-2' }, false],
    ['not one whose name begins alike', { node: 'node-10' }, false],
    ['not while it starts', { node: 'node-1', role: 'Starting' }, false],
    ['not while it stops', { node: 'node-1', role: 'Stopping' }, false],
    ['not once it has failed', { node: 'node-1', failed: true }, false],
  ])('%s', (_, instance, expected) => {
    expect(startedOn(read({ instances: [instance] }), 'node-1')).toBe(expected);
  });
});

test.each([
  ['node-1', true],
  ['node-1.domain.tld', true],
  ['NODE-1', true],
  ['node-10', false],
  ['node-10.node-1', false],
  ['my-node-1', false],
])('pacemaker’s %s is node-1: %s', (name, expected) => {
  expect(isNode(name, 'node-1')).toBe(expected);
});
