import type { Node } from '../commands/node';
import { changedOptions, type ChangedOption, foreignName } from '../config/changed-options';
import { parseRulesFile, type RuleTable } from '../config/firewall/table';
import { placeRule, positionsOfRule } from '../config/iptables';
import { magnumOptions } from '../config/options';
import { sectionKey } from '../config/oslo';
import type { DriftKind } from '../site/drift-section';
import { printAccess } from './access';
import type { ManagedFile } from './managed-files';
import type { Placed, PlacedFiles } from './placed';

/** How a managed thing was found. */
export type VerdictKind =
  | 'as wanted'
  | DriftKind
  /** Pacemaker keeps it stopped. */
  | 'disabled'
  /** Nobody could look. */
  | 'unknown';

/** What is said of a managed thing. It holds no secret. */
export interface Told {
  readonly verdict: VerdictKind;
  /** Half a sentence: what is so, since when and by whom, as far as it is known; empty if the verdict says it all. */
  readonly reason: string;
}

/** Both, for people. */
export function told({ verdict, reason }: Told): string {
  return reason === '' ? verdict : `${verdict}: ${reason}`;
}

/** How a managed thing on a controller stands; a file may have several. */
export interface DriftVerdict extends Told {
  /** Path of a file, name of a service, or what it is. */
  readonly thing: string;
  /** Which options of magnum.conf it is about; absent if about none, or about more than a reason names. */
  readonly options?: readonly string[];
}

/** What verdicts on a controller's files and rules are made from. */
export interface Evidence {
  readonly node: Pick<Node, 'site' | 'controller'>;
  readonly placed: Placed;
  /** When a file was last modified, in seconds since 1970. */
  readonly modified: Readonly<Record<ManagedFile['kind'], number | undefined>>;
  readonly redact: (text: string) => string;
}

/** The rule among the running ones, beside the one in its file. */
export const RUNNING_RULE = 'firewall rule';

/** How a file's owner and mode are called. */
export function accessOf(path: string): string {
  return `owner and mode of ${path}`;
}

/** Verdicts on a file; none if nothing differs. */
export function fileVerdicts(file: ManagedFile, evidence: Evidence): DriftVerdict[] {
  const { found, desired, path, access, desiredAccess } = file;
  const [is, should] = [printAccess(access), printAccess(desiredAccess)];
  return [
    ...(found === desired ? [] : contentVerdicts(file, evidence).map((one) => ({ thing: path, ...one }))),
    ...(found === undefined || is === should
      ? []
      : [{ thing: accessOf(path), ...accessVerdict(evidence.placed, `${is} instead of ${should}`) }]),
  ];
}

function contentVerdicts(file: ManagedFile, evidence: Evidence): Omit<DriftVerdict, 'thing'>[] {
  const { kind, found, desired } = file;
  const { placed } = evidence;
  if (placed === 'never') return [NEVER];
  if (kind === 'rules') return [ruleVerdict(parseRulesFile(found ?? '').tables[0], evidence)];
  if (found === undefined) return [{ verdict: 'missing', reason: `somebody took it away${since(placed)}` }];
  const changedAt = `changed at ${timeOf(evidence.modified[kind])}`;
  if (placed === 'unknown') return [{ verdict: 'differs', reason: `${changedAt}; ${UNKNOWN}` }];
  if (kind === 'magnumConf') return optionVerdicts(file, placed, changedAt);
  const before = placed.files[kind];
  return [
    ...(found === before ? [] : [byOthers(`${changedAt}${since(placed)}`)]),
    ...(desired === before ? [] : [newerThan(placed)]),
  ];
}

/** Of some options the document may be newer, and others somebody may have changed. */
function optionVerdicts(
  { found = '', desired }: ManagedFile,
  placed: PlacedFiles,
  changedAt: string,
): Omit<DriftVerdict, 'thing'>[] {
  const wrong = changedOptions(found, desired);
  const changed = new Set(changedOptions(placed.files.magnumConf ?? '', found).map(nameOf));
  const names = wrong.map(nameOf);
  const [theirs, ours] = [names.filter((one) => changed.has(one)), names.filter((one) => !changed.has(one))];
  return [
    ...(theirs.length === 0
      ? []
      : [{ ...byOthers(`${namesOf(theirs)}, ${changedAt}${since(placed)}`), ...optionsOf(theirs) }]),
    ...(ours.length === 0 ? [] : [{ ...newerThan(placed, `${namesOf(ours)}: `), ...optionsOf(ours) }]),
  ];
}

/** What others have written into magnum.conf beside the managed options; none if that is not known. */
export function foreignOptions({ found = '', path }: ManagedFile, evidence: Evidence): DriftVerdict[] {
  const { placed, node, redact } = evidence;
  if (typeof placed === 'string' || placed.files.magnumConf === undefined) return [];
  const managed = new Set(
    magnumOptions(node.site, node.controller).map(({ section, option }) =>
      nameOf({ section: sectionKey(section), option }),
    ),
  );
  const names = changedOptions(placed.files.magnumConf, found)
    .filter((one) => !managed.has(nameOf(one)))
    .map((one) => foreignName(one, redact));
  if (names.length === 0) return [];
  const reason = `${namesOf(names)}, changed at ${timeOf(evidence.modified.magnumConf)} at the latest${since(placed)}; a restart loads it`;
  return [{ thing: path, verdict: 'foreign option', reason, ...optionsOf(names) }];
}

/** On Magnum's rule, where it is not in its place. */
export function ruleVerdict(table: RuleTable, { node: { site, controller }, placed }: Evidence): Told {
  if (placed === 'never') return NEVER;
  const positions = positionsOfRule(table, site);
  const { insert } = placeRule(table, site, { controller });
  if (positions.length > 0) {
    const belongs = insert && insert - positions.filter((position) => position < insert).length;
    const where = `rule ${positions.join(' and ')} of INPUT`;
    return {
      verdict: 'misplaced rule',
      reason: belongs === undefined ? `it is there more than once: ${where}` : `${where}; it belongs at ${belongs}`,
    };
  }
  if (placed !== 'unknown' && positionsOfRule(parseRulesFile(placed.files.rules ?? '').tables[0], site).length === 0) {
    return newerThan(placed);
  }
  return { verdict: 'missing', reason: `somebody took it away${since(placed)}` };
}

function accessVerdict(placed: Placed, difference: string): Told {
  if (placed === 'never') return { ...NEVER, reason: difference };
  if (placed === 'unknown') return { verdict: 'differs', reason: `${difference}; ${UNKNOWN}` };
  return byOthers(`${difference}${since(placed)}`);
}

/** Nothing was applied there yet: no reason is needed. */
const NEVER: Told = { verdict: 'not applied yet', reason: '' };
const UNKNOWN = 'the last execution here left no copy of what it put in place, so nobody can tell by whom';

function byOthers(reason: string): Told {
  return { verdict: 'changed by others', reason };
}

function newerThan({ execution }: PlacedFiles, what = ''): Told {
  const reason = `${what}the site document, a secret or the release is newer than execution ${shortName(execution)}`;
  return { verdict: 'not applied yet', reason };
}

function since(placed: Placed): string {
  return typeof placed === 'string' ? '' : `, since execution ${shortName(placed.execution)}`;
}

function shortName(arn: string): string {
  return arn.split(':').at(-1) ?? arn;
}

/** A time on a controller's clock, in seconds since 1970, for people. */
export function timeOf(seconds: number | undefined): string {
  return seconds === undefined || Number.isNaN(seconds)
    ? 'an unknown time'
    : `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

function nameOf({ section, option }: Pick<ChangedOption, 'section' | 'option'>): string {
  return `[${section}] ${option}`;
}

/** How many options a reason names. */
const NAMED = 5;

function optionsOf(names: readonly string[]): Pick<DriftVerdict, 'options'> {
  return names.length > NAMED ? {} : { options: names };
}

function namesOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
