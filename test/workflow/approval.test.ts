import { audit } from '../../domain/audit/audit';
import { pendingApproval } from '../../domain/audit/approval';
import type { HistoryEvent } from '../../domain/audit/history';
import { page } from '../../domain/audit/page';
import type { Site } from '../../domain/site/document';
import { lockItems, type VirtualLocal } from '../../local/deploy';
import type { ExecutionResult } from '../../local/emulator/asl';
import type { Item } from '../../local/emulator/aws/dynamodb';
import { changes, document, fileOn, reportOf, run, withLocal } from './local';

const STARTER = 'arn:aws:sts::111111111111:assumed-role/operators/ada';
const APPROVER = 'arn:aws:sts::111111111111:assumed-role/approvers/bob';
const CONF = '/etc/magnum/magnum.conf';

/** An apply that waits for approval. */
interface Waiting {
  readonly result: Promise<ExecutionResult>;
  readonly note: Item;
  readonly events: () => readonly HistoryEvent[];
  /** Answers as magnum-ha approve does. */
  readonly approve: (changed?: object) => void;
  readonly reject: () => void;
}

/** Starts an apply on a site that requires approval, and waits until it is asked for. */
async function startAndWait(local: VirtualLocal): Promise<Waiting> {
  const { deployment, clock } = local;
  const input = { site: 'golden', mode: 'apply', startedBy: STARTER };
  const { result, executionArn } = deployment.start('magnum-ha', { input });
  const note = () =>
    [...deployment.tables.values()]
      .flatMap(({ items }) => [...items.values()])
      .find(({ token }) => token !== undefined);
  while (!note()) await clock.sleep(100);
  const found = note() as Item;
  const { tokens } = deployment.stepFunctions;
  const token = found['token']?.S ?? '';
  return {
    result,
    note: found,
    events: () => deployment.stepFunctions.getExecutionHistory(executionArn),
    approve: (changed = {}) => {
      const answer = { digest: found['digest']?.S, approver: APPROVER, reason: 'CHG-4711', ...changed };
      tokens.sendTaskSuccess(token, JSON.stringify(answer));
    },
    reject: () => {
      tokens.sendTaskFailure(token, 'ApprovalRejected', `${APPROVER}: not on a Friday`);
    },
  };
}

function onSite<T>(action: (local: VirtualLocal) => Promise<T>, changed: Partial<Site> = {}): Promise<T> {
  return withLocal({ ...document('golden'), approval: 'required', ...changed }, action);
}

describe('an apply that needs approval', () => {
  it('waits without the lock, having touched nothing; people are told what it would do, and never the token', async () => {
    await onSite(async (local) => {
      const { note, reject, result } = await startAndWait(local);

      const [asked] = local.deployment.topics.messages;
      const check = reportOf(await run(local, 'check'));

      expect(changes(local)).toEqual([]);
      expect(lockItems(local.deployment)).toEqual([]);
      expect(check.outcome).toBe('drift');
      expect(asked?.subject).toBe('magnum-ha: golden: an apply waits for approval');
      expect(asked?.message).toMatch(/started by .*ada, waits for approval until Tue, 6 Jan 2026/);
      expect(asked?.message).toContain('- 3 controllers: cycle p_haproxy');
      expect(asked?.message).toContain('would be down for about 778 ms');
      expect(asked?.message).toContain(`--plan ${note['digest']?.S?.slice(0, 12) ?? ''}`);
      reject();
      const { cause } = await result;
      const told = JSON.stringify([local.deployment.topics.messages, local.logs, cause]);
      expect(told).not.toContain(note['token']?.S);
    });
  });

  it('goes on once it is approved, if nothing has changed, and says by whom', async () => {
    await onSite(async (local) => {
      const { approve, result, note, events } = await startAndWait(local);
      await local.clock.sleep(3_600_000);

      approve();

      expect(reportOf(await result)).toMatchObject({
        outcome: 'changed',
        verification: { healthy: true },
        authorization: {
          digest: note['digest']?.S,
          approval: { approver: APPROVER, reason: 'CHG-4711', digest: note['digest']?.S },
        },
        clusters: [{ action: 'created', status: 'CREATE_COMPLETE' }],
      });
      expect(page(audit({ events: events() }))).toContain(`<dd>${APPROVER}: CHG-4711</dd>`);
      expect(lockItems(local.deployment)).toEqual([]);
    });
  });

  it('stops if anything on the site has changed since, also where the difference is redacted', async () => {
    await onSite(async (local) => {
      const { approve, result } = await startAndWait(local);
      const { files } = local.site.controllers.get('node-2') ?? {};
      const file = files?.files.get(CONF);
      const content = `${file?.content ?? ''}\n[database]\nconnection = mysql://magnum:changed@10.21.22.2/magnum\n`;
      files?.seed(CONF, content, file?.mode, file?.owner, file?.group);
      const before = changes(local).length;

      approve();

      const ended = await result;
      expect(ended).toMatchObject({ status: 'FAILED', error: 'ApprovalVoid' });
      expect(ended.cause).toMatch(/bob approved plan [\da-f]{12}, but the site has changed since/);
      expect(changes(local)).toHaveLength(before);
      expect(fileOn(local, 'node-2', CONF)).toBe(content);
      expect(lockItems(local.deployment)).toEqual([]);
    });
  });

  it.each([
    [
      'rejected',
      (one: Waiting) => {
        one.reject();
      },
      'ApprovalRejected',
      /bob: not on a Friday/,
    ],
    ['not answered in time', () => undefined, 'ApprovalTimedOut', /within 1440 minutes/],
    [
      'approved by its starter',
      (one: Waiting) => {
        one.approve({ approver: STARTER });
      },
      'ApprovedByStarter',
      /ada started/,
    ],
    [
      'approved with another digest',
      (one: Waiting) => {
        one.approve({ digest: '0'.repeat(64) });
      },
      'ApprovalVoid',
      /000000000000/,
    ],
    [
      'answered with something else',
      (one: Waiting) => {
        one.approve({ digest: 7 });
      },
      'ApprovalVoid',
      /is no approval/,
    ],
  ])('ends, having touched nothing, if it is %s', async (_, answer, error, cause) => {
    await onSite(async (local) => {
      const waiting = await startAndWait(local);

      answer(waiting);

      const ended = await waiting.result;
      expect(ended).toMatchObject({ status: 'FAILED', error });
      expect(ended.cause).toMatch(cause);
      expect(changes(local)).toEqual([]);
      expect(lockItems(local.deployment)).toEqual([]);
    });
  });

  it('may be approved by its starter if the site document says so', async () => {
    await onSite(
      async (local) => {
        const { approve, result, events } = await startAndWait(local);
        const shown = pendingApproval(events());

        approve({ approver: STARTER });

        expect(shown?.pending).toMatchObject({ startedBy: STARTER, starterMayApprove: true });
        expect(reportOf(await result).authorization?.approval?.approver).toBe(STARTER);
      },
      { starterMayApprove: true },
    );
  });

  it('is refused if it does not say who started it, and needs none if there is nothing to change', async () => {
    await onSite(async (local) => {
      const anonymous = await run(local);
      const { approve, result } = await startAndWait(local);
      approve();
      await result;

      const input = { site: 'golden', mode: 'apply', startedBy: STARTER };
      const again = reportOf(await local.deployment.start('magnum-ha', { input }).result);

      expect(anonymous).toMatchObject({ error: 'InputInvalid' });
      expect(anonymous.cause).toContain('"startedBy"');
      expect(again).toMatchObject({ outcome: 'unchanged', authorization: null });
    });
  });
});
