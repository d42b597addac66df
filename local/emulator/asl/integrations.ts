import type { Integration } from './run';

/** Finds the integration of a task's Resource: by its exact key, else by the first key with `*` that fits. */
export function integrationFinder(
  integrations: Readonly<Record<string, Integration>>,
): (resource: string) => Integration | undefined {
  const patterns = Object.entries(integrations)
    .filter(([key]) => key.includes('*'))
    .map(([key, integration]) => ({ pattern: globPattern(key), integration }));
  return (resource) => integrations[resource] ?? patterns.find(({ pattern }) => pattern.test(resource))?.integration;
}

function globPattern(glob: string): RegExp {
  const literal = glob.split('*').map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`);
}
