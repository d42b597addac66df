import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allSecretNames } from '../../domain/secrets/references';
import type { Site } from '../../domain/site/document';
import { parseSite } from '../../domain/site/parse';
import { realClock } from '../../domain/world';
import { projectRoot } from '../../lib/project-root';
import { realRandom } from '../../local/random';
import { type SimulatedSite, startSimulatedSite } from '../../local/simulated-site';
import { startSshFront } from '../../local/simulated-site/ssh-server';
import type { Timings } from '../../local/simulated-site/timings';

/** What a person would wait for. All else takes its true time, as LocalStack's waits do. */
export const QUICK: Partial<Timings> = { cluster: 2000, heatTakes: 1000 };

/** A simulated site that functions reach by SSH, and what an operator puts into an account for it. */
export interface ReachableSite {
  readonly simulated: SimulatedSite;
  readonly document: Site;
  /** By parameter name. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The shipped document, for another stack or under another name. */
export function golden(name = 'golden', stack = 'magnum-ha'): Site {
  const shipped = JSON.parse(readFileSync(join(projectRoot, 'sites/golden.json'), 'utf8')) as object;
  return parseSite(name, JSON.stringify({ ...shipped, name }), stack);
}

/** Starts a site on the real clock. */
export async function startSite(document: Site): Promise<ReachableSite> {
  const made = Object.fromEntries(
    allSecretNames(document).map((name) => [name, realRandom.bytes(18).toString('base64url')]),
  );
  const simulated = startSimulatedSite({
    document,
    secrets: made,
    clock: realClock,
    random: realRandom,
    timings: QUICK,
  });
  const front = await startSshFront(simulated);
  return { simulated, document: front.document, secrets: { ...made, [document.ssh.privateKey.ssm]: front.privateKey } };
}
