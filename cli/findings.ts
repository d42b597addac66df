import { FINDING_CATALOGUE } from '../domain/findings/catalogue';
import { type CommonOptions, EXIT, print } from './context';
import type { Verb } from './program';
import { findingReference } from './reference';

/** `findings`: everything that preflight can find, with what it means and what to do. */
export const findings: Verb = (parent, run) => {
  parent
    .command('findings')
    .summary('print everything that preflight can find')
    .description('Prints everything that preflight can find, with what it means and what to do.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha findings | grep AuthUriWrong')
    .action(
      run((context, options: CommonOptions) => {
        print(context, options, FINDING_CATALOGUE, () => findingReference().trimEnd());
        return EXIT.done;
      }),
    );
};
