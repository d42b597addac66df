import { outlineOf, siteOf } from '../../../domain/site/outline';
import type { DocumentStore } from '../../../domain/world';
import { site } from '../sites';
import { shipped } from './documents';

/** The golden document in two versions, and how often it was read. */
function stored() {
  const texts: Record<string, string> = {
    v1: shipped('golden'),
    v2: shipped('golden').replace('"user": "root"', '"user": "magnum-ha", "sudo": true'),
  };
  const read: string[] = [];
  const documents: DocumentStore = {
    stack: 'magnum-ha',
    read: (_, version = '') => {
      read.push(version);
      const text = texts[version];
      return Promise.resolve(text === undefined ? undefined : { text, version, sha256: '', etag: '' });
    },
    names: () => Promise.resolve(['golden']),
  };
  return { documents, read };
}

test('a reference leads to the document in its version, whatever is newer', async () => {
  const { documents } = stored();

  const older = await siteOf({ name: 'golden', version: 'v1' }, documents, new Map());
  const newer = await siteOf({ name: 'golden', version: 'v2' }, documents, new Map());

  expect([older, newer].map(({ ssh }) => ssh.user)).toEqual(['root', 'magnum-ha']);
});

test('one environment reads a version once, as long as it works on no other', async () => {
  const { documents, read } = stored();
  const kept = new Map<string, unknown>();

  for (const version of ['v1', 'v1', 'v2', 'v2', 'v1']) await siteOf({ name: 'golden', version }, documents, kept);

  expect(read).toEqual(['v1', 'v2', 'v1']);
});

test('a version that was deleted for good is told', async () => {
  const { documents } = stored();

  await expect(siteOf({ name: 'golden', version: 'v0' }, documents, new Map())).rejects.toMatchObject({
    name: 'SiteUnknown',
    message: expect.stringContaining('Version v0 of the document of site golden') as string,
  });
});

test('the outline has what choices need, and nothing that grows with the rest of the document', () => {
  const golden = site('golden');

  const outline = outlineOf(golden);

  expect(outline).toMatchObject({
    controllers: golden.controllers.map(({ name, address }) => ({ name, address })),
    haproxy: { stopTimeoutSeconds: 120, startTimeoutSeconds: 180 },
    clusterTemplates: [{ name: 'swarm-mode-cluster-template' }],
    clusters: [{ name: 'swarm-mode-cluster', deadlineMinutes: 75 }],
    bootstrap: [],
    onFailure: 'roll-back',
  });
  expect(JSON.stringify(outline)).not.toContain('hostKey');
});
