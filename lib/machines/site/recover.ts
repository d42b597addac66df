import type { State } from 'aws-cdk-lib/aws-stepfunctions';
import type { Recovery } from '../../../domain/report/report';
import { jsonata, variable } from '../../states/expression';
import type { PhaseContext } from './phase';

/**
 * The rest of an execution in mode recover, once HAProxy serves and nobody's last task is under way: what was staged is taken
 * away, and the lock is released.
 */
export function recover({ kit, release }: PhaseContext): State {
  const { $ } = kit;
  const clear = kit.invoke('Clear staging', 'clearStaging', {
    input: { site: $.site, platforms: $.platforms },
    assign: (result) => ({
      report: jsonata<Recovery>`{"site": ${$.site.dot('name')}, "mode": "recover", "outcome": ${$.leftDisabled} ? "changed" : "unchanged", "execution": ${variable<string>('states.context.Execution.Id')}, "leftDisabled": ${$.leftDisabled}, "cleared": ${result}}`,
    }),
    comment: 'What executions have left that ended before their commit',
  });
  return kit.onFailure(clear, release).next(release).startState;
}
