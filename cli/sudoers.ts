import { sudoers as sudoersOf } from '../domain/commands/sudoers';
import { type CommonOptions, EXIT, print, UsageError } from './context';
import { siteAt } from './files';
import { platformsIn } from './platforms';
import type { Verb } from './program';

/** `sudoers`: what the SSH user of a site must be allowed, if that is not root. */
export const sudoers: Verb = (parent, run) => {
  parent
    .command('sudoers')
    .summary('print the sudoers file for the SSH user of a site')
    .description('Prints the sudoers file that allows the commands of the workflow and nothing else.')
    .requiredOption('--site <file>', 'site document')
    .option('--report <file>', 'report of a check: allow only what the platforms need that it found')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha sudoers --site sites/my-cloud.yaml > magnum-ha.sudoers')
    .action(
      run((context, options: CommonOptions & { site: string; report?: string }) => {
        const site = siteAt(options.site);
        if (!site.ssh.sudo) {
          throw new UsageError(
            `${options.site} has no "sudo": true in ssh: user ${site.ssh.user} needs no sudoers file`,
          );
        }
        const file = sudoersOf(site, options.report === undefined ? undefined : platformsIn(options.report, site));
        print(context, options, { sudoers: file }, () => file.trimEnd());
        return EXIT.done;
      }),
    );
};
