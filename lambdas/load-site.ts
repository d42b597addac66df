import { documentFindings } from '../domain/findings/document';
import { allSecretNames } from '../domain/secrets/references';
import { checkSecrets, readParameter } from '../domain/secrets/ssm';
import { loadSite, parseInput } from '../domain/site/load';

const { SITE_PARAMETER_PREFIX = '' } = process.env;

/** Load site: refuses a wrong input, an unknown or mistaken site document and missing secrets before anything is touched. */
export async function handler(input: unknown) {
  const { site: name, mode } = parseInput(input);
  const site = await loadSite(name, (one) => readParameter(`${SITE_PARAMETER_PREFIX}${one}`));
  await checkSecrets(allSecretNames(site));
  return { site, mode, findings: documentFindings(site) };
}
