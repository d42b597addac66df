import { cycle, type CycleAction, type CycleStep } from '../domain/pacemaker/cycle';
import type { Site } from '../domain/site/document';
import type { Session } from '../domain/ssh/session';
import { openLoggedSession } from '../domain/ssh/with-session';

/** Kept between the steps of one cycle, so that no handshake falls into the outage. */
let kept: { site: string; session: Session } | undefined;

/** Cycle HAProxy: one step of it. */
export async function handler({ site, action, before }: { site: Site; action: CycleAction; before: CycleStep | null }) {
  const session = await keptSession(site);
  try {
    const step = await cycle(session, site, action, before);
    if (step.done && step.firstAnswerAt !== null) drop();
    return step;
  } catch (error) {
    drop();
    throw error;
  }
}

async function keptSession(site: Site): Promise<Session> {
  // The key of what is kept is the whole document: another execution may come with new addresses or keys.
  const document = JSON.stringify(site);
  if (kept?.site !== document || !kept.session.alive) {
    drop();
    const { session } = await openLoggedSession(site, []);
    kept = { site: document, session };
  }
  return kept.session;
}

function drop(): void {
  kept?.session.close();
  kept = undefined;
}
