import { ERROR_CATALOGUE, type ErrorEntry } from '../domain/error-catalogue';
import { FINDING_CATALOGUE } from '../domain/findings/catalogue';
import type { FindingEntry } from '../domain/findings/catalogue/entry';

/** Every error with what it means and what to do, in Markdown: `docs/errors.md`. */
export function errorReference(): string {
  const groups = Object.entries(ERROR_CATALOGUE).map(([title, entries]) =>
    section(title, ['error', 'meaning', 'what to do'], Object.entries<ErrorEntry>(entries).map(errorRow)),
  );
  return `# Errors

An execution that fails shows one of these names in the Step Functions console, and a cause that says what is wrong, where,
and what to do. The command line and \`cdk deploy\` end with them as well. An error marked "tried again" passes by itself as a
rule: the workflow tries the task again before it gives up.

This page is made by \`npx tsx bin/magnum-ha.ts errors\` from \`domain/error-catalogue.ts\`.

${groups.join('\n\n')}
`;
}

function errorRow([name, { meaning, remedy, transient }]: [string, ErrorEntry]): string[] {
  return [`\`${name}\``, `${meaning}${transient ? ' Tried again.' : ''}`, remedy];
}

const PLACES: Readonly<Record<keyof typeof FINDING_CATALOGUE, string>> = {
  document: 'In the site document: *Load site*, and again *Preflight*, by the release that is installed',
  platform: "In the controllers' programs: *Preflight*",
  pacemaker: 'In pacemaker and HAProxy: *Preflight*',
  controllers: 'On the controllers: *Preflight*',
  cloud: 'In the cloud: *Preflight cloud*',
};

/** Every finding with when it is an error, what it means and what to do, in Markdown: `docs/findings.md`. */
export function findingReference(): string {
  const groups = Object.entries(FINDING_CATALOGUE).map(([place, entries]) =>
    section(
      PLACES[place as keyof typeof FINDING_CATALOGUE],
      ['finding', 'severity', 'meaning', 'what to do'],
      Object.entries<FindingEntry>(entries).map(findingRow),
    ),
  );
  return `# Findings: what breaks Magnum, before it does

Every execution looks for what is known to break Magnum installs before it changes anything. What it finds is in the report,
with the evidence and a remedy for this site. A check goes on with its findings. An apply is refused with \`PreflightRefused\`
if one of them is an error.

- **error**: Magnum, or a template or cluster that the document wants, will not work.
- **warning**: it may not work, or an option does nothing.

Nothing is created or changed by any of it. The cloud is asked with the accounts that Magnum will use, through the first
controller. \`test/domain/findings/causes.test.ts\` produces the findings on the simulated site; \`test/lab-core/causes.test.ts\`
and \`test/lab-full/causes.test.ts\` produce most of them on real services.

Two known causes need no finding: \`[api] host\` is never left at 127.0.0.1, because every controller gets its own address; and
the workflow creates clusters with a password, because Magnum cannot make a trust for an application credential.

Some faults show only later: a dead conductor that \`service-list\` calls \`up\` fails *Verify*; two templates of one name, a
template or cluster of another project, and a list of clusters that Magnum cannot read fail with \`DuplicateNameInMagnum\`,
\`OwnedByAnotherProject\` and \`ClusterUnreadable\` ([errors](errors.md)).

This page is made by \`npx tsx bin/magnum-ha.ts findings\` from \`domain/findings/catalogue/\`.

${groups.join('\n\n')}
`;
}

function findingRow([name, { severity, meaning, remedy, bootstrap }]: [string, FindingEntry]): string[] {
  const made = bootstrap === undefined ? '' : `; warning if the document asks for the bootstrap of ${bootstrap}`;
  return [`\`${name}\``, `${severity}${made}`, meaning, remedy];
}

function section(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [`## ${title}`, '', line(columns), `|${'---|'.repeat(columns.length)}`, ...rows.map(line)].join('\n');
}
