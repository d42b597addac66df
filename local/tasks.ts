import type { TaskFunction, TaskName } from '../domain/tasks';
import { run as authorize } from '../lambdas/authorize';
import { run as bootstrap } from '../lambdas/bootstrap';
import { run as commit } from '../lambdas/commit';
import { run as cycle } from '../lambdas/cycle';
import { run as clearStaging } from '../lambdas/clear-staging';
import { run as ensureCluster } from '../lambdas/ensure-cluster';
import { run as ensureClusterTemplate } from '../lambdas/ensure-cluster-template';
import { run as inspectControllers } from '../lambdas/inspect-controllers';
import { run as loadSite } from '../lambdas/load-site';
import { run as lookAtHaproxy } from '../lambdas/look-at-haproxy';
import { run as lookAtSite } from '../lambdas/look-at-site';
import { run as plan } from '../lambdas/plan';
import { run as pollCluster } from '../lambdas/poll-cluster';
import { run as preflight } from '../lambdas/preflight';
import { run as preflightCloud } from '../lambdas/preflight-cloud';
import { run as reach } from '../lambdas/reach';
import { run as report } from '../lambdas/report';
import { run as restart } from '../lambdas/restart';
import { run as rollBack } from '../lambdas/roll-back';
import { run as stage } from '../lambdas/stage';
import { run as upgradeSchema } from '../lambdas/upgrade-schema';
import { run as verify } from '../lambdas/verify';

/** What each task does, from the modules: without bundles and workers. */
export const TASK_FUNCTIONS: { readonly [T in TaskName]: TaskFunction<T> } = {
  loadSite,
  lookAtHaproxy,
  clearStaging,
  lookAtSite,
  preflight,
  preflightCloud,
  bootstrap,
  upgradeSchema,
  inspectControllers,
  plan,
  authorize,
  stage,
  commit,
  restart,
  reach,
  cycle,
  verify,
  rollBack,
  ensureClusterTemplate,
  ensureCluster,
  pollCluster,
  report,
};
