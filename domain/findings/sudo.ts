import { everyCommand, permission } from '../commands/catalogue';
import { everywhere } from '../commands/everywhere';
import type { Nodes } from '../commands/site-connection';
import type { Finding } from './finding';

/**
 * Whether sudo lets the SSH user run everything that this site may need: what it refuses would be found out in the middle of
 * an apply, HAProxy disabled perhaps.
 */
export async function checkSudo(nodes: Nodes): Promise<Finding[]> {
  const { site } = nodes[0];
  if (!site.ssh.sudo) return [];
  const refusals = await everywhere(nodes, async ({ name, platform, attempt }) => {
    const commands = everyCommand(site, [platform]).filter(({ root }) => root);
    const answers = await Promise.all(commands.map((command) => attempt(permission(command))));
    const refused = commands.filter((_, index) => answers[index]?.exitCode !== 0).map(({ argv }) => argv.join(' '));
    return { name, refused };
  });
  return refusals.flatMap(({ name, refused }): Finding[] =>
    refused.length === 0
      ? []
      : [
          {
            name: 'SudoIncomplete',
            severity: 'error',
            evidence:
              `sudo refuses ${refused.length} commands to user ${site.ssh.user} on ${name}: ` +
              `${refused.slice(0, SHOWN).join('; ')}${refused.length > SHOWN ? '; …' : ''}`,
            remedy: 'Print the sudoers file anew and put it there, see docs/sudoers.md: magnum-ha sudoers --site FILE.',
          },
        ],
  );
}

/** Of the commands that are refused, a finding names so many. */
const SHOWN = 5;
