import type { Site } from '../../domain/site/document';
import { type Local, lockItems, putDocument } from '../../local/deploy';
import { changes, document, haproxyOn, reportOf, run, withLocal } from './local';

// Virtual time begins on a Monday at nine, UTC.
const CLOSED = { opens: '0 22 * * sat', timeZone: 'Europe/Berlin', minutes: 240 };
const OPEN = { ...CLOSED, opens: '0 * * * *' };
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

/** Deploys another document of the same site. */
function put({ deployment, site }: Local, changed: Partial<Site>): void {
  putDocument(deployment, 'golden', { ...site.document, ...changed });
}

function applyFor({ deployment }: Local, outsideWindow: string) {
  return deployment.start('magnum-ha', { input: { site: 'golden', mode: 'apply', outsideWindow } }).result;
}

describe('while the change window is closed', () => {
  it('an apply is refused before it touches anything, and says when the window opens', async () => {
    await withLocal({ ...document('golden'), changeWindow: CLOSED }, async (local) => {
      const result = await run(local);

      expect(result).toMatchObject({ status: 'FAILED', error: 'OutsideChangeWindow' });
      expect(result.cause).toMatch(
        /22:00 in Europe\/Berlin \(.* 21:00 UTC\).*- node-1, node-2, node-3: .*write .*180-magnum\.cfg/s,
      );
      expect(changes(local)).toEqual([]);
      expect(lockItems(local.deployment)).toEqual([]);
    });
  });

  it('one with a reason does all that an apply does, and the reason is in its report', async () => {
    await withLocal({ ...document('golden'), changeWindow: CLOSED }, async (local) => {
      const report = reportOf(await applyFor(local, 'CHG-4711'));

      expect(report).toMatchObject({
        outcome: 'changed',
        verification: { healthy: true },
        authorization: { changeWindow: 'closed', outsideWindow: 'CHG-4711' },
        clusters: [{ action: 'created', status: 'CREATE_COMPLETE' }],
      });
    });
  });

  it('one that has nothing to change is not refused, and a check never is', async () => {
    await withLocal({ ...document('golden'), changeWindow: CLOSED }, async (local) => {
      reportOf(await applyFor(local, 'the first one'));

      const again = reportOf(await run(local));
      const check = reportOf(await run(local, 'check'));

      expect(again).toMatchObject({ outcome: 'unchanged', authorization: null });
      expect(check).toMatchObject({ outcome: 'unchanged', authorization: null });
    });
  });

  it.each([
    ['a template', { clusterTemplates: document('golden').clusterTemplates }],
    ['a cluster of a template that is there', { clusters: document('golden').clusters }],
  ])('neither is %s created', async (_, wanted) => {
    const golden = document('golden');
    const without = { clusterTemplates: 'clusters' in wanted ? golden.clusterTemplates : [], clusters: [] };
    await withLocal({ ...golden, ...without }, async (local) => {
      reportOf(await run(local));
      const before = changes(local).length;
      put(local, { ...wanted, changeWindow: CLOSED });

      const refused = await run(local);
      put(local, { ...wanted, changeWindow: OPEN });
      const done = reportOf(await run(local));

      expect(refused).toMatchObject({ error: 'OutsideChangeWindow' });
      expect(refused.cause).toMatch(/- swarm-mode-cluster\S*: create$/);
      expect(changes(local)).toHaveLength(before);
      expect(done).toMatchObject({ outcome: 'changed', authorization: { changeWindow: 'open' } });
      expect([...(done.clusterTemplates ?? []), ...(done.clusters ?? [])].at(-1)?.action).toBe('created');
    });
  });

  it('nor are the accounts and tables that bootstrap makes', async () => {
    const bootstrap: Site['bootstrap'] = ['database', 'schema', 'rabbitmq', 'keystone'];
    await withLocal(
      { ...document('golden'), bootstrap, changeWindow: CLOSED },
      async (local) => {
        const refused = await run(local);
        const touched = changes(local);
        const done = reportOf(await applyFor(local, 'the first one'));

        expect(refused).toMatchObject({ error: 'OutsideChangeWindow' });
        expect(refused.cause).toContain('- database magnum: create');
        expect(touched).toEqual([]);
        expect(done.bootstrap?.map(({ action }) => action)).toContain('created');
        expect(done.verification?.healthy).toBe(true);
      },
      { bare: ['database', 'schema', 'rabbitmq', 'keystone'] },
    );
  });

  it('HAProxy that was left disabled is enabled all the same', async () => {
    await withLocal({ ...document('golden'), changeWindow: CLOSED }, async (local) => {
      local.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
      await local.clock.sleep(30_000);

      const result = await run(local);

      expect(result).toMatchObject({ error: 'OutsideChangeWindow' });
      expect(haproxyOn(local)).toHaveLength(3);
    });
  });
});

describe('the outage budget', () => {
  const within = (outageBudgetMs: number) => ({ haproxy: { ...document('golden').haproxy, outageBudgetMs } });

  it('refuses a cycle that is expected to take longer, before anything is touched', async () => {
    await withLocal({ ...document('golden'), ...within(100) }, async (local) => {
      const result = await run(local);

      expect(result).toMatchObject({ status: 'FAILED', error: 'OutageBudgetExceeded' });
      expect(changes(local)).toEqual([]);
    });
  });

  it("expects of the next cycle what the site's last one took", async () => {
    await withLocal({ ...document('golden'), ...within(60_000) }, async (local) => {
      const first = reportOf(await run(local));
      for (const { files } of local.site.controllers.values()) files.files.delete(FRAGMENT);

      const second = reportOf(await run(local));

      expect(first.authorization?.forecast?.basis).toContain('the lab');
      expect(second.authorization?.forecast?.ms).toBe(first.outageMs);
      expect(second.authorization?.forecast?.basis).toContain('on this site');
    });
  });
});
