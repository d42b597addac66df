import { Choice, Condition, type State } from 'aws-cdk-lib/aws-stepfunctions';
import { BOOTSTRAP_LACKS } from './bootstrap';
import { enableHaproxy } from './cycle';
import { failure, HAPROXY_DISABLED, invoke, onFailure, type Phase, RESULT, variables, type PhaseContext } from './step';

/** What every variable is before something is known. */
const NOTHING_YET = {
  failure: null,
  leftDisabled: false,
  bootstrap: null,
  schema: null,
  controllers: [],
  blastRadius: null,
  plan: null,
  staged: [],
  changes: [],
  restarts: [],
  cycle: null,
  verification: null,
  clusterTemplates: [],
  clusters: [],
  report: null,
  stopDeadline: null,
  startDeadline: null,
  verifyDeadline: null,
};

/** Load site. Where it fails there is no lock to release yet. */
export function loadSite({ scope, functions }: PhaseContext, failed: State): Phase {
  return (next) => {
    const load = invoke(scope, 'Load site', functions.loadSite, {
      assign: {
        site: '{% $states.result.Payload.site %}',
        mode: '{% $states.result.Payload.mode %}',
        findings: '{% $states.result.Payload.findings %}',
        ...NOTHING_YET,
      },
      comment: 'Reads the site document and checks that the secrets it refers to exist',
    });
    onFailure(load, failed, '{% $merge([$states.errorOutput, {"State": $states.context.State.Name}]) %}').next(next);
    return load;
  };
}

/**
 * Preflight: whether a cycle of HAProxy would come back, and whether anything that is known to go wrong will. Findings that
 * are errors refuse an apply; a check goes on and reports them. Where HAProxy was left disabled an apply enables it before
 * anything else: everything behind the VIPs is down, and what is to come needs it.
 */
export function preflight(context: PhaseContext): Phase {
  const { scope, functions, release } = context;
  return (next) => {
    const controllers = invoke(scope, 'Preflight', functions.preflight, {
      payload: variables('site'),
      assign: { findings: '{% $states.result.Payload.findings %}' },
      comment: 'Every controller is reachable, has what Magnum needs, and HAProxy is well, before anything is touched',
    });
    const cloud = invoke(scope, 'Preflight cloud', functions.preflightCloud, {
      payload: variables('site', 'findings'),
      assign: { findings: '{% $states.result.Payload.findings %}' },
      comment: 'Accounts, endpoints and all that templates and clusters need; nothing is changed',
    });
    const refused = Choice.jsonata(scope, 'Anything that refuses?')
      .when(Condition.jsonata('{% $mode = "apply" and "error" in $findings.severity %}'), release, {
        assign: failure('PreflightRefused', REFUSAL),
      })
      .otherwise(next);
    const disabled = Choice.jsonata(scope, 'HAProxy disabled?')
      // Once.
      .when(
        Condition.jsonata(`{% $mode = "apply" and $leftDisabled = false and ${HAPROXY_DISABLED} %}`),
        enableHaproxy(context, controllers, ' again'),
        { assign: { leftDisabled: true } },
      )
      .otherwise(cloud);
    onFailure(controllers, release).next(disabled);
    onFailure(cloud, release).next(refused);
    return controllers;
  };
}

/** An expression: what is wrong, one finding a line, the errors first. */
const REFUSAL =
  '"An apply on site " & $site.name & " would fail, by these findings. Nothing was touched. Mend the errors and start ' +
  'again:\\n" & $join([[$findings[severity = "error"], $findings[severity != "error"]]' +
  '.("- " & severity & " " & name & ": " & evidence & ". " & remedy)], "\\n")';

/** Inspect controllers: all in one task, side by side. */
export function inspect({ scope, functions, release }: PhaseContext): Phase {
  return (next) => {
    const task = invoke(scope, 'Inspect controllers', functions.inspectControllers, {
      payload: variables('site'),
      assign: {
        controllers: '{% $states.result.Payload.controllers %}',
        blastRadius: '{% $states.result.Payload.blastRadius %}',
      },
      comment: 'Compares what is on the controllers with what should be',
    });
    onFailure(task, release).next(next);
    return task;
  };
}

/** Plan, and where it leads: to `next` where nothing on the controllers would change. */
export function plan({ scope, functions, release }: PhaseContext, wanted: Record<'apply' | 'check', State>): Phase {
  return (next) => {
    const task = invoke(scope, 'Plan', functions.plan, {
      payload: variables('site', 'controllers', 'blastRadius'),
      assign: { plan: RESULT },
      comment: 'The smallest set of actions that removes the drift',
    });
    const decide = Choice.jsonata(scope, 'Anything to change?')
      .when(Condition.jsonata('{% $plan.changed = true and $mode = "apply" %}'), wanted.apply)
      .when(Condition.jsonata(`{% $plan.changed = true or ${BOOTSTRAP_LACKS} %}`), wanted.check, {
        comment: 'A check reports what it found',
      })
      .otherwise(next);
    onFailure(task, release).next(decide);
    return task;
  };
}
