/**
 * The names of what can be wrong in a site document. If all problems of a document have the same name, loading fails with
 * an error of that name; with several names it fails with `SiteDocumentInvalid`. The message lists every problem.
 */
export const PROBLEM_NAMES = [
  'UnknownField',
  'MissingField',
  'BadValue',
  'BadAddress',
  'BadPort',
  'BadHostKey',
  'SecretInClear',
  'DuplicateName',
  'DuplicateAddress',
  'AddressOutsideManagementNetwork',
  'UnknownClusterTemplate',
  'ManagersWithoutLoadBalancer',
  'NotInRelease',
] as const;
export type ProblemName = (typeof PROBLEM_NAMES)[number];

/** A mistake in a site document: where, of which kind, and what would be right. */
export interface Problem {
  readonly path: string;
  /** The line in a text of several lines, from 1. */
  readonly line?: number | undefined;
  /** A better name than the path, if there is one. */
  readonly label?: string | undefined;
  readonly name: ProblemName;
  readonly message: string;
}

/** An issue option that carries the problem's name through zod. */
export const named = (name: ProblemName, error: string) => ({ error, params: { name } });
