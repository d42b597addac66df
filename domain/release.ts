/** Which magnum-ha a function was built from. */
export interface Release {
  readonly version: string;
  /** Of git; `unknown` if it was built outside of a repository. */
  readonly commit: string;
}

/** Put there when functions are bundled, see lib/bundles.ts. */
declare const MAGNUM_HA_RELEASE: Release | undefined;

/** That of this code; of code that is not bundled nobody knows. */
export const RELEASE: Release =
  typeof MAGNUM_HA_RELEASE === 'undefined' ? { version: 'not bundled', commit: 'unknown' } : MAGNUM_HA_RELEASE;

/** In a line. @param release null if nobody knows */
export function releaseText(release: Release | null): string {
  return release ? `${release.version}, commit ${release.commit}` : 'not told: it came to no report';
}
