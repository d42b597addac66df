import * as z from 'zod';
import { audit, type ExecutionRecord } from '../../domain/audit/audit';
import { lookedAt } from '../../domain/audit/outputs';
import { Trace } from '../../domain/audit/trace';
import type { Platforms } from '../../domain/commands/platform';
import { MagnumHaError } from '../../domain/errors';
import type { Finding } from '../../domain/findings/finding';
import { seenInCloud, type SeenCloud } from '../../domain/findings/seen-in-cloud';
import { hidesCloud } from '../../domain/findings/settle';
import type { Site } from '../../domain/site/document';
import { atLeast } from '../../domain/site/releases';
import type { TaskOutput } from '../../domain/tasks';
import type { DocumentVersion } from '../../domain/world';
import { type Generation, GENERATIONS, type GenerationName, generationOf, since } from '../simulated-site/generations';

/** A site cannot be rehearsed as it is: nobody has looked at it, or the file is none of its snapshots. */
export class SnapshotUnusable extends MagnumHaError {
  override readonly name = 'SnapshotUnusable';
}

/** A site as a check found it: what its rehearsal cannot know by the document. It holds no secret: a check's record has none. */
export interface Snapshot {
  readonly format: 1;
  readonly site: string;
  /** ARN of the execution that looked. */
  readonly execution: string;
  /** When it looked, ISO 8601. */
  readonly seenAt: string;
  readonly document: DocumentVersion;
  /** The simulated controllers that are most like its own. */
  readonly generation: GenerationName;
  /** What its controllers' programs are. */
  readonly platforms: Platforms;
  readonly cloud: SeenCloud;
  /** What the check could not find out, and is taken to be as the document has it. */
  readonly assumed: readonly string[];
}

/**
 * Makes a snapshot of a site by what an execution found out about it: a check asks the controllers and the cloud already for all that a
 * rehearsal needs, and its record is what people may read who may read no secret.
 *
 * @param record of an execution, a check or an apply, that has looked at controllers and cloud
 * @param document the site's, in the version that the execution read, and its digest
 * @throws SnapshotUnusable
 */
export function snapshotOf(
  record: ExecutionRecord,
  { site, sha256 }: { readonly site: Site; readonly sha256: string },
): Snapshot {
  const { execution, site: name, document, findings, failure } = audit(record);
  if (name !== site.name)
    throw new SnapshotUnusable(`That is an execution on site ${name || '(none)'}, not on ${site.name}.`);
  if (!document) {
    throw new SnapshotUnusable(
      `That execution read no document${failure ? ` (${failure.error}: ${failure.cause})` : ''}. Check again, magnum-ha start ${name}, and take that one.`,
    );
  }
  if (document.sha256 !== sha256) {
    throw new SnapshotUnusable(
      `The execution read another version of the document: get that with magnum-ha site get ${name} --version-id ${document.version}. ` +
        `Or put this one, check again, magnum-ha start ${name}, and take that execution.`,
    );
  }
  const { platforms, seenAt } = looked(record, findings);
  const [first] = platforms;
  const others = platforms.slice(1).flatMap(({ controllers }) => controllers);
  return {
    format: 1,
    site: name,
    ...{ execution: execution.arn, seenAt, document },
    generation: generationLike(site, platforms),
    platforms,
    cloud: seenInCloud(site, findings),
    assumed: [
      ...findings.flatMap(({ name, evidence }) => (name === 'NotChecked' ? [evidence] : [])),
      ...(first && others.length > 0
        ? [`The programs of ${others.join(', ')} are those of ${first.controllers.join(', ')}`]
        : []),
    ],
  };
}

/** What an execution found out about controllers, and when it had asked the cloud. @throws SnapshotUnusable */
function looked({ events }: ExecutionRecord, findings: readonly Finding[]): { platforms: Platforms; seenAt: string } {
  const trace = new Trace();
  for (const event of events) trace.take(event);
  const of = (name: string) => trace.steps.findLast((step) => step.name === name && step.output !== undefined);
  const whole = trace.steps.findLast((step) => lookedAt(step) !== null);
  const cloud = whole ?? of('Preflight cloud');
  const platforms =
    (whole && lookedAt(whole)?.platforms) ??
    (of('Preflight')?.output as TaskOutput<'preflight'> | undefined)?.platforms;
  const blind = findings.find(({ name }) => hidesCloud(findings) || UNASKED.includes(name));
  if (!cloud || !platforms || platforms.length === 0 || blind) {
    throw new SnapshotUnusable(
      `That execution did not come to look at all controllers and the cloud${blind ? ` (${blind.name}: ${blind.evidence})` : ''}. ` +
        'Mend that, check again, and take that execution.',
    );
  }
  return { platforms, seenAt: new Date(cloud.exitedAt ?? cloud.enteredAt).toISOString() };
}

/** With these nothing else in the cloud was checked. */
const UNASKED: readonly string[] = ['OpenStackAuthUrlWrong', 'OpenStackUserRefused'];

/** The generation that is most like the platform that was found: of the same kind, with the latest pacemaker that is not later. */
function generationLike(site: Site, [group]: Platforms): GenerationName {
  const presumed = generationOf(site);
  if (!group) return presumed;
  const { pacemaker, include, shell, apiService } = group.platform;
  const isLike = ({ haproxy, shells, services, releases: [first, last], ...one }: Generation) =>
    haproxy.include === (include === 'statement') &&
    shells[shell] !== undefined &&
    services.api.startsWith('openstack-') === apiService.startsWith('openstack-') &&
    since(pacemaker, one.pacemaker.version) &&
    atLeast(site.release, first) &&
    atLeast(last, site.release);
  const like = (Object.entries(GENERATIONS) as [GenerationName, Generation][]).filter(([, one]) => isLike(one));
  const best = like.reduce<[GenerationName, Generation] | undefined>(
    (one, other) => (one && !since(other[1].pacemaker.version, one[1].pacemaker.version) ? one : other),
    undefined,
  );
  return best?.[0] ?? presumed;
}

const named = z.strictObject({ id: z.string(), name: z.string() });
/** What a rehearsal reads of a file. */
const format = z.object({
  format: z.literal(1),
  site: z.string(),
  execution: z.string(),
  seenAt: z.string(),
  generation: z.enum(Object.keys(GENERATIONS) as [GenerationName, ...GenerationName[]]),
  cloud: z.strictObject({
    images: z.array(named.extend({ osDistro: z.string().optional() })),
    flavors: z.array(named),
    keypairs: z.array(z.string()),
    networks: z.array(named.extend({ external: z.boolean() })),
    subnets: z.array(named.extend({ network: z.string() })),
    extensions: z.array(z.string()),
    volumeTypes: z.array(named),
  }),
});

/** A snapshot as a rehearsal reads it. */
export type SnapshotRead = z.infer<typeof format>;

/** Reads a snapshot. @param site that is rehearsed @throws SnapshotUnusable */
export function readSnapshot(text: string, { name }: Site): SnapshotRead {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    throw new SnapshotUnusable('The snapshot is no JSON. Write it with magnum-ha snapshot.');
  }
  const { success, data, error } = format.safeParse(value);
  if (!success) {
    const [issue] = error.issues;
    throw new SnapshotUnusable(
      `The snapshot is none that magnum-ha snapshot wrote: ${issue ? `${issue.path.join('.') || 'it'}: ${issue.message}` : 'it has another form'}.`,
    );
  }
  if (data.site !== name)
    throw new SnapshotUnusable(`It is a snapshot of site ${data.site}, and the document is that of ${name}.`);
  return data;
}
