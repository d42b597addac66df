import { Pass, type State, Succeed } from 'aws-cdk-lib/aws-stepfunctions';
import { LIMITS } from '../../../domain/site/limits';
import { INPUT, jsonata } from '../../states/expression';
import { isOver, type Phase } from '../../states/kit';
import { cloudDiffers, isHeldBack } from './conditions';
import type { PhaseContext } from './phase';

/** Ensure cluster templates: in the order of the site document, because a check of names comes before each creation. */
export function ensureClusterTemplates({ kit, release }: PhaseContext): Phase {
  const { $ } = kit;
  return (next) => {
    const map = kit.forEach('Ensure cluster templates', {
      items: $.outline.dot('clusterTemplates'),
      most: LIMITS.clusterTemplates,
      maxConcurrency: 1,
      each: (item) =>
        kit.invoke('Ensure cluster template', 'ensureClusterTemplate', {
          input: { site: $.site, mode: $.acts, clusterTemplate: item.dot('name') },
          output: 'result',
          comment: 'Looked up by name, created or updated; a check only compares',
        }),
      assign: (results) => ({ clusterTemplates: results }),
    });
    kit.onFailure(map, release).next(next);
    return map;
  };
}

/**
 * Ensure clusters: all are asked for at the same time. Whoever asks is waited for, also if another one fails.
 *
 * @param authorize where an apply goes on that has found something to change and needs an authorization for it
 */
export function ensureClusters({ kit, release }: PhaseContext, authorize: State): Phase {
  const { $ } = kit;
  return kit.everywhere('Ensure clusters', {
    items: $.outline.dot('clusters'),
    most: LIMITS.clusters,
    task: (item) =>
      kit.invoke('Ensure cluster', 'ensureCluster', {
        input: { site: $.site, mode: $.acts, cluster: item.dot('name') },
        output: 'result',
        comment: 'Looked up by name, created or resized; a check only compares',
      }),
    results: (results) => ({ clusters: results }),
    rules: [{ when: jsonata`${isHeldBack($)} and ${cloudDiffers($)}`, next: authorize }],
    failed: release,
  });
}

/** Await clusters: all at the same time, each until Magnum has it complete. Here nothing is asked for any more. */
export function awaitClusters(context: PhaseContext): Phase {
  const { kit, release } = context;
  return (next) => {
    const map = kit.forEach('Await clusters', {
      items: kit.$.clusters,
      most: LIMITS.clusters,
      each: () => awaitCluster(context),
      assign: (results) => ({ clusters: results }),
    });
    kit.onFailure(map, release).next(next);
    return map;
  };
}

/** One cluster. Its variables have names of their own: inside a Map the machine's can be read, but not set. */
function awaitCluster({ kit }: PhaseContext): State {
  const { scope, $ } = kit;
  /**
   * Seconds: a cluster takes minutes, so 15 are soon enough. Longer if many clusters may be waited for long: a poll is nine
   * history events, and an execution that reaches 25,000 of them is ended by Step Functions, without any Catch. Waiting
   * deadline (minutes) × clusters / 15 makes it 60 / (1 / 15) × 9 = 8,100 at most.
   */
  const betweenPolls = jsonata<number>`$max([15, $ceil(${$.wanted.dot('deadlineMinutes')} * $count($outline.clusters) / 15)])`;

  const ensured = Pass.jsonata(scope, 'Cluster ensured', {
    assign: {
      wanted: '{% $outline.clusters[name = $states.input.name] %}',
      cluster: INPUT.template,
      clusterDeadline: null,
    },
  });
  const poll = kit.invoke('Poll cluster', 'pollCluster', {
    input: { site: $.site, cluster: $.cluster, overdue: isOver($.clusterDeadline) },
    assign: (result) => ({
      cluster: result,
      clusterDeadline: kit.deadline($.clusterDeadline, jsonata`${$.wanted.dot('deadlineMinutes')} * 60`),
    }),
  });
  const wait = kit.wait('Wait for cluster', betweenPolls, LIMITS.deadlineMinutes * 60);
  const complete = Succeed.jsonata(scope, 'Cluster as wanted', { outputs: $.cluster.template });
  const done = kit.choice(
    'Cluster complete?',
    [{ when: jsonata`${$.cluster.dot('done')} = true`, next: complete }],
    wait,
  );
  ensured.next(done);
  wait.next(poll).next(done);
  return ensured;
}
