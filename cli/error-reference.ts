import { ERROR_CATALOGUE, type ErrorEntry } from '../domain/error-catalogue';

/** Every error with what it means and what to do, in Markdown: `docs/errors.md`. */
export function errorReference(): string {
  const groups = Object.entries(ERROR_CATALOGUE).map(([title, entries]) =>
    [`## ${title}`, '', '| error | meaning | what to do |', '|---|---|---|', ...Object.entries(entries).map(row)].join(
      '\n',
    ),
  );
  return `# Errors

An execution that fails shows one of these names in the Step Functions console, and a cause that says what is wrong, where,
and what to do. The command line and \`cdk deploy\` end with them as well. An error marked "tried again" passes by itself as a
rule: the workflow tries the task again before it gives up.

This page is made by \`npx tsx bin/magnum-ha.ts errors\` from \`domain/error-catalogue.ts\`.

${groups.join('\n\n')}
`;
}

function row([name, { meaning, remedy, transient }]: [string, ErrorEntry]): string {
  return `| \`${name}\` | ${meaning}${transient ? ' Tried again.' : ''} | ${remedy} |`;
}
