import { allSecretNames } from '../../domain/secrets/references';
import type { Site } from '../../domain/site/document';
import type { World } from '../../domain/world';
import { seededRandom } from '../../local/random';
import { type SimulatedSite, type SimulatedSiteOptions, startSimulatedSite } from '../../local/simulated-site';
import { type VirtualClock, virtualClock } from '../../local/virtual-clock';
import { fakeWorld } from './fakes';

/** A simulated site on virtual time, and the world of a task that works on it. */
export interface Simulated {
  readonly site: SimulatedSite;
  readonly clock: VirtualClock;
  readonly world: World;
  /** Lets time pass. */
  readonly pass: (milliseconds: number) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** What is simulated, if not as the document says. */
interface SimulatedOptions extends Partial<Pick<SimulatedSiteOptions, 'timings' | 'secrets' | 'generation'>> {
  /** The secrets of the tasks, if they are not the site's. */
  readonly known?: Readonly<Record<string, string>>;
}

/** Starts a simulated site, at true timings unless told otherwise. */
export function simulate(
  document: Site,
  { timings = {}, secrets, known, generation }: SimulatedOptions = {},
): Simulated {
  const clock = virtualClock();
  const values = secrets ?? secretsOf(document);
  const site = startSimulatedSite({
    document,
    secrets: values,
    clock,
    random: seededRandom(1),
    timings,
    ...(generation && { generation }),
  });
  return {
    site,
    clock,
    world: {
      ...fakeWorld({}, { clock, secrets: { ...values, ...known } }),
      connect: (options) => site.connect(options),
    },
    pass: (milliseconds) => clock.drive(clock.sleep(milliseconds)),
    end: async () => {
      await clock.drive(site.close());
      clock.clear();
    },
  };
}

/** A value for each secret of a document. */
export function secretsOf(document: Site): Record<string, string> {
  return Object.fromEntries(
    allSecretNames(document).map((name) => [name, `secret of ${name.replaceAll('/', ' ')} #1`]),
  );
}
