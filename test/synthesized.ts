import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { synthesized } from '../local/emulator/assembly';
import type { StateMachine } from '../local/emulator/asl/definition';
import type { Template } from '../local/emulator/aws/template';

/** A resource of the template, as CloudFormation gets it. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** The stack, synthesized once for all tests. */
export interface Synthesized extends Template {
  readonly definition: StateMachine;
  readonly resources: Readonly<Record<string, Resource>>;
  /** What cdk-nag and CDK's own rules found. */
  readonly validation: { readonly pluginReports: readonly { pluginName: string; violations: readonly unknown[] }[] };
  /** Logical IDs of the functions, by task. */
  readonly functionOf: (task: string) => string;
}

/** Loading and synthesizing takes seconds where the sources are new: give `beforeAll` a minute. */
export async function synthesizedStack(): Promise<Synthesized> {
  const template = await synthesized();
  const [anyFunction] = template.functions.values();
  const directory = dirname(dirname(anyFunction?.file ?? ''));
  const read = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const { Resources: resources } = read('magnum-ha.template.json') as { Resources: Record<string, Resource> };
  return {
    ...template,
    definition: template.machines.get('magnum-ha')?.definition as StateMachine,
    resources,
    validation: read('validation-report.json') as Synthesized['validation'],
    functionOf: (task) =>
      Object.keys(resources).find((id) => resources[id]?.Properties['Description'] === `magnum-ha: ${task}`) ??
      fail(`there is no function for ${task}`),
  };
}

/** The resources of a type. */
export function ofType({ resources }: Synthesized, type: string): Resource[] {
  return Object.values(resources).filter(({ Type }) => Type === type);
}

function fail(message: string): never {
  throw new Error(message);
}
