import { sudoers } from '../../domain/commands/sudoers';
import type { Site } from '../../domain/site/document';
import { limited } from '../../domain/ssh/command-line';
import type { Local, VirtualLocal } from '../../local/deploy';
import { readSudoers } from '../../local/simulated-site/sudoers';
import type { run } from './local';

/** Counts how often, of all looks, HAProxy does not run somewhere, or nowhere, or the VIP does not take a connection. */
export function watched({ site: { controllers, network, document }, clock }: VirtualLocal) {
  const seen = { looks: 0, down: 0, downEverywhere: 0, most: 0, silent: 0 };
  const [from] = document.controllers;
  const end = clock.every(10, () => {
    seen.looks++;
    const down = [...controllers.values()].filter(({ runsHaproxy }) => !runsHaproxy).length;
    if (down > 0) seen.down++;
    if (down === controllers.size) seen.downEverywhere++;
    seen.most = Math.max(seen.most, down);
    if (typeof network.probe(from.address, document.virtualIp, 5000) === 'string') seen.silent++;
  });
  return { seen, end };
}

/** The states of an execution, in the order in which they were entered. */
export const states = ({ events }: Awaited<ReturnType<typeof run>>) =>
  events.flatMap(({ stateEnteredEventDetails: entered }) => entered?.name ?? []);

/** Process IDs of the HAProxies that serve. */
export const serving = ({ site: { controllers } }: Local) =>
  [...controllers.values()].map((one) => one.serving('haproxy')?.pid);

/** Lets the site's user do on its controllers what the printed sudoers file allows, and nothing else. */
export function allowOnlyPrinted({ site: { controllers } }: Local, document: Site): void {
  const allows = readSudoers(sudoers(document));
  for (const controller of controllers.values()) {
    controller.sudoers = (user, argv) =>
      [4, 10, 20, 30, 60, 90].some((seconds) => allows(user, limited({ argv, root: true, timeoutSeconds: seconds })));
  }
}
