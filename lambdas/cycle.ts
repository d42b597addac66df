import { connectSite, type SiteConnection } from '../domain/commands/site-connection';
import type { Platforms } from '../domain/commands/platform';
import { cycleStep } from '../domain/controller/cycle-step';
import type { Site } from '../domain/site/document';
import type { TaskFunction } from '../domain/tasks';
import type { World } from '../domain/world';
import { handlerOf } from './runtime/task';

/** Cycle HAProxy: one step of it. */
export const run: TaskFunction<'cycle'> = async ({ site, platforms, action, before, on }, world) => {
  const connection = await keptConnection(world, site, platforms);
  try {
    const step = await cycleStep(connection, action, before, on);
    if (step.done && step.firstAnswerAt !== null) drop(world);
    return step;
  } catch (error) {
    drop(world);
    throw error;
  }
};

export const handler = handlerOf(run);

/** Kept between the steps of one cycle, so that no handshake falls into the outage. */
interface Kept {
  readonly document: string;
  readonly connection: SiteConnection;
}

const KEY = 'cycle';

async function keptConnection(world: World, site: Site, platforms: Platforms): Promise<SiteConnection> {
  const kept = world.kept.get(KEY) as Kept | undefined;
  // The key of what is kept is the whole document, and what was found: another execution may come with new addresses or keys.
  const document = JSON.stringify([site, platforms]);
  if (kept?.document === document && kept.connection.alive) return kept.connection.on(platforms, world);
  drop(world);
  const connection = await connectSite(world, site, { platforms });
  world.kept.set(KEY, { document, connection } satisfies Kept);
  return connection;
}

function drop({ kept }: World): void {
  (kept.get(KEY) as Kept | undefined)?.connection.close();
  kept.delete(KEY);
}
