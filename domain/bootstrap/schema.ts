import { bootstrapCommands, DB_MANAGE } from '../commands/catalogue';
import type { Node } from '../commands/node';
import { afterInterpreter, programOf } from '../commands/process-list';
import { listProcesses } from '../commands/whose-processes';
import { MagnumHaError } from '../errors';
import type { Mode } from '../site/load';
import type { Command } from '../ssh/command';
import { poll } from '../world';
import type { BootstrapItem } from './item';

/** magnum-db-manage does not get to the database, or fails on its way to the newest schema. */
export class SchemaUpgradeFailed extends MagnumHaError {
  override readonly name = 'SchemaUpgradeFailed';
}

/** How long one that another attempt began may go on: its controller's timeout(1) ends it by then. */
const PATIENCE = { forMs: 160_000, everyMs: 500 };

/**
 * Brings Magnum's tables to what the installed Magnum wants, by its own program and with the magnum.conf in place. Where
 * they are, that does nothing. A check tells only whether there are any: Magnum does not tell which revision it wants.
 *
 * @throws SchemaUpgradeFailed
 */
export async function upgradeSchema(node: Node, mode: Mode): Promise<BootstrapItem> {
  const { site } = node;
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
    const { done } = await poll(node.clock, PATIENCE, async () => {
      const { all } = await listProcesses(node);
      const found = all.filter(({ words }) => programOf(afterInterpreter(words)) === DB_MANAGE).length;
      return { done: found === 0, found };
    });
    if (done) return;
    throw new SchemaUpgradeFailed(
      `On ${node.where} another ${DB_MANAGE} runs and does not end. See what it waits for, then ` +
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
    const outcome = await node.attempt(command);
    if (outcome.exitCode === 0) return outcome;
    // What it prints may quote the connection, and the password in it.
    throw new SchemaUpgradeFailed(
      `\`${command.argv.join(' ')}\` on ${node.where} exits with ${outcome.exitCode}. Run it there by hand ` +
        "to see what it says. A conductor without its tables does not work: Magnum's services were not restarted by this step.",
    );
  }
}

/** As Python prints that there is no revision. */
const NONE = 'None';
