import { connectSite, type SiteConnection } from '../domain/commands/site-connection';
import type { Platforms } from '../domain/commands/platform';
import { startsNowhere, takeFragmentBack } from '../domain/controller/take-back';
import { cycle } from '../domain/pacemaker/cycle';
import type { Site } from '../domain/site/document';
import type { TaskFunction } from '../domain/tasks';
import type { World } from '../domain/world';
import { handlerOf } from './runtime/task';

/** Cycle HAProxy: one step of it. */
export const run: TaskFunction<'cycle'> = async ({ site, platforms, action, before }, world) => {
  const connection = await keptConnection(world, site, platforms);
  try {
    const takenBack = action === 'take-back' ? await takeFragmentBack(connection) : [];
    const step = await cycle(connection, action === 'take-back' ? 'enable' : action, before);
    if (step.done && step.firstAnswerAt !== null) drop(world);
    const starting = !['disable', 'poll-stopped'].includes(action) && !step.done;
    // Who cannot tell lets it be waited for.
    const nowhere = starting ? await startsNowhere(connection).catch(() => false) : false;
    return { ...step, takenBack, startsNowhere: nowhere };
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
  if (kept?.document === document && kept.connection.alive) return kept.connection;
  drop(world);
  const connection = await connectSite(world, site, { platforms });
  world.kept.set(KEY, { document, connection } satisfies Kept);
  return connection;
}

function drop({ kept }: World): void {
  (kept.get(KEY) as Kept | undefined)?.connection.close();
  kept.delete(KEY);
}
