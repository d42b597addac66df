/** An attribute, under Magnum's name, that is not as wanted. */
export interface Difference {
  readonly field: string;
  readonly found: unknown;
  readonly wanted: unknown;
}
