import { randomBytes } from 'node:crypto';
import { PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { allSecretNames, secretNames } from '../domain/secrets/references';
import { SHORTEST_DIGEST_KEY } from '../domain/secrets/digest-key';
import { SHORTEST_SECRET } from '../domain/secrets/secrets';
import { typesOf } from '../domain/secrets/ssm';
import { DEFAULT_STACK } from '../domain/site/secret-names';
import { nearest } from '../domain/site/suggestion';
import { withSsm } from './aws';
import { type CommonOptions, type Context, EXIT, print, styleFor, UsageError } from './context';
import { siteAt, textAt } from './files';
import type { Verb } from './program';

interface SecretsOptions extends CommonOptions {
  readonly site: string;
  readonly stack: string;
}

interface PutOptions extends SecretsOptions {
  readonly from?: string;
  readonly random?: boolean;
  readonly overwrite?: boolean;
}

/** `secrets`: what a site document refers to, in SSM. No value is ever printed. */
export const secrets: Verb = (parent, run) => {
  const verb = parent.command('secrets').description('Looks after the secrets that a site document refers to, in SSM.');
  verb
    .command('check')
    .summary('whether each is there, encrypted')
    .description(
      'Looks whether each secret of a site is in SSM, encrypted. It reads none. A digest-key is not needed: without it, ' +
        'the SSH key is that of the digests of magnum.conf.',
    )
    .requiredOption('--site <file>', 'site document')
    .option('--stack <name>', 'name of the deployed stack', DEFAULT_STACK)
    .option('--plain', 'no colour')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha secrets check --site sites/my-cloud.yaml')
    .action(
      run((context, options: SecretsOptions) =>
        withSsm(async (client) => {
          const site = siteAt(options.site, options.stack);
          const found = await states(client, allSecretNames(site), secretNames(site).digest);
          const paint = styleFor(context, options);
          print(context, options, found, () =>
            found
              .map((one) => {
                const sign = one.state === 'encrypted' ? paint('green', '✓') : isWell(one) ? '·' : paint('red', '✗');
                return `${sign} ${one.name}: ${one.state}${one.needed || one.state !== 'missing' ? '' : ', and not needed'}`;
              })
              .join('\n'),
          );
          return found.every(isWell) ? EXIT.done : EXIT.drift;
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
    .option('--random', 'make one of 256 bits, which nobody has seen')
    .option('--overwrite', 'also if there is one')
    .option('--stack <name>', 'name of the deployed stack', DEFAULT_STACK)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha secrets put /magnum-ha/golden/rabbit-password \\\n    --site sites/golden.json < secret\n' +
        '  magnum-ha secrets put /magnum-ha/golden/ssh-private-key \\\n    --site sites/golden.json --from id_ed25519\n' +
        '  magnum-ha secrets put /magnum-ha/golden/digest-key \\\n    --site sites/golden.json --random',
    )
    .action(
      run(async (context, name: string, options: PutOptions) => {
        const site = siteAt(options.site, options.stack);
        const { ssh, digest } = secretNames(site);
        refuseUnknown(name, [...allSecretNames(site), digest]);
        if (options.random && (options.from !== undefined || name === ssh)) {
          throw new UsageError(
            `--random makes a secret: ${name === ssh ? 'an SSH key is made by ssh-keygen' : 'leave out --from'}.`,
          );
        }
        const text = await valueFor(context, options);
        const Value = name === ssh ? text : text.replace(/\r?\n$/, '');
        if (Value.trim().length < SHORTEST_SECRET) {
          throw new UsageError(
            `A secret has ${SHORTEST_SECRET} characters or more: this one could not be kept out of texts.`,
          );
        }
        if (name === digest && Value.length < SHORTEST_DIGEST_KEY) {
          throw new UsageError(
            `A key for digests has ${SHORTEST_DIGEST_KEY} characters or more, or passwords could be searched for: use --random.`,
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

function valueFor({ readStdin }: Context, { random, from }: PutOptions): Promise<string> | string {
  if (random) return randomBytes(32).toString('base64url');
  return from === undefined ? readStdin() : textAt(from, 'The secret');
}

/** How a secret was found. */
interface SecretState {
  readonly name: string;
  readonly state: 'encrypted' | 'not encrypted' | 'missing';
  readonly needed: boolean;
}

/** @param further one that is not needed */
async function states(client: SSMClient, names: readonly string[], further: string): Promise<SecretState[]> {
  const types = await typesOf(client, [...names, further]);
  return [...names, further].map((name) => {
    const type = types.get(name);
    const state = type === undefined ? 'missing' : type === 'SecureString' ? 'encrypted' : 'not encrypted';
    return { name, state, needed: name !== further };
  });
}

function isWell({ state, needed }: SecretState): boolean {
  return state === 'encrypted' || (state === 'missing' && !needed);
}

/** @throws UsageError */
function refuseUnknown(name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const meant = nearest(name, names);
  throw new UsageError(
    `The site document refers to no secret ${name}. ${meant === undefined ? `It refers to ${names.join(', ')}` : `Did you mean ${meant}?`}`,
  );
}
