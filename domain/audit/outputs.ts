import type { SiteLook, SiteState } from '../look-at-site';
import type { Step } from './trace';

/** What a look found, as the states return it that look at one thing each. */
const PARTS: Readonly<Record<string, (found: SiteState) => readonly unknown[]>> = {
  'Inspect controllers': ({ controllers }) => [{ controllers }],
  Plan: ({ plan }) => [plan],
  Bootstrap: ({ bootstrap }) => (bootstrap ? [bootstrap] : []),
  'Upgrade schema': ({ schema }) => (schema ? [schema] : []),
  Verify: ({ verification }) => [verification],
  'Ensure cluster template': ({ clusterTemplates }) => clusterTemplates,
  'Ensure cluster': ({ clusters }) => clusters,
};

/** What the steps of a name returned, or a look at the whole site in their place. */
export function outputs(steps: readonly Step[], name: string): unknown[] {
  return steps.flatMap((step) => {
    if (step.output === undefined) return [];
    const found = lookedAt(step);
    return step.name === name ? [step.output] : found ? (PARTS[name]?.(found) ?? []) : [];
  });
}

/** What a look at the whole site found, if all was as wanted. */
export function lookedAt({ name, output }: Pick<Step, 'name' | 'output'>): SiteState | null {
  return name === 'Look at site' ? ((output as SiteLook | undefined)?.state ?? null) : null;
}
