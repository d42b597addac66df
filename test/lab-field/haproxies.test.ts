import {
  handMadeSection,
  metadataProxies,
  oneFile,
  reloadUnderSession,
  startMetadataProxy,
} from '../../lab/seeds/haproxies';
import { catalogue } from '../../domain/commands/catalogue';
import { reportOf } from '../workflow/local';
import { type FieldLab, said, startFieldLab } from './lab';
import { NAMES } from './names';

/** A cycle takes about two seconds on an idle machine. */
const OUTAGE_MS = 10_000;

let site: FieldLab;
afterEach(() => site.close());

describe('processes called haproxy that are not the resource’s', () => {
  it("Neutron's metadata proxies run on, and are not waited for", async () => {
    site = await startFieldLab({ variants: [metadataProxies] });
    const proxies = () => Promise.all(site.controllers.map((name) => site.bash(name, 'pgrep -f ns-metadata-proxy')));
    const before = await proxies();

    const { result, vip } = await site.watched('apply');
    const second = reportOf(await site.execute('apply'));

    expect(reportOf(result)).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
    expect(vip.longestMs).toBeLessThan(OUTAGE_MS);
    expect(await proxies()).toEqual(before);
    expect(second.outcome).toBe('unchanged');
  });

  it('one that is younger than the fragment hides nothing: HAProxy that runs without it is drift', async () => {
    site = await startFieldLab({});
    reportOf(await site.execute('apply'));
    const { fragment } = catalogue(site.lab.document).files;
    const { resource } = site.lab.document.haproxy;
    const every = (script: string) => Promise.all(site.controllers.map((name) => site.bash(name, script)));
    await every(`mv ${fragment.path} /root/fragment`);
    await site.bash(
      'node-1',
      `pcs resource disable ${resource} --wait=30 && pcs resource enable ${resource} --wait=30`,
    );
    await site.lab.settled();
    await every(`sleep 1; cp /root/fragment ${fragment.path}; sleep 1`);
    for (const name of site.controllers) await startMetadataProxy(site.lab, name);

    const report = reportOf(await site.execute('check'));

    expect(report.outcome).not.toBe('unchanged');
    expect(JSON.stringify(report.plan)).toContain('haproxy');
  });

  it('the process from before a reload, which serves a session on, is not waited for', async () => {
    site = await startFieldLab({});
    const end = await reloadUnderSession(site.lab);
    const counts = await Promise.all(site.controllers.map((name) => site.bash(name, 'pgrep -cx haproxy')));

    const { result, vip } = await site.watched('apply');

    await end();
    expect(counts.map(Number).sort()).toEqual([1, 1, 2]);
    expect(reportOf(result)).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
    expect(vip.longestMs).toBeLessThan(OUTAGE_MS);
  });
});

describe('refused before anything is touched', () => {
  it.each([
    {
      what: "another section that binds the API's address",
      variant: handMadeSection,
      name: NAMES.sectionTwice,
      words: ['200-plugin.cfg'],
    },
    {
      what: 'HAProxy that reads one file only',
      variant: oneFile,
      name: NAMES.fragmentsNotRead,
      words: ['/etc/haproxy/conf.d'],
    },
  ])('$what', async ({ variant, name, words }) => {
    site = await startFieldLab({ variants: [variant] });
    const before = await site.state();

    const { result, vip } = await site.watched('apply');

    const { status, text } = said(result);
    expect(status).toBe('FAILED');
    for (const word of [name, ...words]) expect(text).toContain(word);
    expect(vip.lost).toEqual([]);
    expect(await site.state()).toEqual(before);
  });
});
