import { auditText } from '../../cli/audit-text';
import { style } from '../../cli/style';
import { audit } from '../../domain/audit/audit';
import { page } from '../../domain/audit/page';
import type { Site } from '../../domain/site/document';
import type { GenerationName } from '../../local/simulated-site';
import { descendants } from '../../local/simulated-site/cib';
import { type SiteName, site } from '../domain/sites';
import { reportOf, run, withLocal } from './local';
import { states } from './watched';

const without = (document: Site): Site => ({ ...document, clusterTemplates: [], clusters: [] });
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

it.each<{ generation: GenerationName; name: SiteName }>([
  { generation: 'debian-12', name: 'debian' },
  { generation: 'rocky-9', name: 'rocky-9' },
])(
  'on $generation a check tells how long the VIP would not answer, by each way of updating HAProxy',
  async ({ generation, name }) => {
    const document = without(site(name));
    await withLocal(
      document,
      async (local) => {
        const fresh = reportOf(await run(local, 'check'));
        const applied = reportOf(await run(local));
        for (const { files } of local.site.controllers.values()) files.files.delete(FRAGMENT);

        const checked = await run(local, 'check');

        const report = reportOf(checked);
        expect(fresh.forecasts.map(({ update, ms }) => [update, ms])).toEqual([
          ['cycle', 778],
          ['rolling', 458],
          ['reload', 0],
        ]);
        expect(report.forecasts).toEqual([
          {
            update: 'cycle',
            ms: applied.outageMs,
            basis: expect.stringMatching(/^as measured on this site at 2/) as string,
            hindrance: null,
          },
          { update: 'rolling', ms: 458, basis: expect.stringContaining('the lab') as string, hindrance: null },
          { update: 'reload', ms: 0, basis: expect.stringContaining('the lab') as string, hindrance: null },
        ]);
        expect(applied.forecasts).toEqual([]);
        const audited = audit({ events: checked.events });
        expect(auditText(audited, style(true))).toContain(
          `\nHow long the VIP would not answer, by haproxy.update:\n  cycle for about ${applied.outageMs} ms (as measured on this site`,
        );
        expect(page(audited)).toContain('rolling for about 458 ms');
      },
      { generation },
    );
  },
);

it('ways that pacemaker and the agent do not allow are told of, with why', async () => {
  await withLocal(without(site('golden')), async (local) => {
    local.site.pacemaker.change('node-1', (cib) =>
      cib.change((configuration) => {
        const constraints = configuration.children.find(({ name }) => name === 'constraints');
        if (constraints) constraints.children = [];
        const haproxy = descendants(configuration).find(({ attributes }) => attributes['id'] === 'p_haproxy');
        if (haproxy) haproxy.attributes['type'] = 'other';
      }),
    );

    const { forecasts } = reportOf(await run(local, 'check'));

    expect(forecasts.map(({ update, hindrance }) => [update, hindrance])).toEqual([
      ['cycle', null],
      ['rolling', expect.stringMatching(/^No address depends on p_haproxy/)],
      ['reload', expect.stringMatching(/^p_haproxy has the agent \S+:other, of which no reload is known$/)],
    ]);
  });
});

it('a check that would not update HAProxy asks for no outages', async () => {
  await withLocal(without(site('golden')), async (local) => {
    await run(local);
    local.site.controllers.get('node-2')?.services.get('magnum-conductor')?.stop();

    const checked = await run(local, 'check');

    expect(reportOf(checked)).toMatchObject({ outcome: 'drift', forecasts: [] });
    expect(states(checked)).not.toContain('Read last outages');
  });
});
