import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { secretsIn } from '../domain/secrets/ssm';
import type { Site } from '../domain/site/document';
import { withValues } from '../domain/site/edit';
import { parseSite } from '../domain/site/parse';
import { DEFAULT_STACK } from '../domain/site/secret-names';
import { readText } from '../domain/site/text';
import { scanHostKeys, type ShownKey } from '../domain/ssh/host-keys';
import { withSsm } from './aws';
import { type CommonOptions, type Context, EXIT, print, styleFor } from './context';
import { refuseUnwritable, textAt } from './files';
import type { Verb } from './program';

interface ScanOptions extends CommonOptions {
  readonly identity?: string;
  readonly write?: boolean;
  readonly replace?: boolean;
  readonly stack: string;
}

/** A host's key, beside the one that the document pins. */
interface Scanned extends ShownKey {
  readonly state: 'pinned' | 'new' | 'changed' | 'unknown';
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint?: string;
}

/** `scan-keys`: the host keys of bastion and controllers, for the site document. */
export const scanKeys: Verb = (parent, run) => {
  parent
    .command('scan-keys <file>')
    .summary('get the host keys of a site, and put them into its document')
    .description(
      'Gets the host keys of a site: of the bastion, and through it of the controllers. Hosts whose hostKey is missing in the ' +
        'document get theirs with --write. Compare the fingerprints with what the hosts themselves say: ' +
        'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
    )
    .option('--identity <file>', 'private key for the bastion (default: the one in SSM)')
    .option('--write', 'put new keys into the document')
    .option('--replace', 'with --write: also those that have changed')
    .option('--stack <name>', 'name of the deployed stack', DEFAULT_STACK)
    .option('--plain', 'no colour')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  magnum-ha scan-keys sites/my-cloud.yaml --identity id_ed25519 --write')
    .action(run(scan));
};

async function scan(context: Context, file: string, options: ScanOptions): Promise<number> {
  const text = textAt(file, 'The site document');
  const { site, pins } = siteWithoutPins(file, text, options.stack);
  if (options.write) refuseUnwritable(file);
  const privateKey =
    options.identity === undefined ? await keyInSsm(site) : textAt(options.identity, 'The private key');
  const shown = await scanHostKeys(context.clock, site, { privateKey, pins });
  const scanned = shown.map((one) => compared(one, pins.get(one.path)));
  const wanted = scanned.filter(({ state }) => state === 'new' || (state === 'changed' && options.replace));
  if (options.write && wanted.length > 0) {
    const values = wanted.map(({ path, hostKey = '' }) => [[...keysOf(path), 'hostKey'], hostKey] as const);
    writeFileSync(file, withValues(text, new Map(values)));
  }
  const paint = styleFor(context, options);
  const written = options.write ? `${wanted.length} written to ${file}` : 'nothing written: --write does';
  print(context, options, scanned, () =>
    [
      ...scanned.map(({ name, state, fingerprint, problem }) =>
        [paint(COLOURS[state], state.padEnd(8)), name, fingerprint ?? problem].join(' '),
      ),
      `${scanned.length} hosts, ${written}`,
    ].join('\n'),
  );
  if (scanned.some(({ state }) => state === 'unknown')) return EXIT.unavailable;
  return scanned.some(({ state }) => state === 'changed') && !(options.write && options.replace)
    ? EXIT.drift
    : EXIT.done;
}

const COLOURS = { pinned: 'green', new: 'yellow', changed: 'red', unknown: 'red' } as const;

/** Stands in for a key that is not known yet, so that the rest of the document is checked as always. */
const NO_KEY = `ssh-ed25519 ${'A'.repeat(68)}`;

/**
 * The site of a document in which host keys may be missing, and those that are there by path of the host.
 *
 * @throws SiteDocumentInvalid
 */
function siteWithoutPins(file: string, text: string, stack: string): { site: Site; pins: Map<string, string> } {
  const { document } = readText(text);
  const { bastion, controllers } = (document ?? {}) as { bastion?: unknown; controllers?: unknown };
  const hosts = [bastion, ...(Array.isArray(controllers) ? (controllers as unknown[]) : [])];
  const missing = hosts.flatMap((host, index) => {
    const { hostKey = '' } = (typeof host === 'object' && host !== null ? host : {}) as { hostKey?: unknown };
    return hostKey === '' || hostKey === null ? [index === 0 ? 'bastion' : `controllers.${index - 1}`] : [];
  });
  const values = missing.map((path) => [[...keysOf(path), 'hostKey'], NO_KEY] as const);
  const readable = typeof bastion === 'object' && Array.isArray(controllers);
  const site = parseSite(file, readable ? withValues(text, new Map(values)) : text, stack);
  const all = [
    ['bastion', site.bastion] as const,
    ...site.controllers.map((one, i) => [`controllers.${i}`, one] as const),
  ];
  return {
    site,
    pins: new Map(all.flatMap(([path, { hostKey }]) => (missing.includes(path) ? [] : [[path, hostKey]]))),
  };
}

function keysOf(path: string): (string | number)[] {
  return path.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}

function keyInSsm({ ssh }: Site): Promise<string> {
  const name = ssh.privateKey.ssm;
  return withSsm(async (client) => (await secretsIn(client).read([name])).reveal(name));
}

function compared(shown: ShownKey, pinned: string | undefined): Scanned {
  const { hostKey } = shown;
  if (hostKey === undefined) return { ...shown, state: 'unknown' };
  const [, base64 = ''] = hostKey.split(' ');
  const digest = createHash('sha256').update(Buffer.from(base64, 'base64')).digest('base64').replace(/=+$/, '');
  const state = pinned === undefined ? 'new' : pinned === hostKey ? 'pinned' : 'changed';
  return { ...shown, state, fingerprint: `SHA256:${digest}` };
}
