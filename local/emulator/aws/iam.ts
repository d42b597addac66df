/** A statement of a role's policy, with its intrinsic functions resolved. */
export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** Whether these statements allow an action on a resource: a Deny overrides every Allow. */
export function allows(statements: readonly Statement[], action: string, resource: string): boolean {
  const effects = statements
    .filter(
      ({ actions, resources }) =>
        actions.some((one) => matches(one, action)) && resources.some((one) => matches(one, resource)),
    )
    .map(({ effect }) => effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

const patterns = new Map<string, RegExp>();

/** IAM's wildcards: `*` for any text, `?` for one character. */
function matches(pattern: string, text: string): boolean {
  let compiled = patterns.get(pattern);
  if (!compiled) {
    const literal = pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
    compiled = new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
    patterns.set(pattern, compiled);
  }
  return compiled.test(text);
}

/** A policy document as CloudFormation has it. */
export interface PolicyDocument {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource: string | readonly string[];
  }[];
}

/** The statements of policies. */
export function statementsOf(documents: readonly PolicyDocument[]): Statement[] {
  return documents.flatMap(({ Statement: statements }) =>
    statements.map(({ Effect, Action, Resource }) => ({
      effect: Effect,
      actions: [Action].flat(),
      resources: [Resource].flat(),
    })),
  );
}
