import { setTimeout as sleep } from 'node:timers/promises';
import { bootstrapCommands, catalogue } from '../commands/catalogue';
import { ages } from '../commands/processes';
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

/** How long one that another attempt began may go on, in milliseconds: its controller's timeout(1) ends it by then. */
const PATIENCE_MS = 160_000;
const BETWEEN_LOOKS_MS = 500;

/**
 * Brings Magnum's tables to what the installed Magnum wants, by its own program and with the magnum.conf in place. Where
 * they are, that does nothing. A check tells only whether there are any: Magnum does not tell which revision it wants.
 *
 * @throws SchemaUpgradeFailed
 */
export async function upgradeSchema(remote: RemoteController, site: Site, mode: Mode): Promise<BootstrapItem> {
  const { version, upgrade } = bootstrapCommands(site).schema;
  const name = `schema of database ${site.magnum.database.name}`;
  // One goes on when its connection is lost, and two at a time stumble over each other's tables.
  if (mode === 'apply') await othersEnded();
  const before = await revision();
  if (mode === 'check') return before === NONE ? { name, action: 'missing' } : unchanged();
  await run(upgrade);
  const after = await revision();
  if (after === before) return unchanged();
  return { name, action: before === NONE ? 'created' : 'changed', detail: `Now at revision ${after}.` };

  async function othersEnded(): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const { stdout } = await remote.run(catalogue(site).processes);
      if (ages(stdout, upgrade.argv[0] ?? '').length === 0) return;
      if (Date.now() > end) break;
      await sleep(BETWEEN_LOOKS_MS);
    }
    throw new SchemaUpgradeFailed(
      `On ${remote.name} of site ${site.name} another ${upgrade.argv[0]} runs and does not end. See what it waits for, then ` +
        "start again. Magnum's services were not restarted by this step.",
    );
  }

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
