import type { State } from 'aws-cdk-lib/aws-stepfunctions';
import type { Mode } from '../../../domain/site/load';
import { EXECUTION, jsonata, variable } from '../../states/expression';
import { approval, type ApprovalProps } from './approval';
import { bootstrapDiffers } from './conditions';
import { readLastOutages } from './last-outage';
import type { PhaseContext } from './phase';

/** Where an apply goes that has found something to change and needs an authorization for it. */
export interface Authorization {
  readonly first: State;
  /**
   * @param change once it is authorized: the first state of what changes something on the controllers
   * @param again once it is approved: the first state of another look at the site, which takes the lock
   */
  readonly then: (ways: { readonly change: State; readonly again: State }) => void;
}

/**
 * Authorize: whether the site document lets the apply do now what it would do. Nothing was touched until then: such an apply
 * looks as a check does, and comes here instead of to Report. Then it goes the way of every apply.
 */
export function authorization(context: PhaseContext, props: ApprovalProps): Authorization {
  const { kit, release } = context;
  const { $ } = kit;
  const authorize = kit.invoke('Authorize', 'authorize', {
    input: {
      site: $.site,
      at: variable('states.context.State.EnteredTime'),
      outsideWindow: $.outsideWindow,
      unattended: jsonata`$states.context.Execution.Input.unattended = true`,
      startedBy: $.startedBy,
      execution: EXECUTION,
      approval: $.approval,
      plan: $.plan.present,
      controllers: $.controllers,
      contents: $.contents,
      bootstrap: $.bootstrap,
      schema: $.schema,
      clusterTemplates: $.clusterTemplates,
      clusters: $.clusters,
      lastOutages: $.lastOutages,
    },
    assign: (result) => ({
      authorization: result.dot('authorization'),
      request: result.dot('request'),
      acts: jsonata<Mode>`${result.dot('request')} = null ? "apply" : "check"`,
      // They are looked at again, and then changed.
      schema: null,
      verification: null,
      verifyDeadline: null,
      clusterTemplates: [],
      clusters: [],
    }),
    comment: 'By the change window, the outage budget and the approval that the site document asks for',
  });
  kit.onFailure(authorize, release);
  return {
    first: readLastOutages(kit, props.notes, authorize, ' for authorization'),
    then: ({ change, again }) => {
      const task = kit.invoke('Bootstrap after authorization', 'bootstrap', {
        input: { site: $.site, mode: 'apply' },
        assign: (result) => ({ bootstrap: result }),
        comment: 'Creates what is missing, deletes nothing',
      });
      kit.onFailure(task, release).next(change);
      const missing = jsonata<boolean>`${bootstrapDiffers($)}`;
      const asked = approval(context, props);
      asked.then(again);
      const begin = kit.choice('Anything to bootstrap?', [{ when: missing, next: task }], change);
      authorize.next(
        kit.choice('Approval needed?', [{ when: jsonata`${$.request} != null`, next: asked.first }], begin),
      );
    },
  };
}
