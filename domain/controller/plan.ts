import { catalogue } from '../commands/catalogue';
import type { BlastRadius } from '../pacemaker/blast-radius';
import type { Site } from '../site/document';
import { cut } from './cut';
import { type ControllerState, hasOtherContent, type Inspection, needsCycle } from './inspect';

/** What an apply would do, or does. */
export interface Plan {
  /** Whether anything on the controllers differs from the desired state. */
  readonly changed: boolean;
  /** Controllers on which files or firewall rules change. */
  readonly stage: readonly string[];
  /** Controllers on which Magnum's services restart, in the order of the site document. */
  readonly restart: readonly string[];
  /** Whether HAProxy is cycled: every listener on the VIPs is down for that time. */
  readonly cycle: boolean;
  /** What is down for that time; null if HAProxy is not cycled. */
  readonly blastRadius: BlastRadius | null;
  /** The plan in sentences, one a line, for people who read the history. */
  readonly summary: readonly string[];
}

/** Characters of listeners in a plan; there are a few dozen listeners as a rule. */
const ALL_LISTENERS = 20_000;
/** How many of them a sentence names. */
const NAMED_LISTENERS = 20;

/** Decides the smallest set of actions that removes the drift. */
export function plan(site: Site, { controllers, blastRadius }: Inspection): Plan {
  const commands = catalogue(site);
  const { magnumConf } = commands.files;
  const differs = ({ files, firewall }: ControllerState) =>
    firewall === 'differs' || files.some(({ state }) => state !== 'same');
  const confDiffers = ({ files }: ControllerState) =>
    files.some((file) => file.path === magnumConf.path && hasOtherContent(file));

  const stage = controllers.filter(differs);
  const restart = controllers.filter((one) => confDiffers(one) || one.stale.length > 0);
  const cycle = needsCycle({ commands }, controllers);
  return {
    changed: stage.length > 0 || restart.length > 0 || cycle,
    stage: stage.map(({ name }) => name),
    restart: restart.map(({ name }) => name),
    cycle,
    blastRadius: cycle ? { ...blastRadius, listeners: cut(blastRadius.listeners, ALL_LISTENERS) } : null,
    summary: [
      ...stage.map((one) => `${one.name}: ${changesOf(one).join(', ')}`),
      ...restart.map((one) => {
        const why = confDiffers(one)
          ? `${magnumConf.path} changes`
          : `${one.stale.join(' and ')} is down or older than ${magnumConf.path}`;
        return `${one.name}: restart ${site.magnum.apiService} and ${site.magnum.conductorService}, because ${why}`;
      }),
      ...(cycle
        ? [
            `${controllers.length} controllers: cycle ${site.haproxy.resource}; everything behind the VIP ${site.virtualIp} is down ` +
              `meanwhile: databases, message queues and APIs. ${downWithIt(blastRadius)}`,
          ]
        : []),
    ],
  };
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

function changesOf({ files, firewall }: ControllerState): string[] {
  return [
    ...files.flatMap(({ path, state }) => (state === 'same' ? [] : [`${VERBS[state]} ${path}`])),
    ...(firewall === 'differs' ? ['place the firewall rule'] : []),
  ];
}

const VERBS = { absent: 'write', differs: 'change', access: 'change owner or mode of' } as const;
