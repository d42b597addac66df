import type { JsonObject } from './definition';

/** The variables of one scope. An inner scope reads the outer ones; it cannot set them, which validate.ts sees to. */
export class Variables {
  private values: JsonObject = {};

  constructor(private readonly outer?: Variables) {}

  /** Every variable that can be read here, by name without the `$`. */
  all(): JsonObject {
    return { ...this.outer?.all(), ...this.values };
  }

  assign(values: JsonObject): void {
    this.values = { ...this.values, ...values };
  }
}
