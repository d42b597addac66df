import type { State } from 'aws-cdk-lib/aws-stepfunctions';
import type { NotesTable } from '../../notes-table';
import { jsonata, variable } from '../../states/expression';
import { bootstrapDiffers } from './conditions';
import { readLastOutage } from './last-outage';
import type { PhaseContext } from './phase';

/** Where an apply goes that has found something to change and needs an authorization for it. */
export interface Authorization {
  readonly first: State;
  /** Once it is authorized. @param change the first state of what changes something on the controllers */
  readonly then: (change: State) => void;
}

/**
 * Authorize: whether the site document lets the apply do now what it would do. Nothing was touched until then: such an apply
 * looks as a check does, and comes here instead of to Report. Then it goes the way of every apply.
 */
export function authorization({ kit, release }: PhaseContext, notes: NotesTable): Authorization {
  const { $ } = kit;
  const authorize = kit.invoke('Authorize', 'authorize', {
    input: {
      site: $.site,
      at: variable('states.context.State.EnteredTime'),
      outsideWindow: $.outsideWindow,
      plan: $.plan.present,
      bootstrap: $.bootstrap,
      schema: $.schema,
      clusterTemplates: $.clusterTemplates,
      clusters: $.clusters,
      lastOutage: $.lastOutage,
    },
    assign: (result) => ({
      authorization: result,
      acts: 'apply',
      // They are looked at again, and then changed.
      schema: null,
      verification: null,
      verifyDeadline: null,
      clusterTemplates: [],
      clusters: [],
    }),
    comment: 'By the change window and the outage budget of the site document',
  });
  kit.onFailure(authorize, release);
  return {
    first: readLastOutage(kit, notes, authorize),
    then: (change) => {
      const task = kit.invoke('Bootstrap after authorization', 'bootstrap', {
        input: { site: $.site, mode: 'apply' },
        assign: (result) => ({ bootstrap: result }),
        comment: 'Creates what is missing, deletes nothing',
      });
      kit.onFailure(task, release).next(change);
      const missing = jsonata<boolean>`${bootstrapDiffers($)}`;
      authorize.next(kit.choice('Anything to bootstrap?', [{ when: missing, next: task }], change));
    },
  };
}
