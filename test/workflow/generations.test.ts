import type { Site } from '../../domain/site/document';
import { type GenerationName, generationOf, GENERATIONS } from '../../local/simulated-site';
import { type SiteName, site } from '../domain/sites';
import { changes, fileOn, haproxyOn, reportOf, run, withLocal } from './local';

/** A site document on a generation; of Debian's document the release of Magnum is that of each Debian. */
interface Job {
  readonly generation: GenerationName;
  readonly name: SiteName;
  readonly change?: (document: Site) => void;
}

const JOBS: readonly Job[] = [
  { generation: 'fuel-9', name: 'fuel-9' },
  { generation: 'fuel-10', name: 'fuel' },
  { generation: 'centos-7', name: 'centos-7' },
  { generation: 'rocky-9', name: 'rocky-9' },
  { generation: 'ubuntu-24', name: 'ubuntu-24' },
  {
    generation: 'debian-11',
    name: 'debian',
    change: (document) => {
      document.release = 'victoria';
      document.magnum.rabbit.queues = 'mirrored';
    },
  },
  { generation: 'debian-12', name: 'debian' },
  {
    generation: 'debian-13',
    name: 'debian',
    change: (document) => {
      document.release = '2025.1';
    },
  },
];

it.each(JOBS.filter(({ change }) => !change))(
  'sites/$name.json is rehearsed on $generation',
  ({ generation, name }) => {
    expect(generationOf(site(name))).toBe(generation);
  },
);

describe.each(JOBS)('the whole job on $generation', ({ generation, name, change }) => {
  const document = site(name, change);

  it('makes every controller what it should be, and the second time changes nothing', async () => {
    await withLocal(
      document,
      async (local) => {
        const report = reportOf(await run(local));
        const before = changes(local).length;
        const again = reportOf(await run(local));

        const { haproxy, controllers, magnum } = document;
        const names = controllers.map((one) => one.name);
        expect(report).toMatchObject({
          outcome: 'changed',
          verification: { healthy: true },
          clusters: [{ action: 'created', status: 'CREATE_COMPLETE' }],
        });
        // Nothing of the world outside is simulated.
        const findings = report.findings.filter(({ name }) => name !== 'DiscoveryUnreachable');
        const besides = GENERATIONS[generation].metadataProxies ? "(2 Neutron's metadata proxies)" : '';
        expect(findings.map(({ name }) => name)).toEqual(besides === '' ? [] : ['OtherHAProxy']);
        expect(findings.map(({ evidence }) => evidence).join()).toContain(besides);
        expect(haproxyOn(local)).toEqual(names);
        for (const one of names) {
          expect(fileOn(local, one, magnum.configFile)).toContain('[trust]');
          const fragment = fileOn(local, one, `${haproxy.fragmentDirectory}/${haproxy.fragment}`);
          // HAProxy 1.5 does not know it.
          const knowsBuffer = generation !== 'fuel-9' && generation !== 'centos-7';
          expect(fragment?.includes('http-buffer-request')).toBe(knowsBuffer);
        }
        expect(again).toMatchObject({ outcome: 'unchanged', plan: [], outageMs: null });
        expect(changes(local)).toHaveLength(before);
      },
      { generation },
    );
  });

  it('is only looked at in mode check', async () => {
    await withLocal(
      document,
      async (local) => {
        const report = reportOf(await run(local, 'check'));

        expect(report.outcome).toBe('drift');
        expect(changes(local)).toEqual([]);
      },
      { generation },
    );
  });
});
