import { PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { allSecretNames } from '../domain/secrets/references';
import { SHORTEST_SECRET } from '../domain/secrets/secrets';
import { typesOf } from '../domain/secrets/ssm';
import { DEFAULT_STACK } from '../domain/site/secret-names';
import { nearest } from '../domain/site/suggestion';
import { withSsm } from './aws';
import { type CommonOptions, EXIT, print, styleFor, UsageError } from './context';
import { siteAt, textAt } from './files';
import type { Verb } from './program';

interface SecretsOptions extends CommonOptions {
  readonly site: string;
  readonly stack: string;
}

interface PutOptions extends SecretsOptions {
  readonly from?: string;
  readonly overwrite?: boolean;
}

/** `secrets`: what a site document refers to, in SSM. No value is ever printed. */
export const secrets: Verb = (parent, run) => {
  const verb = parent.command('secrets').description('Looks after the secrets that a site document refers to, in SSM.');
  verb
    .command('check')
    .summary('whether each is there, encrypted')
    .description('Looks whether each secret of a site is in SSM, encrypted. It reads none.')
    .requiredOption('--site <file>', 'site document')
    .option('--stack <name>', 'name of the deployed stack', DEFAULT_STACK)
    .option('--plain', 'no colour')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha secrets check --site sites/my-cloud.yaml')
    .action(
      run((context, options: SecretsOptions) =>
        withSsm(async (client) => {
          const found = await states(client, allSecretNames(siteAt(options.site, options.stack)));
          const paint = styleFor(context, options);
          print(context, options, found, () =>
            found
              .map(
                ({ name, state }) =>
                  `${state === 'encrypted' ? paint('green', '✓') : paint('red', '✗')} ${name}: ${state}`,
              )
              .join('\n'),
          );
          return found.every(({ state }) => state === 'encrypted') ? EXIT.done : EXIT.drift;
        }),
      ),
    );
  verb
    .command('put <name>')
    .summary('put one into SSM, encrypted')
    .description(
      'Puts a secret of a site into SSM as a SecureString, from a file or from standard input. A newline at the end of ' +
        'a password is left out: nobody means it.',
    )
    .requiredOption('--site <file>', 'site document that refers to it')
    .option('--from <file>', 'file that holds it (default: standard input)')
    .option('--overwrite', 'also if there is one')
    .option('--stack <name>', 'name of the deployed stack', DEFAULT_STACK)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha secrets put /magnum-ha/golden/rabbit-password \\\n    --site sites/golden.json < secret\n' +
        '  magnum-ha secrets put /magnum-ha/golden/ssh-private-key \\\n    --site sites/golden.json --from id_ed25519',
    )
    .action(
      run(async (context, name: string, options: PutOptions) => {
        const site = siteAt(options.site, options.stack);
        refuseUnknown(name, allSecretNames(site));
        const text = options.from === undefined ? await context.readStdin() : textAt(options.from, 'The secret');
        const Value = name === site.ssh.privateKey.ssm ? text : text.replace(/\r?\n$/, '');
        if (Value.trim().length < SHORTEST_SECRET) {
          throw new UsageError(
            `A secret has ${SHORTEST_SECRET} characters or more: this one could not be kept out of texts.`,
          );
        }
        const { overwrite: Overwrite = false } = options;
        await withSsm(async (client) => {
          if (!Overwrite && (await typesOf(client, [name])).has(name)) {
            throw new UsageError(`${name} is there. To change it: --overwrite. Nothing was touched.`);
          }
          await client.send(new PutParameterCommand({ Name: name, Value, Type: 'SecureString', Overwrite }));
        });
        print(context, options, { name, state: 'encrypted' }, () => `${name}: put, encrypted`);
        return EXIT.done;
      }),
    );
};

async function states(client: SSMClient, names: readonly string[]) {
  const types = await typesOf(client, names);
  return names.map((name) => {
    const type = types.get(name);
    const state = type === undefined ? 'missing' : type === 'SecureString' ? 'encrypted' : 'not encrypted';
    return { name, state };
  });
}

/** @throws UsageError */
function refuseUnknown(name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const meant = nearest(name, names);
  throw new UsageError(
    `The site document refers to no secret ${name}. ${meant === undefined ? `It refers to ${names.join(', ')}` : `Did you mean ${meant}?`}`,
  );
}
