import { bootstrapCommands } from '../commands/catalogue';
import { MagnumHaError } from '../errors';
import type { Site } from '../site/document';
import type { Mode } from '../site/load';
import type { Command } from '../ssh/command';
import type { RemoteController } from '../ssh/session';
import type { BootstrapItem } from './item';

/** magnum-db-manage does not get to the database, or fails on its way to the newest schema. */
export class SchemaUpgradeFailed extends MagnumHaError {
  override readonly name = 'SchemaUpgradeFailed';
}

/**
 * Brings Magnum's tables to what the installed Magnum wants, by its own program and with the magnum.conf in place. Where
 * they are, that does nothing. A check tells only whether there are any: Magnum does not tell which revision it wants.
 *
 * @throws SchemaUpgradeFailed
 */
export async function upgradeSchema(remote: RemoteController, site: Site, mode: Mode): Promise<BootstrapItem> {
  const { version, upgrade } = bootstrapCommands(site).schema;
  const name = `schema of database ${site.magnum.database.name}`;
  const before = await revision();
  if (mode === 'check') return before === NONE ? { name, action: 'missing' } : unchanged();
  await run(upgrade);
  const after = await revision();
  if (after === before) return unchanged();
  return { name, action: before === NONE ? 'created' : 'changed', detail: `Now at revision ${after}.` };

  function unchanged(): BootstrapItem {
    return { name, action: 'unchanged', detail: `At revision ${before}.` };
  }

  async function revision(): Promise<string> {
    const { stdout } = await run(version);
    return /^Current DB revision is (\w+)/m.exec(stdout)?.[1] ?? NONE;
  }

  async function run(command: Command) {
    const outcome = await remote.run(command, [0, 1, 2, 127]);
    if (outcome.exitCode === 0) return outcome;
    // What it prints may quote the connection, and the password in it.
    throw new SchemaUpgradeFailed(
      `\`${command.argv.join(' ')}\` on ${remote.name} of site ${site.name} exits with ${outcome.exitCode}. Run it there by hand ` +
        "to see what it says. A conductor without its tables does not work: Magnum's services were not restarted by this step.",
    );
  }
}

/** As Python prints that there is no revision. */
const NONE = 'None';
