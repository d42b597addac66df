import { inconsistencies } from '../../../domain/site/consistency';
import { type Changes, documentWith, problemsOf } from './documents';

describe('addresses', () => {
  test('two controllers of one address', () => {
    const problems = problemsOf({ controllers: { 2: { address: '10.21.22.6' } } });

    expect(problems).toMatchObject([{ path: 'controllers.2.address', name: 'DuplicateAddress' }]);
  });

  test('the VIP on a controller of its own', () => {
    const problems = problemsOf({ virtualIp: '10.21.22.5' });

    expect(problems).toMatchObject([{ path: 'virtualIp', name: 'DuplicateAddress' }]);
  });

  test.each<[string, Changes, string]>([
    ['the VIP', { virtualIp: '10.21.23.2' }, 'virtualIp'],
    ['a controller', { controllers: { 1: { address: '192.0.2.5' } } }, 'controllers.1.address'],
  ])('%s outside the management network', (_, changes, path) => {
    const problems = problemsOf(changes);

    expect(problems).toMatchObject([{ path, name: 'AddressOutsideManagementNetwork' }]);
    expect(problems[0]?.message).toContain('10.21.22.0/24');
  });

  test.each(['10.21.22.0/29', '10.21.20.0/22', '10.0.0.0/8', '0.0.0.0/0'])('all are in %s', (managementNetwork) => {
    expect(problemsOf({ managementNetwork })).toEqual([]);
  });
});

describe('a public VIP', () => {
  const at = (address: string, port?: number): Changes => ({
    haproxy: { publicVip: { address, certificate: '/etc/ssl/magnum.pem', ...(port !== undefined && { port }) } },
  });

  test.each<[string, Changes, string]>([
    ['that is the management VIP', at('10.21.22.2'), 'the management VIP'],
    ['on the port of a controller’s own API', at('10.21.22.5', 9511), 'node-2'],
  ])('%s', (_, changes, whose) => {
    const problems = problemsOf(changes);

    expect(problems).toMatchObject([{ path: 'haproxy.publicVip.address', name: 'DuplicateAddress' }]);
    expect(problems[0]?.message).toContain(whose);
  });

  test.each<[string, Changes]>([
    ['an address of its own', at('198.51.100.2')],
    ['a port of its own on the management VIP', at('10.21.22.2', 443)],
  ])('may have %s', (_, changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });
});

test.each<[string, Changes, string]>([
  ['controllers', { controllers: { 1: { name: 'node-1' } } }, 'controllers.1.name'],
  [
    'cluster templates',
    { clusterTemplates: { 1: { ...template('swarm-mode-cluster-template') } } },
    'clusterTemplates.1.name',
  ],
  ['clusters', { clusters: { 1: { ...cluster('swarm-mode-cluster') } } }, 'clusters.1.name'],
])('two %s of one name', (_, changes, path) => {
  expect(problemsOf(changes)).toMatchObject([{ path, name: 'DuplicateName' }]);
});

test('an SSH user without sudo', () => {
  const problems = problemsOf({ ssh: { user: 'magnum-ha' } });

  expect(problems).toMatchObject([{ path: 'ssh.sudo', name: 'BadValue' }]);
  expect(problems[0]?.message).toContain('magnum-ha');
});

describe('what a release does not have', () => {
  const magnum = { rabbit: { queues: 'quorum' } };

  test('quorum queues before Yoga', () => {
    expect(problemsOf({ magnum, release: 'xena' })).toMatchObject([
      { path: 'magnum.rabbit.queues', name: 'NotInRelease' },
    ]);
    expect(problemsOf({ magnum, release: 'yoga' })).toEqual([]);
  });

  test('a default volume type before Pike', () => {
    expect(problemsOf({ release: 'ocata' })).toMatchObject([
      { path: 'magnum.defaultDockerVolumeType', name: 'NotInRelease' },
    ]);
  });

  test.each<[string, Changes, string, string]>([
    ['a region of trustees', { trust: { keystoneRegion: 'RegionTwo' } }, 'trust.keystoneRegion', 'queens'],
    [
      'an endpoint interface of Cinder',
      { clients: { cinder: { endpointInterface: 'internal' } } },
      'clients.cinder.endpointInterface',
      'stein',
    ],
    ['a client of Octavia', { clients: { octavia: {} } }, 'clients.octavia', 'rocky'],
  ])('%s', (_, magnum, path, release) => {
    expect(problemsOf({ magnum, release })).toMatchObject([{ path: `magnum.${path}`, name: 'NotInRelease' }]);
    expect(problemsOf({ magnum, release: 'train' })).toEqual([]);
  });
});

describe('clusters', () => {
  test('of a template that the document does not have', () => {
    const problems = problemsOf({ clusters: { 0: { clusterTemplate: 'kubernetes' } } });

    expect(problems).toMatchObject([{ path: 'clusters.0.clusterTemplate', name: 'UnknownClusterTemplate' }]);
    expect(problems[0]?.message).toContain('kubernetes');
  });

  test.each([false, undefined])('several managers with masterLbEnabled %s', (masterLbEnabled) => {
    const problems = problemsOf({ clusterTemplates: { 0: { masterLbEnabled } } });

    expect(problems).toMatchObject([{ path: 'clusters.0.managers', name: 'ManagersWithoutLoadBalancer' }]);
    expect(problems[0]?.message).toContain('"masterLbEnabled": true');
  });

  test.each<[string, Changes]>([
    ['one manager', { clusters: { 0: { managers: 1 } } }],
    ['a Magnum that does not ask for it', { release: 'newton', magnum: { defaultDockerVolumeType: undefined } }],
  ])('need no load balancer with %s', (_, changes) => {
    expect(problemsOf({ clusterTemplates: { 0: { masterLbEnabled: undefined } }, ...changes })).toEqual([]);
  });
});

describe('beside malformed fields', () => {
  test('what is malformed itself is left to the schema', () => {
    const document = documentWith({
      virtualIp: 7,
      managementNetwork: 'x',
      release: null,
      ssh: [1],
      controllers: { 0: 'node-1', 1: { name: {} } },
      magnum: { extraOptions: 'none', rabbit: null },
      clusterTemplates: { 0: { labels: 'none' } },
      clusters: 'none',
    });

    expect(inconsistencies(document)).toEqual([]);
  });

  test('the rest is still looked at', () => {
    const document = documentWith({
      virtualIp: 7,
      controllers: { 0: { name: 7 }, 2: { address: '10.21.22.6', name: 'node-2' } },
    });

    expect(inconsistencies(document).map(({ name }) => name)).toEqual(['DuplicateAddress', 'DuplicateName']);
  });

  test.each([null, [], 'text', 3])('no document at all: %j', (document) => {
    expect(inconsistencies(document)).toEqual([]);
  });
});

function template(name: string) {
  return { name, coe: 'swarm-mode', imageId: 'fedora-atomic', externalNetworkId: 'public' };
}

function cluster(name: string) {
  return { name, clusterTemplate: 'swarm-mode-cluster-template', managers: 1, workers: 1 };
}

test('a waiver of a controller that is not there', () => {
  const waiver = { verdicts: ['missing'], reason: 'CHG-1', until: '2030-12-31' };

  const problems = problemsOf({ waivers: [waiver, { ...waiver, controllers: ['node-1', 'node-9'] }] });

  expect(problems).toMatchObject([{ path: 'waivers.1.controllers.1', name: 'BadValue' }]);
});
