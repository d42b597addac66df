import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import { audit } from '../../domain/audit/audit';
import { verifyArchive } from '../../domain/audit/verification';
import { allSecretNames } from '../../domain/secrets/references';
import { parseSite } from '../../domain/site/parse';
import { PARENT_EXECUTION } from '../../domain/site/started-by';
import { lockItems, putDocument, type VirtualLocal } from '../../local/deploy';
import { StatesError } from '../../local/emulator/asl/errors';
import { documentWith } from '../domain/site/documents';
import { again, archived, fleet, recordsIn } from './fleet';
import { document, run, whenLocked, withLocal } from './local';

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

const outcomesOf = (checks: readonly DescribeExecutionOutput[]) =>
  checks.map(({ output }) => (JSON.parse(output ?? '{}') as { outcome?: string }).outcome);

describe('a site that is as wanted', () => {
  test('is looked at without a check of its own; the record of the look is the next of its chain', async () => {
    await withLocal(golden, async (local) => {
      await run(local);
      await local.settled();
      const { length: invoked } = local.deployment.invoked;

      const { looked, checks } = await fleet(local);

      expect(looked).toEqual([{ site: 'golden', verdict: 'as-wanted' }]);
      expect(checks).toEqual([]);
      expect(lockItems(local.deployment)).toEqual([]);
      // eslint-disable-next-line @typescript-eslint/require-await -- as the objects of a bucket come
      async function* files() {
        for (const [path, text] of archived(local)) yield { path, text };
      }
      const { problems, sites } = await verifyArchive(files(), local.clock.now());
      expect([problems, sites.map(({ numbers }) => numbers)]).toEqual([[], [[1, 2]]]);
      // Report counts it for the alarm on missing checks.
      expect(local.deployment.invoked.slice(invoked).join(' ')).toMatch(
        /^\S*LoadSite\S* \S*LookAtSite\S* \S*Report\S* \S*ArchiveLook\S* \S*Matrix\S*$/,
      );
    });
  });

  test('its record says what that of a check says', async () => {
    await withLocal(golden, async (local) => {
      await run(local);
      await local.settled();
      await run(local, 'check');
      await local.settled();
      await fleet(local);
      await local.settled();

      const [, check, look] = recordsIn(archived(local)).map((record) => ({ record, found: audit(record) }));

      expect(look?.found.verdict).toEqual({ outcome: 'unchanged', words: 'All is as wanted.', todo: [] });
      expect(look?.found).toMatchObject({
        site: 'golden',
        mode: 'check',
        document: check?.found.document,
        verdicts: check?.found.verdicts,
        controllers: check?.found.controllers,
        clusters: check?.found.clusters,
        execution: { status: 'SUCCEEDED', startedBy: { kind: 'execution' } },
        record: { missing: [], complete: true },
      });
      expect(look?.found.verdicts.length).toBeGreaterThan(5);
      expect(look?.found.steps.map(({ name }) => name)).toEqual(['Load site', 'Look at site', 'Report']);
      expect(look?.found.cost.dollars).toBeLessThan((check?.found.cost.dollars ?? 0) / 3);
      expect(look?.record.report).toMatchObject({
        outcome: 'unchanged',
        execution: look?.record.execution.executionArn,
      });
    });
  });
});

test('a look asks SSM once: descriptions of parameters, which an account gets only a few times a second, it leaves to checks', async () => {
  let asked = 0;
  await withLocal(
    golden,
    async (local) => {
      await run(local);
      asked = 0;

      const { looked } = await fleet(local);

      expect(looked).toEqual([{ site: 'golden', verdict: 'as-wanted' }]);
      expect(asked).toBe(1);
    },
    {
      serve: (service, answer) => {
        if (service === 'ssm') asked++;
        return answer();
      },
    },
  );
});

describe('a check is started', () => {
  test('of every site that is not as wanted; one whose cloud is busy then is skipped', async () => {
    await withLocal(golden, async (local) => {
      twin(local);

      const { looked, checks } = await fleet(local);

      expect(looked.map(({ site, verdict }) => [site, verdict])).toEqual([
        ['golden', 'check-started'],
        ['twin', 'check-started'],
      ]);
      expect(looked[0]?.because).toMatch(/^(node-\d|Stage|findings|bootstrap)/);
      expect(checks.map(({ input }) => JSON.parse(input ?? '') as object)).toEqual(
        expect.arrayContaining(
          ['golden', 'twin'].map((site) => ({
            ...{ site, mode: 'check' },
            [PARENT_EXECUTION]: expect.stringMatching(/^arn:.*fleet/) as string,
          })),
        ),
      );
      expect(checks.map(({ name }) => name?.replace(/\d{8}T\d{6}Z$/, '')).sort()).toEqual([
        'golden-check-',
        'twin-check-',
      ]);
      expect(outcomesOf(checks).sort()).toEqual(['drift', 'skipped']);
      await local.settled();
      expect(
        recordsIn(archived(local))
          .map(({ execution }) => execution.executionArn)
          .sort(),
      ).toEqual(checks.map(({ executionArn }) => executionArn).sort());
    });
  });

  test.each([
    ['the look', /LookAtSite/, 'FunctionGone'],
    ['the record', /ArchiveLook/, 'FunctionGone'],
    ['Load site, once', /LoadSite/, 'FunctionGone'],
  ])('if %s fails, however well the site is', async (_, failing, error) => {
    let armed = false;
    const failures = { left: 1 };
    const intercept: NonNullable<Parameters<typeof withLocal>[2]>['intercept'] = (call, proceed) => {
      const isIt = armed && failures.left > 0 && failing.test(JSON.stringify(call.args));
      if (!isIt) return proceed();
      failures.left--;
      return Promise.reject(new StatesError(error, 'It is gone.'));
    };
    await withLocal(
      golden,
      async (local) => {
        await run(local);
        armed = true;

        const { looked, checks } = await fleet(local);

        expect(looked).toMatchObject([{ site: 'golden', verdict: 'check-started' }]);
        expect(outcomesOf(checks)).toEqual(['unchanged']);
      },
      { intercept },
    );
  });

  test('if a secret is missing: the check names it, and what puts it there', async () => {
    await withLocal(golden, async (local) => {
      await run(local);
      local.deployment.parameters.delete('/magnum-ha/golden/rabbit-password');

      const { looked, checks } = await fleet(local);

      expect(looked).toMatchObject([{ verdict: 'check-started', because: 'SecretMissing' }]);
      expect(checks).toMatchObject([
        { status: 'FAILED', error: 'SecretMissing', cause: expect.stringContaining('magnum-ha secrets put') as string },
      ]);
    });
  });

  test('if the site has the lock of an execution that has ended: the check takes it over', async () => {
    await withLocal(golden, async (local) => {
      await run(local);
      const { taken, onEvent } = whenLocked();
      const aborted = local.deployment.start('magnum-ha', { input: { site: 'golden', mode: 'check' }, onEvent });
      await taken;
      aborted.stop();

      const { looked, checks } = await fleet(local);

      expect(looked).toMatchObject([{ verdict: 'check-started' }]);
      expect(outcomesOf(checks)).toEqual(['unchanged']);
    });
  });

  test('and if that cannot be started, the site is told of as such, and the others are looked at', async () => {
    await withLocal(
      golden,
      async (local) => {
        twin(local);

        const { looked, ended } = await fleet(local);

        expect(looked).toMatchObject([
          { site: 'golden', verdict: 'check-started' },
          { site: 'twin', verdict: 'could-not-start', error: 'StepFunctions.Unavailable' },
        ]);
        // More than the setting tolerates.
        expect([ended.status, ended.error]).toEqual(['FAILED', 'SitesNotChecked']);
        expect(ended.cause).toContain('Of 1 sites no check could be started');
      },
      {
        intercept: (call, proceed) =>
          call.stateName === 'Start check' && JSON.stringify(call.args).includes('twin')
            ? Promise.reject(new StatesError('StepFunctions.Unavailable', 'Not now.'))
            : proceed(),
      },
    );
  });
});

test('people are told of a run in which something is not as wanted, once, and the page shows the same', async () => {
  await withLocal(golden, async (local) => {
    await run(local);
    twin(local);
    const { length: before } = local.deployment.topics.messages;

    const { page } = await fleet(local);

    const told = local.deployment.topics.messages
      .slice(before)
      .filter(({ subject }) => subject?.includes(' of 2 sites'));
    expect(told).toMatchObject([
      {
        subject: 'magnum-ha: 1 of 2 sites not found as wanted',
        message: expect.stringMatching(
          /^2 sites, \d{4}-\d\d-\d\d \d\d:\d\d UTC\. .*\n\ntwin: check started: \S.*\n\nAll of it/s,
        ) as string,
      },
    ]);
    expect(page).toMatch(
      /<th scope="row">twin<\/th><td class="changed"><span aria-hidden="true">≠<\/span> check started/,
    );
    expect(page).toContain('<h2>As wanted</h2><p>golden</p>');
    expect(page.match(/(src|href)="(?!#|data:,")[^"]*"/g)).toBeNull();
  });
});

test('nobody is told of a run over one site, whose check tells, nor of one in which all is well', async () => {
  await withLocal(golden, async (local) => {
    const ofRuns = () => local.deployment.topics.messages.filter(({ subject }) => /of \d+ site/.test(subject ?? ''));
    await fleet(local);
    await run(local);
    again(local, 'again');
    const { looked } = await fleet(local);

    expect(looked.map(({ verdict }) => verdict)).toEqual(['as-wanted', 'as-wanted']);
    expect(ofRuns()).toEqual([]);
  });
});

test('a site that an execution works on is skipped, and not even looked at', async () => {
  await withLocal(golden, async (local) => {
    const apply = local.deployment.start('magnum-ha', { input: { site: 'golden', mode: 'apply' } });
    await local.clock.sleep(5_000);

    const { looked, ended } = await fleet(local);

    expect(looked).toEqual([{ site: 'golden', verdict: 'busy', heldBy: apply.executionArn }]);
    expect(ended.output).toMatchObject({ sites: 1, counts: { busy: 1 }, uncheckedPercentage: 0 });
    expect(local.deployment.listExecutions({ machine: 'magnum-ha' })).toHaveLength(1);
  });
});

test('without a site there is nothing to do', async () => {
  await withLocal(golden, async (local) => {
    for (const bucket of local.deployment.buckets) bucket.delete('sites/golden');

    expect(await fleet(local)).toMatchObject({ ended: { status: 'SUCCEEDED' }, looked: [], checks: [] });
  });
});

describe('of which sites', () => {
  test('those whose names begin as the input says', async () => {
    await withLocal(golden, async (local) => {
      twin(local);

      const { run, looked } = await fleet(local, { sites: 'tw*' });

      expect([run.asked, looked.map(({ site }) => site)]).toEqual(['tw*', ['twin']]);
    });
  });

  test.each([{ sites: 'golden' }, { sites: '*-eu' }, { sites: 'a*b*' }, { sites: 3 }, { site: 'golden' }])(
    'nothing is looked at for %j',
    async (input) => {
      await withLocal(golden, async ({ deployment }) => {
        const { status, error, cause } = await deployment.start('magnum-ha-fleet', { input }).result;

        expect([status, error, deployment.express]).toEqual(['FAILED', 'InputInvalid', []]);
        expect(cause).toContain('like {"sites": "prod-*"}');
      });
    },
  );
});
