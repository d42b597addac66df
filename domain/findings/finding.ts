import type { Site } from '../site/document';
import type { FindingName } from './catalogue';

/** A fault of a site that is known before anything is changed. */
export interface Finding {
  /** What kind of fault; `docs/findings.md` says what each means. */
  readonly name: FindingName;
  /**
   * `error`: Magnum, or a template or cluster that the document wants, will not work; it refuses an apply. `warning`: it
   * may, or an option does nothing.
   */
  readonly severity: 'error' | 'warning';
  /** What the site document says, or what was seen where. It holds no secret. */
  readonly evidence: string;
  /** What to change, and why. */
  readonly remedy: string;
}

/** How bad it is that clusters cannot be made: Magnum itself serves without any. */
export function clustersFail({ clusters }: Pick<Site, 'clusters'>): Finding['severity'] {
  return clusters.length > 0 ? 'error' : 'warning';
}
