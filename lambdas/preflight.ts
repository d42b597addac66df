import { withSite } from '../domain/commands/site-connection';
import { checkControllers } from '../domain/findings/controllers';
import { documentFindings } from '../domain/findings/document';
import { checkPacemaker } from '../domain/findings/pacemaker';
import { canBeAsked, checkPlatforms } from '../domain/findings/platform';
import { checkSudo } from '../domain/findings/sudo';
import { haproxyDisabled } from '../domain/findings/settle';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/**
 * Preflight: every controller is reachable and has programs that can be worked with, pacemaker and HAProxy are in a state
 * from which a cycle comes back; and what will go wrong with the installed Magnum, by the document and the controllers.
 */
export const run: TaskFunction<'preflight'> = ({ site }, world) =>
  withSite(world, site, {}, async (found) => {
    const { platforms, findings: ofPlatforms } = await checkPlatforms(found.nodes);
    const connection = found.on(platforms);
    const { disabled, findings: ofPacemaker } = canBeAsked(ofPlatforms)
      ? await checkPacemaker(connection.nodes)
      : { disabled: false, findings: [] };
    const ofSudo = await checkSudo(connection.nodes);
    // Enabling HAProxy would not help then.
    const byOthers = ofPacemaker.some(({ name }) => name === 'HAProxyResourceDisabled');
    const { findings, installed } = await checkControllers(connection, !disabled);
    return {
      platforms,
      findings: [
        ...ofPlatforms,
        ...ofSudo,
        ...ofPacemaker,
        ...documentFindings(site, installed),
        ...findings,
        ...(disabled && !byOthers ? [haproxyDisabled(site, connection.nodes[0].platform.shell)] : []),
      ],
    };
  });

export const handler = handlerOf(run);
