import type { Json, JsonObject } from './definition';

/** The variables of one scope. An inner scope reads the outer ones; it cannot set them, which validate.ts sees to. */
export class Variables {
  private values: JsonObject = {};

  constructor(private readonly outer?: Variables) {}

  /** A variable by its name without the `$`; undefined if there is none. */
  get(name: string): Json | undefined {
    return Object.hasOwn(this.values, name) ? this.values[name] : this.outer?.get(name);
  }

  assign(values: JsonObject): void {
    this.values = { ...this.values, ...values };
  }
}
