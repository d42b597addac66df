import { DRIVER_MODULES } from '../commands/catalogue';
import { detection } from '../commands/detection';
import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import type { SiteConnection } from '../commands/site-connection';
import { checkCaFile } from './ca';
import { checkFiles } from './files';
import type { Finding } from './finding';
import { checkFirewall } from './firewall';
import type { Site } from '../site/document';
import { atLeast, type Release, releaseOfMagnum } from '../site/releases';
import type { Outcome } from '../ssh/command';
import { reachability } from './reachability';

/** What the controllers tell of themselves. */
export interface ControllerChecks {
  readonly findings: readonly Finding[];
  /** The release of the Magnum that is installed; undefined if nobody can tell. */
  readonly installed?: Release;
}

/**
 * Asks every controller which Magnum is installed, whether its Python has the database driver, whether it reaches what
 * Magnum needs, and who makes its firewall rules. No password is needed for that, and nothing is changed.
 *
 * @param behindVip whether anything behind the VIP can answer
 */
export async function checkControllers({ site, nodes }: SiteConnection, behindVip: boolean): Promise<ControllerChecks> {
  const [files, software, unreachable, caFile, firewall] = await Promise.all([
    everywhere(nodes, checkFiles),
    everywhere(nodes, softwareOf),
    reachability(site, nodes, behindVip),
    checkCaFile(site, nodes),
    checkFirewall(nodes),
  ]);
  const versions = [...new Set(software.flatMap(({ version }) => version ?? []))];
  const installed = versions.length === 1 && versions[0] !== undefined ? releaseOfMagnum(versions[0]) : undefined;
  return {
    findings: [
      ...missing(software),
      ...future(software),
      ...release(site, versions, installed),
      ...driver(site, software, installed ?? site.release),
      ...unreachable,
      ...caFile,
      ...files.flat(),
      ...firewall,
    ],
    ...(installed ? { installed } : {}),
  };
}

interface Software {
  readonly name: string;
  /** Those of the managed files whose time of modification lies in the future. */
  readonly fromFuture: readonly string[];
  readonly version: string | undefined;
  readonly exitCode: number;
  readonly hasDriver: boolean;
}

async function softwareOf({ name, site, commands, attempt }: Node): Promise<Software> {
  const { magnumConf, fragment } = commands.files;
  const [program, fromPackage, driver, date, ofMagnumConf, ofFragment] = await Promise.all([
    attempt(detection(site).magnumScript),
    attempt(commands.magnumPackageVersion),
    attempt(commands.importDatabaseDriver),
    attempt(commands.date),
    attempt(commands.magnumConfModified),
    attempt(commands.fragmentModified),
  ]);
  const isFuture = ({ exitCode, stdout }: Outcome) => exitCode === 0 && Number(stdout) > Number(date.stdout);
  const fromFuture = [
    ...(isFuture(ofMagnumConf) ? [magnumConf.path] : []),
    ...(isFuture(ofFragment) ? [fragment.path] : []),
  ];
  // The program is asked itself only if its package does not tell, or it is somewhere else: that takes seconds.
  const told = program.exitCode === 0 && versionIn(fromPackage) !== undefined;
  const magnum = told ? fromPackage : await attempt(commands.magnumVersion);
  return {
    name,
    fromFuture,
    version: versionIn(magnum),
    exitCode: magnum.exitCode,
    hasDriver: driver.exitCode === 0,
  };
}

/** Python 2's argparse prints it on stderr. */
function versionIn({ exitCode, stdout, stderr }: Outcome): string | undefined {
  return /^\d+\.\d+\.\d+/m.exec(exitCode === 0 ? `${stdout}\n${stderr}` : '')?.[0];
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

function future(software: readonly Software[]): Finding[] {
  return software.flatMap(({ name, fromFuture }): Finding[] =>
    fromFuture.map((path) => ({
      name: 'ModifiedInFuture',
      severity: 'warning',
      evidence: `${path} on ${name} was last modified in the future, by the clock of ${name}`,
      remedy:
        'Correct the clock there if it is wrong, then `touch` the file: until then nobody can tell by it whether what runs ' +
        'has read it.',
    })),
  );
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
