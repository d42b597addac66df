import { parseArgs } from 'node:util';
import * as z from 'zod';
import { sudoers } from '../domain/commands/sudoers';
import { MagnumHaError, messageOf } from '../domain/errors';
import { siteSchema } from '../domain/site/document';
import { RUN_OPTIONS, runOptions, siteAt, UsageError } from '../cli/options';
import { errorReference, findingReference } from '../cli/reference';

const HELP = 'npm start -- --help';
const USAGE = `magnum-ha: OpenStack Magnum in high availability, as one audited workflow

  npm start                    apply, then check, on the simulated golden site
  npm start -- [options]
${RUN_OPTIONS}

  npm run lab                  the same on real daemons, on this machine: npm run lab -- --help
  npm run search               faults at every point, on virtual time: npm run search -- --help
  npx tsx bin/magnum-ha.ts sudoers --site FILE
                               print the sudoers file for the SSH user of a site, if that is not root
  npx tsx bin/magnum-ha.ts schema
                               print the JSON Schema of site documents
  npx tsx bin/magnum-ha.ts errors
                               print every error, with what it means and what to do
  npx tsx bin/magnum-ha.ts findings
                               print everything that preflight can find, with what it means and what to do

Exit code: 0 done; 1 an execution failed; 2 drift is left; 64 wrong use or a site document that is refused.`;

/** EX_USAGE of sysexits.h. */
const EX_USAGE = 64;

async function main([command, ...args]: string[]): Promise<number> {
  const terminal = { write: (text: string) => process.stdout.write(text), interactive: process.stdout.isTTY };
  switch (command) {
    case 'run': {
      const options = runOptions(args, HELP);
      if (!options) break;
      const { localRun } = await import('../cli/run');
      return localRun(options, terminal);
    }
    case 'lab': {
      const { labMain } = await import('../lab/main');
      return labMain(args, terminal);
    }
    case 'search': {
      const { searchMain } = await import('../cli/search');
      return searchMain(args, terminal);
    }
    case 'sudoers':
      process.stdout.write(sudoersOf(args));
      return 0;
    case 'schema':
      console.log(JSON.stringify(z.toJSONSchema(siteSchema, { io: 'input', unrepresentable: 'any' }), null, 2));
      return 0;
    case 'errors':
      process.stdout.write(errorReference());
      return 0;
    case 'findings':
      process.stdout.write(findingReference());
      return 0;
    default:
      console.error(USAGE);
      return EX_USAGE;
  }
  console.log(USAGE);
  return 0;
}

/** @throws UsageError, SiteDocumentInvalid */
function sudoersOf(args: string[]): string {
  let file: string | undefined;
  try {
    file = parseArgs({ args, options: { site: { type: 'string' } } }).values.site;
  } catch (error) {
    throw new UsageError(`${messageOf(error)}. All options: ${HELP}`);
  }
  if (file === undefined) throw new UsageError('Say whose: npx tsx bin/magnum-ha.ts sudoers --site FILE');
  const site = siteAt(file);
  if (!site.ssh.sudo) {
    throw new UsageError(`${file} has no "sudo": true in ssh: user ${site.ssh.user} needs no sudoers file`);
  }
  return sudoers(site);
}

// `npm start | head`: the reader has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(1);
});

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    // Our own errors say everything; of any other error we want the stack.
    const refused = error instanceof MagnumHaError;
    console.error(refused ? `${error.name}: ${error.message}` : error);
    process.exitCode = refused ? EX_USAGE : 1;
  },
);
