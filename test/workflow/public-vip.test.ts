import type { Site } from '../../domain/site/document';
import { document, reportOf, run, withLocal } from './local';

const golden = document('golden');
const CERTIFICATE = '/etc/ssl/private/magnum.pem';
const publicVip = { address: golden.virtualIp, port: 443, certificate: CERTIFICATE };
const site: Site = { ...golden, haproxy: { ...golden.haproxy, publicVip }, clusterTemplates: [], clusters: [] };

test('HAProxy serves at a public VIP with TLS, which Verify has seen', async () => {
  const { first, second } = await withLocal(site, async (local) => ({
    first: reportOf(await run(local)),
    second: reportOf(await run(local)),
  }));

  expect(first.verification?.apis.at(-1)).toEqual({ name: 'public VIP', address: golden.virtualIp, answers: true });
  expect(second).toMatchObject({ outcome: 'unchanged', findings: [] });
});

test('a certificate that is missing on a controller refuses the fragment, and nothing is down', async () => {
  await withLocal(site, async (local) => {
    local.site.controllers.get('node-2')?.files.files.delete(CERTIFICATE);

    const { error, cause } = await run(local);

    expect(error).toBe('StagedFileRejected');
    expect(cause).toContain('node-2');
    expect(cause).toContain(`unable to stat SSL certificate from file '${CERTIFICATE}'`);
    expect([...local.site.controllers.values()].every(({ runsHaproxy }) => runsHaproxy)).toBe(true);
  });
});
