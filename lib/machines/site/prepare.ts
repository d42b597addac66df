import { Errors, type State } from 'aws-cdk-lib/aws-stepfunctions';
import { type Expression, INPUT, jsonata, text } from '../../states/expression';
import { JUST_FAILED } from '../../states/failure';
import { type Phase, UNCHANGED, type VariablesOf } from '../../states/kit';
import { bootstrapDiffers, foundDrift, haproxyDisabled, isHeldBack, pacemakerFaulty, touchedSoFar } from './conditions';
import type { PhaseContext } from './phase';
import { NOTHING_YET, type SiteVariables } from './variables';

/**
 * Load site. If it fails there is no lock to release yet, and no variable is set.
 *
 * @param isLook whether secrets are only read, in Look at site
 */
export function loadSite({ kit }: PhaseContext, failed: State, isLook = false): Phase {
  return (next) => {
    const load = kit.invoke('Load site', 'loadSite', {
      input: { input: INPUT, isLook },
      assign: (result) => ({
        site: result.dot('site'),
        outline: result.dot('outline'),
        document: result.dot('document'),
        lock: result.dot('lock'),
        mode: result.dot('mode'),
        acts: result.dot('acts'),
        outsideWindow: result.dot('outsideWindow'),
        startedBy: result.dot('startedBy'),
        findings: result.dot('findings'),
        refusal: result.dot('refusal'),
        ...NOTHING_YET,
      }),
      comment: `Reads the site document${isLook ? '' : ' and checks that the secrets it refers to exist'}`,
    });
    load.addCatch(failed, {
      errors: [Errors.ALL],
      outputs: UNCHANGED,
      assign: { failure: JUST_FAILED.template, leftDisabled: false, telling: null },
    });
    load.next(next);
    return load;
  };
}

/**
 * Preflight: whether a cycle of HAProxy would come back, and whether anything that is known to go wrong will. Findings that
 * are errors refuse an apply; a check goes on and reports them.
 */
export function preflight({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const controllers = kit.invoke('Preflight', 'preflight', {
      input: { site: $.site },
      assign: (result) => ({ platforms: result.dot('platforms'), findings: result.dot('findings') }),
      comment: 'Every controller is reachable, has what Magnum needs, and HAProxy is well, before anything is touched',
    });
    const cloud = kit.invoke('Preflight cloud', 'preflightCloud', {
      input: { site: $.site, findings: $.findings },
      assign: (result) => ({ findings: result.dot('findings') }),
      comment: 'Accounts, endpoints and all that templates and clusters need; nothing is changed',
    });
    const errors = jsonata<boolean>`${$.mode} = "apply" and "error" in ${$.findings}.severity`;
    const refused = kit.choice(
      'Anything that refuses?',
      [{ when: errors, next: release, assign: kit.failure('PreflightRefused', refusal($)) }],
      next,
    );
    kit.onFailure(controllers, release).next(cloud);
    kit.onFailure(cloud, release).next(refused);
    return controllers;
  };
}

/** What is wrong, one finding a line, the errors first. */
function refusal($: VariablesOf<SiteVariables>): Expression<string> {
  const { site, findings } = $;
  const lines = jsonata<string>`$join([[${findings}[severity = "error"], ${findings}[severity != "error"]].("- " & severity & " " & name & ": " & evidence & ". " & remedy)], "\\n")`;
  return text`An apply on site ${site.dot('name')} would fail, by these findings. ${touchedSoFar($)} Mend the errors and start again:\n${lines}`;
}

/** Inspect controllers: all in one task, side by side. */
export function inspect({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke('Inspect controllers', 'inspectControllers', {
      input: { site: $.site, platforms: $.platforms },
      assign: (result) => ({
        controllers: result.dot('controllers'),
        blastRadius: result.dot('blastRadius'),
        contents: result.dot('contents'),
      }),
      comment: 'Compares what is on the controllers with what should be',
    });
    kit.onFailure(task, release).next(next);
    return task;
  };
}

/** Where Plan leads: to `next` if nothing on the controllers would change. */
interface Planned {
  readonly apply: State;
  /** A check that found drift looks at everything else, too. */
  readonly drift: State;
  /** Before that, what tells how long HAProxy would be down if it is to be updated. */
  readonly outages: State;
  /** Unless pacemaker or HAProxy keep it from that. */
  readonly report: State;
  /** An apply that found something to change and needs an authorization for it. */
  readonly authorize: State;
}

/** Plan, and where it leads. */
export function plan({ kit, release }: PhaseContext, { apply, drift, outages, report, authorize }: Planned): Phase {
  const { $ } = kit;
  return (next) => {
    const task = kit.invoke('Plan', 'plan', {
      input: { site: $.site, controllers: $.controllers, blastRadius: $.blastRadius.present },
      assign: (result) => ({ plan: result }),
      comment: 'The smallest set of actions that removes the drift',
    });
    const changed = jsonata<boolean>`${$.plan.dot('changed')} = true`;
    const decide = kit.choice(
      'Anything to change?',
      [
        { when: jsonata`${isHeldBack($)} and (${changed} or ${bootstrapDiffers($)})`, next: authorize },
        { when: jsonata`${changed} and ${$.mode} = "apply"`, next: apply },
        {
          when: jsonata`${$.mode} = "check" and (${pacemakerFaulty($)} or ${haproxyDisabled($)})`,
          next: report,
          comment: 'Nothing behind the VIP can be judged',
        },
        { when: jsonata`${foundDrift($)} and ${$.plan.dot('cycle')} = true`, next: outages },
        { when: foundDrift($), next: drift, comment: 'A check looks at all the rest, too' },
      ],
      next,
    );
    kit.onFailure(task, release).next(decide);
    return task;
  };
}
