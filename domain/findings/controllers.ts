import { catalogue, DRIVER_MODULES } from '../commands/catalogue';
import { checkCaFile } from './ca';
import type { Finding } from './finding';
import type { Site } from '../site/document';
import { atLeast, type Release, releaseOfMagnum } from '../site/releases';
import { everywhere } from '../ssh/everywhere';
import type { RemoteController, Session } from '../ssh/session';
import { reachability } from './reachability';

/** What the controllers tell of themselves. */
export interface ControllerChecks {
  readonly findings: readonly Finding[];
  /** The release of the Magnum that is installed; undefined where nobody can tell. */
  readonly installed?: Release;
}

/** What `magnum-conductor --version` and the import of a module may end with and still have said all: 127 is "not there". */
const ANY_END = [0, 1, 2, 126, 127];

/**
 * Asks every controller which Magnum is installed, whether its Python has the database driver, and whether it reaches what
 * Magnum needs. No password is needed for that, and nothing is changed.
 *
 * @param behindVip whether anything behind the VIP can answer
 */
export async function checkControllers(session: Session, site: Site, behindVip: boolean): Promise<ControllerChecks> {
  const [software, unreachable, caFile] = await Promise.all([
    everywhere(session, site.controllers, (remote) => softwareOf(remote, site)),
    reachability(session, site, behindVip),
    checkCaFile(session, site),
  ]);
  const versions = [...new Set(software.flatMap(({ version }) => version ?? []))];
  const installed = versions.length === 1 && versions[0] !== undefined ? releaseOfMagnum(versions[0]) : undefined;
  return {
    findings: [
      ...missing(software),
      ...release(site, versions, installed),
      ...driver(site, software, installed ?? site.release),
      ...unreachable,
      ...caFile,
    ],
    ...(installed ? { installed } : {}),
  };
}

interface Software {
  readonly name: string;
  readonly version: string | undefined;
  readonly exitCode: number;
  readonly hasDriver: boolean;
}

async function softwareOf(remote: RemoteController, site: Site): Promise<Software> {
  const commands = catalogue(site);
  const [magnum, driver] = await Promise.all([
    remote.run(commands.magnumVersion, ANY_END),
    remote.run(commands.importDatabaseDriver, ANY_END),
  ]);
  // Python 2 prints it on stderr.
  const version = /^\d+\.\d+\.\d+/m.exec(magnum.exitCode === 0 ? `${magnum.stdout}\n${magnum.stderr}` : '')?.[0];
  return { name: remote.name, version, exitCode: magnum.exitCode, hasDriver: driver.exitCode === 0 };
}

function missing(software: readonly Software[]): Finding[] {
  const without = software.filter(({ version }) => version === undefined);
  if (without.length === 0) return [];
  const seen = without.map(({ name, exitCode }) => `${name} (exit code ${exitCode})`).join(', ');
  return [
    {
      name: 'MagnumNotInstalled',
      severity: 'error',
      evidence: `magnum-conductor --version prints no version on ${seen}`,
      remedy: 'Install the packages of magnum-api and magnum-conductor there: the workflow configures Magnum only.',
    },
  ];
}

function release(site: Site, versions: readonly string[], installed: Release | undefined): Finding[] {
  const evidence = `Magnum ${versions.join(' and ')} is installed, release is ${site.release}`;
  if (versions.length > 1) {
    const remedy = 'Install the same version on every controller: they share one database and one message queue.';
    return [{ name: 'MagnumVersionsDiffer', severity: 'warning', evidence, remedy }];
  }
  const [version = ''] = versions;
  if (/^[012]\./.test(version)) {
    const remedy =
      'Upgrade to Newton or later: before, Magnum knows the IDs of trustee domain and admin only, no names.';
    return [{ name: 'TrusteeNamesUnknown', severity: 'error', evidence, remedy }];
  }
  if (version === '' || installed === site.release) return [];
  const remedy = `Set release to ${installed ?? 'the one installed'}: magnum.conf is written in the dialect of that field.`;
  return [{ name: 'ReleaseMismatch', severity: 'warning', evidence, remedy }];
}

/** Before Ussuri Magnum may run by Python 2, of which this says nothing. */
function driver({ magnum }: Site, software: readonly Software[], installed: Release): Finding[] {
  const without = software.filter(({ hasDriver }) => !hasDriver).map(({ name }) => name);
  if (!atLeast(installed, 'ussuri') || without.length === 0) return [];
  const module = DRIVER_MODULES[magnum.database.driver];
  return [
    {
      name: 'DatabaseDriverMissing',
      severity: 'error',
      evidence: `python3 cannot import ${module}, which ${magnum.database.driver}:// needs, on ${without.join(', ')}`,
      remedy:
        `${magnum.database.driver === 'mysql' ? 'Set magnum.database.driver to mysql+pymysql' : `Install python3-${module} there`}: ` +
        `every request fails with 500 "No module named '${module}'".`,
    },
  ];
}
