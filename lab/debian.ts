import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MagnumHaError } from '../domain/errors';
import type { Release } from '../domain/site/releases';

/** The releases of Debian that a lab's hosts can have. */
const DEBIANS = [11, 12, 13] as const;
export type Debian = (typeof DEBIANS)[number];
const DEFAULT_DEBIAN: Debian = 12;
/** The variable of the environment that names the Debian of all labs, unless an option does. */
export const DEBIAN_VARIABLE = 'MAGNUM_HA_LAB_DEBIAN';

/** A release of Debian that labs cannot have. */
export class UnknownDebian extends MagnumHaError {
  override readonly name = 'UnknownDebian';
}

/** What differs between them. */
interface Generation {
  /** The name of the release in Debian's archive. */
  readonly suite: string;
  /** The OpenStack release that Debian's packages are of. */
  readonly openstack: Release;
  /** What `cibadmin --empty` names: the schema and the feature set of a CIB that this pacemaker makes itself. */
  readonly cib: { readonly schema: string; readonly featureSet: string };
}

export const GENERATIONS: Readonly<Record<Debian, Generation>> = {
  11: { suite: 'bullseye', openstack: 'victoria', cib: { schema: 'pacemaker-3.5', featureSet: '3.6.1' } },
  12: { suite: 'bookworm', openstack: 'zed', cib: { schema: 'pacemaker-3.9', featureSet: '3.16.1' } },
  13: { suite: 'trixie', openstack: '2025.1', cib: { schema: 'pacemaker-4.0', featureSet: '3.20.0' } },
};

/** The Debian of labs when no option names one: that of the environment, or else 12. @throws UnknownDebian */
export function defaultDebian(): Debian {
  const name = process.env[DEBIAN_VARIABLE];
  return name === undefined ? DEFAULT_DEBIAN : debianNamed(name);
}

/** The Debian of this name. @throws UnknownDebian */
export function debianNamed(name: string): Debian {
  const debian = DEBIANS.find((one) => String(one) === name);
  if (debian === undefined) throw new UnknownDebian(`The lab has Debian ${DEBIANS.join(', ')}, and no ${name}.`);
  return debian;
}

/** The Debian of an image, see `labImage`. @throws UnknownDebian */
export function debianOfImage(image: string): Debian {
  const base = image.split(':').at(-1) ?? '';
  const [, id = ''] = /^VERSION_ID="(\d+)"$/m.exec(readFileSync(join(base, 'etc/os-release'), 'utf8')) ?? [];
  return debianNamed(id);
}
