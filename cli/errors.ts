import { ERROR_CATALOGUE } from '../domain/error-catalogue';
import { type CommonOptions, EXIT, print } from './context';
import type { Verb } from './program';
import { errorReference } from './reference';

/** `errors`: every error, with what it means and what to do. */
export const errors: Verb = (parent, run) => {
  parent
    .command('errors')
    .summary('print every error, with what it means and what to do')
    .description('Prints every error, by the name that Step Functions matches, with what it means and what to do.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha errors | grep HAProxyStopBlocked')
    .action(
      run((context, options: CommonOptions) => {
        print(context, options, ERROR_CATALOGUE, () => errorReference().trimEnd());
        return EXIT.done;
      }),
    );
};
