import type { Finding } from '../../domain/findings/finding';
import { auditText } from '../../cli/audit-text';
import { audit } from '../../domain/audit/audit';
import { type Local, putDocument } from '../../local/deploy';
import { style } from '../../cli/style';
import { changes, document, reportOf, run, withLocal } from './local';

const golden = document('golden');
const guide = document('guide');

/** From now on executions take another document for the site's. */
function redeploy({ deployment, site: { document: deployed } }: Local, change: object): void {
  putDocument(deployment, deployed.name, { ...deployed, ...change });
}

const names = (findings: readonly Finding[], severity: Finding['severity']) =>
  findings.filter((finding) => finding.severity === severity).map(({ name }) => name);

describe("the guide's document", () => {
  it('is refused on its own release, before anything is touched; a check tells the same and goes on', async () => {
    await withLocal(guide, async (local) => {
      const refused = await run(local);
      const check = reportOf(await run(local, 'check'));

      expect(refused).toMatchObject({ status: 'FAILED', error: 'PreflightRefused' });
      expect(changes(local)).toEqual([]);
      expect(names(check.findings, 'error')).toEqual([
        'AuthUriWithoutV3',
        'KeystoneAuthMissing',
        'CoeNotYetInRelease',
        'FixedSubnetMissing',
        'ManagersWithoutLoadBalancer',
        'ImageDistroUnsupported',
      ]);
      expect(check.outcome).toBe('drift');
    });
  });

  it('is refused on Magnum 15 with every cause by its name and its remedy', async () => {
    await withLocal({ ...guide, release: 'zed' }, async (local) => {
      redeploy(local, { release: 'newton' });

      const refused = await run(local);

      expect(refused).toMatchObject({ status: 'FAILED', error: 'PreflightRefused' });
      expect(changes(local)).toEqual([]);
      const told = [...(refused.cause ?? '').matchAll(/^- (\w+ \w+): .+\. .+\.$/gm)].map(([, finding]) => finding);
      expect(told).toEqual([
        'error AuthUriWithoutV3',
        'error KeystoneAuthMissing',
        'error RabbitOptionsIgnored',
        'error DockerVolumeTypeMissing',
        'error FixedSubnetMissing',
        'error ManagersWithoutLoadBalancer',
        'error DatabaseDriverMissing',
        'error ImageDistroUnsupported',
        'warning ConductorHostMissing',
        'warning LegacyKeystoneOptions',
        'warning KeystoneAdminPort',
        'warning DatabaseDriverMysql',
        'warning RegionMissing',
        'warning ImageDistroDoubtful',
        'warning ReleaseMismatch',
      ]);
      expect(refused.cause).toContain('rabbit_hosts, rabbit_userid, rabbit_password');
      expect(refused.cause).toContain('magnum.keystone.authUrl is http://10.21.22.2:35357/');
    });
  });
});

describe('findings of preflight', () => {
  it('of the cloud stand in the report of a check, and in its text', async () => {
    await withLocal(golden, async (local) => {
      local.site.openstack.cloud.keypairs.length = 0;

      const checked = await run(local, 'check');

      expect(reportOf(checked).findings).toMatchObject([{ name: 'KeypairMissing', severity: 'error' }]);
      expect(auditText(audit(checked), style(true))).toMatch(
        /Findings:\n +error KeypairMissing: template .* names the keypair fuel/,
      );
    });
  });

  it('refuse nothing that exists already', async () => {
    await withLocal(golden, async (local) => {
      reportOf(await run(local));
      local.site.openstack.cloud.keypairs.length = 0;
      const before = changes(local).length;

      const report = reportOf(await run(local));

      expect(report.findings).toMatchObject([{ name: 'KeypairMissing', severity: 'warning' }]);
      expect(report.outcome).toBe('unchanged');
      expect(changes(local)).toHaveLength(before);
    });
  });

  it('are not looked for behind a VIP that is down: an apply brings it back first, and tells so', async () => {
    await withLocal(golden, async (local) => {
      reportOf(await run(local));
      local.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
      await local.clock.sleep(5000);

      const report = reportOf(await run(local));

      expect(report).toMatchObject({ outcome: 'changed', leftDisabled: true, verification: { healthy: true } });
      expect(report).toMatchObject({ findings: [], plan: [], outageMs: null });
    });
  });
});
