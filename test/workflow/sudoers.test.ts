import { sudoers } from '../../domain/commands/sudoers';
import type { Command } from '../../domain/ssh/command';
import { limited } from '../../domain/ssh/command-line';
import type { Local } from '../../local/deploy';
import { readSudoers } from '../../local/simulated-site/sudoers';
import { changes, document, haproxyOn, reportOf, run, withLocal } from './local';

const golden = document('golden');
const site = { ...golden, ssh: { ...golden.ssh, user: 'deploy', sudo: true } };
const ALL = site.controllers.map(({ name }) => name);

/** sudo on every controller allows what the printed file does. @returns what was refused */
function withSudoers({ site: simulated }: Local): string[] {
  const allows = readSudoers(sudoers(site));
  const refused: string[] = [];
  for (const controller of simulated.controllers.values()) {
    controller.sudoers = (user, argv) => {
      // The shell has taken timeout(1) off: any of the times that the catalogue has.
      const allowed = [4, 10, 20, 60, 90].some((timeoutSeconds) => {
        const command: Command = { argv, root: true, timeoutSeconds };
        return allows(user, limited(command));
      });
      if (!allowed) refused.push(argv.join(' '));
      return allowed;
    };
  }
  return refused;
}

describe('an ordinary user with the printed sudoers file', () => {
  it('does the whole job: files that are changed and made, rules, restarts, a cycle; and sees the second time that it is done', async () => {
    await withLocal(site, async (local) => {
      const refused = withSudoers(local);

      const first = reportOf(await run(local));
      const before = changes(local).length;
      const second = reportOf(await run(local));

      expect(refused).toEqual([]);
      expect(first).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
      expect(first.controllers.every(({ written, firewallChanged }) => written.length === 3 && firewallChanged)).toBe(
        true,
      );
      expect(second.outcome).toBe('unchanged');
      expect(changes(local)).toHaveLength(before);
      expect(haproxyOn(local)).toEqual(ALL);
    });
  });

  it('changes a fragment that is there, moves a misplaced rule, and discards what is rejected', async () => {
    await withLocal(site, async (local) => {
      const refused = withSudoers(local);
      reportOf(await run(local));
      const node = local.site.controllers.get('node-2');
      node?.files.write('/etc/haproxy/conf.d/180-magnum.cfg', 'listen old\n  bind 10.21.22.2:9511\n');
      // Behind the final DROP, and the other one gone.
      const rules = node?.files.files.get('/etc/iptables/rules.v4')?.content.split('\n') ?? [];
      const magnum = rules.find((line) => line.includes('117 magnum-api')) ?? '';
      const others = rules.filter((line) => line !== magnum);
      node?.input.restore(others.join('\n').replace('COMMIT', `${magnum}\nCOMMIT`));
      const removeFault = local.site.faults.onCommand((host, argv) =>
        host === 'node-2' && argv[0] === 'haproxy' && argv.join(' ').includes('/staged/')
          ? { exit: 1, stderr: 'injected' }
          : undefined,
      );

      const rejected = await run(local);
      removeFault();
      const report = reportOf(await run(local));

      expect(rejected.error).toBe('StagedFileRejected');
      expect(refused).toEqual([]);
      expect(report.controllers[1]).toMatchObject({
        written: ['/etc/haproxy/conf.d/180-magnum.cfg'],
        firewallChanged: true,
      });
    });
  });

  it('is refused by name if a controller has the file of another site document', async () => {
    await withLocal(site, async (local) => {
      withSudoers(local);
      const other = readSudoers(sudoers({ ...site, magnum: { ...site.magnum, configFile: '/srv/magnum.conf' } }));
      const node = local.site.controllers.get('node-3');
      if (node) node.sudoers = (user, argv) => other(user, limited({ argv, root: true, timeoutSeconds: 20 }));

      const result = await run(local);

      expect(result).toMatchObject({ status: 'FAILED', error: 'SudoRefused' });
      expect(result.cause).toContain('node-3');
      expect(changes(local)).toEqual([]);
    });
  });
});
