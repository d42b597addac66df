import { allSecretNames } from '../../domain/secrets/references';
import type { Site } from '../../domain/site/document';
import type { Mode } from '../../domain/site/load';
import { seededRandom } from '../random';
import { type SimulatedSite, type SiteImage, startSimulatedSite } from '../simulated-site';
import { virtualClock } from '../virtual-clock';
import { goldenSite } from './golden';
import { startWorld } from './world';

/** How long a site is left alone before anything is done with it: conductors have sent heartbeats, nothing is under way. */
const REST_MS = 180_000;

/** A site, and what is done with it. */
export interface Scenario {
  readonly name: string;
  readonly document: Site;
  readonly mode: Mode;
  readonly secrets: Readonly<Record<string, string>>;
  /** How the site is when it begins. */
  readonly image: SiteImage;
}

/** How a scenario comes about: from a fresh site, or from one on which everything has been applied. */
interface Recipe {
  readonly from: 'fresh' | 'applied';
  readonly mode: Mode;
  readonly document?: (golden: Site) => Site;
  readonly change?: (site: SimulatedSite) => void;
}

/** Somebody has stopped a service. */
function stopConductor({ controllers }: SimulatedSite): void {
  const [first] = controllers.values();
  first?.services.get('magnum-conductor')?.stop();
}

/** Somebody has written the same fragment again: HAProxy runs with an older one. */
function fragmentWrittenAgain({ document: { haproxy }, controllers, clock }: SimulatedSite): void {
  for (const { files } of controllers.values()) {
    files.setModified(`${haproxy.fragmentDirectory}/${haproxy.fragment}`, clock.now());
  }
}

const RECIPES = {
  'fresh-apply': { from: 'fresh', mode: 'apply' },
  'cycle-only': {
    from: 'applied',
    mode: 'apply',
    change: fragmentWrittenAgain,
  },
  'rolling-only': {
    from: 'applied',
    mode: 'apply',
    document: (golden) => ({ ...golden, haproxy: { ...golden.haproxy, update: 'rolling' } }),
    change: fragmentWrittenAgain,
  },
  'reload-only': {
    from: 'applied',
    mode: 'apply',
    document: (golden) => ({ ...golden, haproxy: { ...golden.haproxy, update: 'reload' } }),
    change: fragmentWrittenAgain,
  },
  'clean-check': { from: 'applied', mode: 'check' },
  'drifted-check': {
    from: 'applied',
    mode: 'check',
    change: ({ document: { magnum }, controllers }) => {
      const [first] = controllers.values();
      const { content = '', mode, owner, group } = first?.files.files.get(magnum.configFile) ?? {};
      first?.files.seed(magnum.configFile, content.replace(/^host *=.*$/m, 'host = 127.0.0.1'), mode, owner, group);
    },
  },
  'mending-check': {
    from: 'applied',
    mode: 'check',
    document: (golden) => ({
      ...golden,
      onDrift: { 'changed by others': 'mend', 'older than its config': 'mend', 'service down': 'mend' },
    }),
    change: stopConductor,
  },
  bootstrap: {
    from: 'fresh',
    mode: 'apply',
    document: (golden) => ({ ...golden, bootstrap: ['database', 'schema', 'rabbitmq', 'keystone'] }),
  },
  resize: {
    from: 'applied',
    mode: 'apply',
    document: (golden) => ({
      ...golden,
      clusters: golden.clusters.map((cluster) => ({ ...cluster, workers: cluster.workers + 1 })),
    }),
  },
  'left-disabled': {
    from: 'applied',
    mode: 'apply',
    change: ({ pacemaker, document: { haproxy, controllers } }) => {
      pacemaker.setDisabled(controllers[0].name, haproxy.resource, true);
    },
  },
  'down-on-one': {
    from: 'applied',
    mode: 'apply',
    // It did not start, and would again now, but pacemaker has given up.
    change: ({ faults, document: { controllers } }) => {
      const { name } = controllers.at(-1) ?? controllers[0];
      faults.haproxyWillNotStart(name);
      faults.haproxyDies(name);
    },
  },
} as const satisfies Readonly<Record<string, Recipe>>;

/** The names of all scenarios. */
export const SCENARIOS = Object.keys(RECIPES) as readonly ScenarioName[];
export type ScenarioName = keyof typeof RECIPES;

const made = new Map<ScenarioName, Promise<Scenario>>();

/** Makes a scenario, or takes the one that was made before. */
export function scenarioNamed(name: ScenarioName): Promise<Scenario> {
  const known = made.get(name) ?? make(name);
  made.set(name, known);
  return known;
}

async function make(name: ScenarioName): Promise<Scenario> {
  const recipe: Recipe = RECIPES[name];
  const document = recipe.document ? recipe.document(goldenSite()) : goldenSite();
  const random = seededRandom(1);
  const secrets = Object.fromEntries(
    allSecretNames(document).map((secret) => [secret, random.bytes(18).toString('base64url')] as const),
  );
  const image = recipe.from === 'fresh' ? await fresh(document, secrets) : (await applied()).image;
  const changed = recipe.change ? await left({ document, secrets, image }, recipe.change) : image;
  return { name, document, mode: recipe.mode, secrets, image: changed };
}

/** A site as its packages leave it. */
function fresh(document: Site, secrets: Scenario['secrets']): Promise<SiteImage> {
  const clock = virtualClock();
  return left({ document, secrets }, () => undefined, clock);
}

/** A site after it was left alone once more, changed. */
async function left(
  { document, secrets, image }: Pick<Scenario, 'document' | 'secrets'> & Partial<Pick<Scenario, 'image'>>,
  change: (site: SimulatedSite) => void,
  clock = virtualClock(image?.at),
): Promise<SiteImage> {
  const bare = document.bootstrap;
  const site = startSimulatedSite({ document, secrets, bare, clock, random: seededRandom(1), ...(image && { image }) });
  change(site);
  await clock.drive(clock.sleep(REST_MS));
  const taken = site.snapshot();
  await site.close();
  return taken;
}

let appliedOnce: Promise<Scenario> | undefined;

/** A site on which everything is as the golden document wants it. */
function applied(): Promise<Scenario> {
  return (appliedOnce ??= (async () => {
    const scenario = await scenarioNamed('fresh-apply');
    const world = await startWorld(scenario);
    const { status, error = '', cause = '' } = await world.clock.drive(world.execute('apply').result);
    if (status !== 'SUCCEEDED') throw new Error(`The golden site cannot be made: ${error}: ${cause}`);
    await world.clock.drive(world.clock.sleep(REST_MS));
    const image = world.site.snapshot();
    await world.close();
    return { ...scenario, image };
  })());
}
