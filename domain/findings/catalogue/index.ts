import { CLOUD_CATALOGUE } from './cloud';
import { CONTROLLER_CATALOGUE } from './controllers';
import { DOCUMENT_CATALOGUE } from './document';
import type { FindingEntry } from './entry';
import { PACEMAKER_CATALOGUE } from './pacemaker';
import { PLATFORM_CATALOGUE } from './platform';

/** Every kind of finding, by where it is found. */
export const FINDING_CATALOGUE = {
  document: DOCUMENT_CATALOGUE,
  platform: PLATFORM_CATALOGUE,
  pacemaker: PACEMAKER_CATALOGUE,
  controllers: CONTROLLER_CATALOGUE,
  cloud: CLOUD_CATALOGUE,
} as const satisfies Record<string, Record<string, FindingEntry>>;

/** The names of all findings. */
export type FindingName = {
  [Place in keyof typeof FINDING_CATALOGUE]: keyof (typeof FINDING_CATALOGUE)[Place] & string;
}[keyof typeof FINDING_CATALOGUE];

/** Every finding with its entry. */
export const FINDINGS = Object.values(FINDING_CATALOGUE).flatMap((place) => Object.entries(place)) as readonly [
  FindingName,
  FindingEntry,
][];
