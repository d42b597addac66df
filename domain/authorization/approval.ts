import * as z from 'zod';
import { canonicalJson, sha256 } from '../canonical';
import { MagnumHaError } from '../errors';
import { line, reason } from '../site/fields';
import type { ProposedChange } from './authorize';

/** What was approved is not what would be done now. */
export class ApprovalVoid extends MagnumHaError {
  override readonly name = 'ApprovalVoid';
}

/** An apply was approved by whoever started it. */
export class ApprovedByStarter extends MagnumHaError {
  override readonly name = 'ApprovedByStarter';
}

/** What somebody answers who approves an apply. */
export const approvalSchema = z.strictObject({
  /** Of what was shown: `digestOf`. */
  digest: z.string().regex(/^[\da-f]{64}$/),
  /** ARN of who approves it, as AWS says it is. */
  approver: line.max(2048),
  reason,
});
export type Approval = z.infer<typeof approvalSchema>;

/**
 * The digest of a plan: of the site document, of what was found, and of what would be done. It is another one as soon as
 * anything of these is.
 */
export function digestOf(change: ProposedChange): string {
  const { site, controllers, contents, bootstrap, schema, clusterTemplates, clusters } = change;
  // What hinders another way changes nothing of what is done.
  const { hindrances, ...plan } = change.plan;
  const all = { site, plan, controllers, contents, bootstrap, schema, clusterTemplates, clusters };
  return sha256(canonicalJson(all));
}

/**
 * Whether an approval is one of this plan, by somebody who may give it.
 *
 * @throws ApprovalVoid, ApprovedByStarter
 */
export function checkApproval({ site, approval: given, startedBy }: ProposedChange, digest: string): Approval {
  const { data: approval } = approvalSchema.safeParse(given);
  if (!approval) {
    throw new ApprovalVoid(
      `Site ${site.name}: what the waiting apply was answered with is no approval. Nothing of it was done. Start again, and ` +
        'approve it by magnum-ha approve.',
    );
  }
  if (approval.approver === startedBy && !site.starterMayApprove) {
    throw new ApprovedByStarter(
      `Site ${site.name}: ${approval.approver} started this apply, and must not approve it. Nothing of it was done. Start again, and ` +
        'let somebody else approve it; or set starterMayApprove in the site document.',
    );
  }
  if (approval.digest !== digest) {
    throw new ApprovalVoid(
      `Site ${site.name}: ${approval.approver} approved plan ${approval.digest.slice(0, 12)}, but the site has changed since, and now ` +
        `the plan is ${digest.slice(0, 12)}. Nothing of it was done. Start again, and have it approved again.`,
    );
  }
  return approval;
}
