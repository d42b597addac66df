import { needsAuthorization } from '../domain/authorization/authorize';
import { documentFindings } from '../domain/findings/document';
import { allSecretNames, secretNames } from '../domain/secrets/references';
import { SecretMissing, SecretNotEncrypted } from '../domain/secrets/ssm';
import { InputInvalid, loadSite, type Mode, parseInput } from '../domain/site/load';
import { lockOf } from '../domain/site/lock';
import { outlineOf } from '../domain/site/outline';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/**
 * Load site: refuses a wrong input, an unknown or mistaken site document and missing secrets before anything is touched. For a look of the
 * fleet machine, which reads them next, secrets are not looked for. If only other secrets than the SSH key are missing, HAProxy can be enabled: that comes first, and the refusal later.
 */
export const run: TaskFunction<'loadSite'> = async ({ input, isLook }, { documents, secrets }) => {
  const { site: name, ...asked } = await parseInput(input, documents);
  const { site, document } = await loadSite(name, documents);
  const { mode } = asked;
  if (mode === 'apply' && site.approval === 'required' && !site.starterMayApprove && asked.startedBy === null) {
    throw new InputInvalid(
      `An apply on site ${name} needs the approval of somebody else than its starter, so the input must say who that is: "startedBy" ` +
        `with the ARN of aws sts get-caller-identity (magnum-ha start does that by itself). Nothing was touched.`,
    );
  }
  const acts: Mode = mode === 'apply' && (asked.unattended || needsAuthorization(site)) ? 'check' : mode;
  const reference = { name, version: document.version };
  const loaded = {
    ...{ site: reference, outline: outlineOf(site), document, lock: lockOf(site) },
    ...{ ...asked, acts, findings: documentFindings(site) },
  };
  try {
    if (!isLook) await secrets.check(allSecretNames(site), [secretNames(site).digest]);
    return { ...loaded, refusal: null };
  } catch (error) {
    if (!(error instanceof SecretMissing || error instanceof SecretNotEncrypted)) throw error;
    const isKeyThere = () =>
      secrets.check([secretNames(site).ssh]).then(
        () => true,
        () => false,
      );
    if (mode !== 'check' && (await isKeyThere())) {
      return { ...loaded, refusal: { Error: error.name, Cause: error.message } };
    }
    error.message += ' Nothing was touched.';
    throw error;
  }
};

export const handler = handlerOf(run);
