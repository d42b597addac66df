import type { Site } from '../domain/site/document';
import { nearest } from '../domain/site/suggestion';
import { DRIFTS } from '../local/rehearsal/drifts';
import { FAULTS } from '../local/rehearsal/faults';
import { type Incidents, RehearsalImpossible } from '../local/rehearsal/incident';
import type { SimulatedSite } from '../local/simulated-site';
import { UsageError } from './context';

/** Something that is to happen to the simulated site of a rehearsal. */
export interface Planned {
  /** What and where, in one line. */
  readonly text: string;
  /** @throws RehearsalImpossible */
  readonly happen: (site: SimulatedSite) => Promise<void>;
}

/** What `--drift` and `--fault` can name. */
const KINDS = { drift: DRIFTS, fault: FAULTS } as const satisfies Readonly<Record<string, Incidents>>;
type Kind = keyof typeof KINDS;

/** Reads `node-2:magnum.conf`, or the other way round, or the name alone of what happens to the whole site. @throws UsageError */
export function planned(kind: Kind, given: string, { controllers }: Site): Planned {
  const known: Incidents = KINDS[kind];
  const parts = given.split(':');
  const name = parts.find((part) => Object.hasOwn(known, part));
  const incident = name === undefined ? undefined : known[name];
  if (name === undefined || !incident) throw unknown(kind, given, controllers);
  const [where, ...more] = parts.filter((part) => part !== name);
  if (more.length > 0) throw new UsageError(`--${kind} ${given} names more than one controller: repeat the option.`);
  if (incident.on === 'site') {
    if (where !== undefined)
      throw new UsageError(`--${kind} ${given}: ${name} is of the whole site. Leave out ${where}.`);
    return { text: incident.summary, happen: async (site) => incident.happen(site) };
  }
  const names = controllers.map((one) => one.name);
  if (where === undefined || !names.includes(where)) {
    const wrong = where === undefined ? 'says of no controller' : `names ${where}, which is no controller`;
    throw new UsageError(
      `--${kind} ${given} ${wrong}. Write one of ${names.map((one) => example(kind, one, name)).join(', ')}.`,
    );
  }
  return {
    text: `${where}: ${incident.summary}`,
    happen: async (site) => {
      const controller = site.controllers.get(where);
      if (!controller) throw new RehearsalImpossible(`The simulated site has no controller ${where}.`);
      await incident.happen(site, controller);
    },
  };
}

/** Everything that can be rehearsed. */
export function incidentList(): string {
  const lines = (kind: Kind, on: 'controller' | 'site') =>
    Object.entries<Incidents[string]>(KINDS[kind]).flatMap(([name, { on: where, summary }]) =>
      where === on ? [`  ${name.padEnd(26)}${summary}`] : [],
    );
  return [
    'Drift on a controller, once the apply is done: --drift CONTROLLER:NAME',
    ...lines('drift', 'controller'),
    'Drift of the whole site: --drift NAME',
    ...lines('drift', 'site'),
    '',
    'Fault on a controller, from the beginning or a drift on: --fault NAME:CONTROLLER',
    ...lines('fault', 'controller'),
    'Fault of the whole site: --fault NAME',
    ...lines('fault', 'site'),
  ].join('\n');
}

/** The same as data, for `--json`. */
export function incidentTable() {
  const rows = (kind: Kind) =>
    Object.entries<Incidents[string]>(KINDS[kind]).map(([name, { on, summary }]) => ({ name, on, summary }));
  return { drifts: rows('drift'), faults: rows('fault') };
}

function unknown(kind: Kind, given: string, controllers: Site['controllers']): UsageError {
  const names = Object.keys(KINDS[kind]);
  const [part = given] = given.split(':').filter((one) => !controllers.some(({ name }) => name === one));
  const meant = nearest(part, names);
  const hint = meant === undefined ? `There are: ${names.join(', ')}.` : `Did you mean ${meant}?`;
  return new UsageError(`There is no ${kind} ${part}. ${hint} See them: magnum-ha rehearse --list`);
}

function example(kind: Kind, controller: string, name: string): string {
  return kind === 'drift' ? `${controller}:${name}` : `${name}:${controller}`;
}
