import { PARENT_EXECUTION } from '../../domain/site/started-by';
import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import { allSecretNames } from '../../domain/secrets/references';
import { parseSite } from '../../domain/site/parse';
import { putDocument, type VirtualLocal } from '../../local/deploy';
import { documentWith } from '../domain/site/documents';
import { document, withLocal } from './local';

const golden = document('golden');

/** Puts the document of another site of the same cloud, with its secrets. */
function twin({ deployment, site }: VirtualLocal): void {
  const { bastion, controllers } = site.document;
  const text = JSON.stringify({ ...documentWith({ name: 'twin' }), bastion, controllers });
  for (const name of allSecretNames(parseSite('twin', text))) {
    deployment.parameters.set(name, { type: 'SecureString', value: 'hunter2-5f0c' });
  }
  putDocument(deployment, 'twin', JSON.parse(text) as object);
}

/** Runs the fleet machine, and waits for the checks that it starts. */
async function fleet({ deployment, clock }: VirtualLocal): Promise<DescribeExecutionOutput[]> {
  const { status, error, cause } = await deployment.start('magnum-ha-fleet', { input: {} }).result;
  if (status !== 'SUCCEEDED') throw new Error(`${String(error)}: ${String(cause)}`);
  const checks = () => deployment.listExecutions({ machine: 'magnum-ha' });
  while (checks().some((one) => one.status === 'RUNNING')) await clock.sleep(1000);
  return checks();
}

test('every site that has a document is checked; one whose cloud is busy is skipped', async () => {
  await withLocal(golden, async (local) => {
    twin(local);

    const checks = await fleet(local);

    expect(checks.map(({ input }) => JSON.parse(input ?? '') as object)).toEqual(
      expect.arrayContaining([
        { site: 'golden', mode: 'check', [PARENT_EXECUTION]: expect.stringMatching(/^arn:.*fleet/) as string },
        { site: 'twin', mode: 'check', [PARENT_EXECUTION]: expect.stringMatching(/^arn:.*fleet/) as string },
      ]),
    );
    expect(checks.map(({ name }) => name?.replace(/\d{8}T\d{6}Z$/, '')).sort()).toEqual([
      'golden-check-',
      'twin-check-',
    ]);
    const outcomes = checks.map(({ output }) => (JSON.parse(output ?? '{}') as { outcome?: string }).outcome);
    expect(outcomes.sort()).toEqual(['drift', 'skipped']);
  });
});

test('without a site there is nothing to do', async () => {
  await withLocal(golden, async (local) => {
    for (const bucket of local.deployment.buckets) bucket.delete('sites/golden');

    expect(await fleet(local)).toEqual([]);
  });
});
