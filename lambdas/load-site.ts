import { documentFindings } from '../domain/findings/document';
import { allSecretNames } from '../domain/secrets/references';
import { loadSite, parseInput } from '../domain/site/load';
import { lockOf } from '../domain/site/lock';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Load site: refuses a wrong input, an unknown or mistaken site document and missing secrets before anything is touched. */
export const run: TaskFunction<'loadSite'> = async ({ input }, { documents, secrets }) => {
  const { site: name, mode } = await parseInput(input, documents);
  const site = await loadSite(name, documents);
  await secrets.check(allSecretNames(site));
  return { site, lock: lockOf(site), mode, findings: documentFindings(site) };
};

export const handler = handlerOf(run);
