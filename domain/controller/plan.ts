import { catalogue } from '../commands/catalogue';
import type { BlastRadius } from '../pacemaker/blast-radius';
import type { Hindrances } from '../pacemaker/ways';
import type { Site } from '../site/document';
import { cut } from './cut';
import { type ControllerState, hasOtherContent, type Inspection, needsCycle } from './inspect';
import { HAPROXY } from './running';
import { accessOf, RUNNING_RULE, told } from './verdicts';

/** What an apply would do, or does. */
export interface Plan {
  /** Whether anything on the controllers differs from the desired state. */
  readonly changed: boolean;
  /** Controllers on which files or firewall rules change. */
  readonly stage: readonly string[];
  /** Controllers on which Magnum's services restart, in the order of the site document. */
  readonly restart: readonly string[];
  /** Controllers on which HAProxy does not run, and is started: on the others it serves on. */
  readonly start: readonly string[];
  /** Whether HAProxy is made to read its fragment: as `haproxy.update` of the site document says. */
  readonly cycle: boolean;
  /** What is down while HAProxy is cycled; null if it is not. */
  readonly blastRadius: BlastRadius | null;
  /** The ways in which HAProxy cannot be updated, each with why; missing in a plan that does not update it. */
  readonly hindrances?: Hindrances;
  /** The plan in sentences, one a line, for people who read the history. */
  readonly summary: readonly string[];
}

/** Characters of listeners in a plan; there are a few dozen listeners as a rule. */
const ALL_LISTENERS = 20_000;
/** How many of them a sentence names. */
const NAMED_LISTENERS = 20;

/** Decides the smallest set of actions that removes the drift. */
export function plan(site: Site, { controllers, blastRadius }: Omit<Inspection, 'contents'>): Plan {
  const commands = catalogue(site);
  const { magnumConf } = commands.files;
  const differs = ({ files, firewall }: ControllerState) =>
    firewall === 'differs' || files.some(({ state }) => state !== 'same');
  const confDiffers = ({ files }: ControllerState) =>
    files.some((file) => file.path === magnumConf.path && hasOtherContent(file));

  const stage = controllers.filter(differs);
  const restart = controllers.filter((one) => confDiffers(one) || one.stale.length > 0);
  const start = controllers.filter(({ haproxy }) => haproxy === 'down');
  const cycle = needsCycle({ commands }, controllers);
  const { hindrances, ...down } = blastRadius;
  return {
    changed: stage.length > 0 || restart.length > 0 || start.length > 0 || cycle,
    stage: stage.map(({ name }) => name),
    restart: restart.map(({ name }) => name),
    start: start.map(({ name }) => name),
    cycle,
    blastRadius:
      cycle && site.haproxy.update === 'cycle' ? { ...down, listeners: cut(down.listeners, ALL_LISTENERS) } : null,
    ...(cycle && hindrances && { hindrances }),
    summary: [
      ...alike(stage.map((one) => [one.name, changesOf(one).join(', ')])),
      ...alike(restart.map((one) => [one.name, restartOf(site, one, confDiffers(one))])),
      ...alike(
        start.map((one) => [
          one.name,
          `start ${site.haproxy.resource} there, because HAProxy does not run; nothing is disabled for it`,
        ]),
      ),
      ...(cycle
        ? [
            `${controllers.length} controllers: ${site.haproxy.update === 'reload' ? 'reload' : 'cycle'} ${site.haproxy.resource}, because ` +
              `${whyCycle(commands.files.fragment.path, controllers)}; ${meanwhile(site, down)}`,
          ]
        : []),
    ],
  };
}

function meanwhile({ virtualIp, haproxy }: Site, radius: BlastRadius): string {
  switch (haproxy.update) {
    case 'reload':
      return 'one after another, and nothing is down meanwhile';
    case 'rolling':
      return (
        'one after another, the one with the VIP last: HAProxy is never down everywhere, but what is connected through a controller ' +
        `breaks in its turn, and the VIP ${virtualIp} does not answer while it moves`
      );
    case 'cycle':
      return `everything behind the VIP ${virtualIp} is down meanwhile: databases, message queues and APIs. ${downWithIt(radius)}`;
  }
}

function downWithIt({ listeners, resources, readBy }: BlastRadius): string {
  const named = listeners.slice(0, NAMED_LISTENERS);
  const more = listeners.length - named.length;
  return (
    `Pacemaker stops with it: ${resources.join(', ') || 'no other resource'} (${readByWhom(readBy)}). ` +
    `${listeners.length} listeners: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  );
}

/** How the resources that go down with HAProxy are known. */
export function readByWhom(readBy: BlastRadius['readBy']): string {
  return readBy === 'crm_simulate' ? 'by crm_simulate' : "by our own reading of pacemaker's CIB";
}

/** What is to be done, with the controllers for which it is the same. */
function alike(sentences: readonly (readonly [controller: string, what: string])[]): string[] {
  const groups = new Map<string, string[]>();
  for (const [controller, what] of sentences) groups.set(what, [...(groups.get(what) ?? []), controller]);
  return [...groups].map(([what, names]) => `${names.join(', ')}: ${what}`);
}

function changesOf({ files, firewall, verdicts }: ControllerState): string[] {
  const why = (...things: string[]) => {
    const reasons = verdicts.filter(({ thing, verdict }) => things.includes(thing) && verdict !== 'foreign option');
    return reasons.length === 0 ? '' : ` (${reasons.map(told).join('; ')})`;
  };
  return [
    ...files.flatMap(({ path, state }) =>
      state === 'same' ? [] : [`${VERBS[state]} ${path}${why(path, accessOf(path))}`],
    ),
    ...(firewall === 'differs' ? [`place the firewall rule${why(RUNNING_RULE)}`] : []),
  ];
}

/** @param confDiffers whether magnum.conf is written before */
function restartOf({ magnum }: Site, { stale, verdicts }: ControllerState, confDiffers: boolean): string {
  const reasons = verdicts.filter(({ thing }) => stale.includes(thing)).map(({ reason }) => reason);
  const why = confDiffers ? `${magnum.configFile} changes` : [...new Set(reasons)].join('; ');
  const foreign = verdicts.filter(({ verdict }) => verdict === 'foreign option').map(told);
  return [`restart ${magnum.apiService} and ${magnum.conductorService}, because ${why}`, ...foreign].join('; ');
}

function whyCycle(fragment: string, controllers: readonly ControllerState[]): string {
  const running = controllers.filter(({ haproxy }) => haproxy !== 'down');
  const changes = running.filter(({ files }) => files.some((one) => one.path === fragment && hasOtherContent(one)));
  const reasons = running.flatMap(({ name, verdicts }) =>
    verdicts.filter(({ thing }) => thing === HAPROXY).map(({ reason }) => [name, reason] as const),
  );
  const writes = changes.map(({ name }) => [name, `${fragment} changes`] as const);
  return alike([...writes, ...reasons]).join('; ');
}

const VERBS = { absent: 'write', differs: 'change', access: 'change owner or mode of' } as const;
