import { Choice, Condition, Pass, type State, Succeed, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import {
  deadline,
  everywhere,
  forEach,
  invoke,
  isOver,
  onFailure,
  type Phase,
  RESULT,
  variables,
  type PhaseContext,
} from './step';

/** Ensure cluster templates: in the order of the site document, because a check of names comes before each creation. */
export function ensureClusterTemplates({ scope, functions, release }: PhaseContext): Phase {
  return (next) => {
    const map = forEach(scope, 'Ensure cluster templates', {
      items: '{% $site.clusterTemplates %}',
      maxConcurrency: 1,
      first: invoke(scope, 'Ensure cluster template', functions.ensureClusterTemplate, {
        payload: { ...variables('site', 'mode'), clusterTemplate: '{% $states.input.name %}' },
        outputs: RESULT,
        comment: 'Looked up by name, created or updated; a check only compares',
      }),
      assign: { clusterTemplates: '{% $states.result %}' },
    });
    onFailure(map, release).next(next);
    return map;
  };
}

/** Ensure clusters: all are asked for at the same time. Whoever asks is waited for, also where another one fails. */
export function ensureClusters(context: PhaseContext): Phase {
  const { scope, functions } = context;
  return everywhere(context, 'Ensure clusters', {
    items: '{% $site.clusters %}',
    task: invoke(scope, 'Ensure cluster', functions.ensureCluster, {
      payload: { ...variables('site', 'mode'), cluster: '{% $states.input.name %}' },
      outputs: RESULT,
      comment: 'Looked up by name, created or resized; a check only compares',
    }),
    results: 'clusters',
  });
}

/** Await clusters: all at the same time, each until Magnum has it complete. Here nothing is asked for any more. */
export function awaitClusters(context: PhaseContext): Phase {
  return (next) => {
    const map = forEach(context.scope, 'Await clusters', {
      items: '{% $clusters %}',
      first: awaitCluster(context),
      assign: { clusters: '{% $states.result %}' },
    });
    onFailure(map, context.release).next(next);
    return map;
  };
}

/**
 * Seconds: a cluster takes minutes, so 15 are soon enough. Longer where many clusters may be waited for long: a poll is nine
 * history events, and an execution that reaches 25,000 of them is ended by Step Functions, without any Catch. Waiting
 * deadline (minutes) × clusters / 25 makes it 60 / (1 / 25) × 9 = 13,500 at most.
 */
const BETWEEN_POLLS = '{% $max([15, $ceil($wanted.deadlineMinutes * $count($site.clusters) / 25)]) %}';

/** One cluster. Its variables have names of their own: inside a Map the workflow's can be read, but not set. */
function awaitCluster({ scope, functions }: PhaseContext): State {
  const ensured = Pass.jsonata(scope, 'Cluster ensured', {
    assign: {
      wanted: '{% $site.clusters[name = $states.input.name] %}',
      cluster: '{% $states.input %}',
      clusterDeadline: null,
    },
  });
  const poll = invoke(scope, 'Poll cluster', functions.pollCluster, {
    payload: { ...variables('site', 'cluster'), overdue: `{% ${isOver('clusterDeadline')} %}` },
    assign: { cluster: RESULT, ...deadline('clusterDeadline', '$wanted.deadlineMinutes * 60') },
  });
  const wait = Wait.jsonata(scope, 'Wait for cluster', { time: WaitTime.seconds(BETWEEN_POLLS) });
  const complete = Succeed.jsonata(scope, 'Cluster as wanted', { outputs: '{% $cluster %}' });
  const done = Choice.jsonata(scope, 'Cluster complete?')
    .when(Condition.jsonata('{% $cluster.done = true %}'), complete)
    .otherwise(wait);
  ensured.next(done);
  wait.next(poll).next(done);
  return ensured;
}
