import { LIMITS } from '../../../domain/site/limits';
import { EXECUTION, jsonata } from '../../states/expression';
import { type Phase } from '../../states/kit';
import type { PhaseContext } from './phase';

/** Stage and validate: no file is put in place anywhere before all are accepted everywhere. */
export function stage({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return kit.everywhere('Stage and validate', {
    items: $.plan.dot('stage'),
    most: LIMITS.controllers,
    task: (controller) =>
      kit.invoke('Stage files', 'stage', {
        input: { site: $.site, platforms: $.platforms, controller, execution: EXECUTION },
        output: 'result',
        comment: "In a directory of root's; the controller's own programs check them",
      }),
    results: (results) => ({ staged: results }),
    failed: release,
  });
}

/** Commit: each file in one rename, then the firewall rule. */
export function commit({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return kit.everywhere('Commit', {
    items: $.staged,
    most: LIMITS.controllers,
    task: (staged) =>
      kit.invoke('Commit files', 'commit', {
        input: {
          site: $.site,
          platforms: $.platforms,
          controller: staged.dot('controller'),
          files: staged.dot('files'),
          execution: EXECUTION,
        },
        output: 'result',
        comment: 'In one rename each; what was there before is kept',
      }),
    results: (results) => ({ changes: results }),
    failed: release,
  });
}

/**
 * Restart services: one controller after another, so that the others serve. All of them if the schema changed: whatever
 * runs has seen other tables, or none.
 */
export function restart({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const map = kit.forEach('Restart services', {
      items: jsonata<
        readonly string[]
      >`${$.schema.dot('action')} in ["created", "changed"] ? [$outline.controllers.name] : ${$.plan.dot('restart')}`,
      most: LIMITS.controllers,
      maxConcurrency: 1,
      each: (controller) =>
        kit.invoke('Restart Magnum', 'restart', {
          input: { site: $.site, platforms: $.platforms, controller, afterRollBack: false },
          output: 'result',
          comment: 'API and conductor, until both are back',
        }),
      assign: (results) => ({ restarts: results }),
    });
    kit.onFailure(map, release).next(next);
    return map;
  };
}
