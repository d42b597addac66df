import type { Site } from '../../site/document';

/** What a kind of finding means, besides what the finding itself says of a site. */
export interface FindingEntry {
  /** When it is an error and when a warning. */
  readonly severity: string;
  readonly meaning: string;
  /** What to do in general; the finding has it for the site. */
  readonly remedy: string;
  /** The part of a bootstrap that creates what is missing: then it does not refuse the apply that does so. */
  readonly bootstrap?: Site['bootstrap'][number];
}

export const ERROR = 'error';
export const WARNING = 'warning';
/** Magnum itself serves without any cluster. */
export const IF_CLUSTERS = 'error if the document wants clusters, else warning';
/** What exists does not need it again. */
export const UNTIL_MADE = 'error; warning once the template and its wanted clusters exist';

export function entry(
  severity: string,
  meaning: string,
  remedy: string,
  options: Pick<FindingEntry, 'bootstrap'> = {},
): FindingEntry {
  return { severity, meaning, remedy, ...options };
}
