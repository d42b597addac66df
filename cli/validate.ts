import { messageOf } from '../domain/errors';
import { SiteDocumentInvalid } from '../domain/site/parse';
import { documentFindings } from '../domain/findings/document';
import { type CommonOptions, EXIT, print, styleFor, UsageError } from './context';
import { siteAt } from './files';
import type { Verb } from './program';

/** `validate`: all mistakes of site documents, each with its line, before anything is deployed. */
export const validate: Verb = (parent, run) => {
  parent
    .command('validate <file...>')
    .summary('check site documents, JSON or YAML')
    .description('Checks site documents, JSON or YAML, and names every mistake with its line.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha validate sites/my-cloud.yaml')
    .action(
      run((context, files: string[], options: CommonOptions) => {
        const results = files.map(validated);
        const paint = styleFor(context, options);
        print(context, options, results, () =>
          results
            .map(({ file, site, refused, findings }) =>
              [
                refused === undefined
                  ? `${paint('green', '✓')} ${file}: site ${site}`
                  : `${paint('red', '✗')} ${refused}`,
                ...findings.map(
                  ({ severity, name, evidence, remedy }) => `  ${severity} ${name}: ${evidence} → ${remedy}`,
                ),
              ].join('\n'),
            )
            .join('\n'),
        );
        return results.some(({ refused }) => refused !== undefined) ? EXIT.usage : EXIT.done;
      }),
    );
};

function validated(file: string) {
  try {
    const site = siteAt(file);
    return { file, site: site.name, problems: [], findings: documentFindings(site) };
  } catch (error) {
    if (!(error instanceof SiteDocumentInvalid) && !(error instanceof UsageError)) throw error;
    const problems = error instanceof SiteDocumentInvalid ? error.problems : [];
    return { file, refused: messageOf(error), problems, findings: [] };
  }
}
