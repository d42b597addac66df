import * as z from 'zod';
import { siteSchema } from '../domain/site/document';
import { EXIT } from './context';
import type { Verb } from './program';

/** `schema`: the JSON Schema of site documents, for editors. */
export const schema: Verb = (parent, run) => {
  parent
    .command('schema')
    .summary('print the JSON Schema of site documents')
    .description('Prints the JSON Schema of site documents. An editor that reads it completes and checks them.')
    .option('--json', 'the same: it is JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha schema > site.schema.json')
    .action(
      run(({ out }) => {
        out.write(`${JSON.stringify(z.toJSONSchema(siteSchema, { io: 'input', unrepresentable: 'any' }), null, 2)}\n`);
        return EXIT.done;
      }),
    );
};
