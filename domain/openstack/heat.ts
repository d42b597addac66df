import * as z from 'zod';
import { messageOf } from '../errors';
import { bodyOf, listOf, optionalListOf, shown } from './answers';
import { shorten } from './errors';
import type { Answer } from './http-messages';
import { EndpointMissing } from './keystone';

/** A text if Heat says what a template was given. */
const count = z
  .union([z.string().regex(/^\d+$/), z.number()])
  .nullish()
  .catch(undefined);

const stack = z.object({
  stack: z.object({
    stack_status: z.string(),
    stack_status_reason: shown,
    // Magnum's drivers name the number of workers differently.
    parameters: z.object({ number_of_nodes: count, number_of_minions: count, number_of_slaves: count }).nullish(),
  }),
});

const resource = z.object({
  resource_name: shown,
  resource_type: shown,
  resource_status: z.string(),
  resource_status_reason: shown,
  // `stack` leads to the stack that it is in, `nested` to the one that it is itself.
  links: optionalListOf(z.object({ rel: z.string(), href: z.string() })),
});
const resourceList = z.object({ resources: listOf(resource) });

/** A stack, as far as a cluster is concerned. */
export interface Stack {
  /** Such as UPDATE_IN_PROGRESS. */
  readonly status: string;
  readonly reason?: string;
  /** How many workers Heat was last told to make. */
  readonly workers?: number;
}

/** A resource that is not complete. */
interface HeatResource {
  /** Such as OS::Nova::Server. */
  readonly type: string;
  /** Logical names from the outermost resource to it, such as `swarm_nodes.0.swarm-node`. */
  readonly name: string;
  /** Such as CREATE_FAILED. */
  readonly status: string;
  readonly reason?: string;
}

/** How deep Magnum's stacks are nested at most. */
const DEPTH = 5;
/** At most this many resources are named. */
const SHOWN = 8;
/** At most this many characters of a reason are quoted. */
const REASON = 400;

/** Heat's API, version 1, as one user sees it: reads only. */
export class HeatClient {
  /** @param get reads from a service of the catalogue, as in OpenStackSession */
  constructor(private readonly get: (type: string, path: string) => Promise<Answer>) {}

  /**
   * A stack, or undefined if Heat has none of this ID for this user, or the cloud has no Heat: not every driver of Magnum
   * uses it.
   * @throws OpenStackApiError, OpenStackUnavailable, OpenStackUnreachable, and what `Keystone` throws
   */
  async stack(id: string): Promise<Stack | undefined> {
    try {
      const answer = await this.ask(`/stacks/${id}`);
      if (answer.status === 404 || answer.status === 403) return undefined;
      const { stack_status: status, stack_status_reason: reason, parameters } = bodyOf(answer, stack, 'a stack').stack;
      const { number_of_nodes, number_of_minions, number_of_slaves } = parameters ?? {};
      const workers = Number(number_of_nodes ?? number_of_minions ?? number_of_slaves ?? NaN);
      return { status, ...(reason && { reason }), ...(Number.isInteger(workers) && { workers }) };
    } catch (error) {
      if (error instanceof EndpointMissing) return undefined;
      throw error;
    }
  }

  /**
   * Which resources of a stack have failed, or are not complete: a text of a few thousand characters at most. If Heat
   * does not tell, the text says why.
   */
  async describeIncomplete(id: string): Promise<string> {
    try {
      const all = await this.incompleteResources(id);
      const failures = all.filter(failed);
      const [what, which] = failures.length > 0 ? ['failed', failures] : ['are not complete', all];
      if (which.length === 0) return 'Heat has no resource of it that failed or is not complete.';
      const named = which.slice(0, SHOWN).map(describe).join('; ');
      const more = which.length > SHOWN ? `; and ${which.length - SHOWN} more` : '';
      return `Resources in Heat that ${what}: ${named}${more}.`;
    } catch (error) {
      return `Heat cannot be asked which resources failed: ${shorten(messageOf(error), REASON)}`;
    }
  }

  /**
   * The resources of a stack that are not complete, those that failed first. Those that only fail because of something within
   * them are left out.
   * @throws EndpointMissing, and what `stack` throws
   */
  private async incompleteResources(id: string): Promise<HeatResource[]> {
    const answer = await this.ask(`/stacks/${id}/resources?nested_depth=${DEPTH}`);
    const { resources } = bodyOf(answer, resourceList, "a stack's resources");
    const incomplete = resources.filter(({ resource_status: status }) => !status.endsWith('_COMPLETE'));
    const within = incomplete.filter((one) => link(one, 'nested') === undefined);
    return (within.length > 0 ? within : incomplete)
      .map((one) => ({
        type: one.resource_type ?? 'resource',
        name: pathOf(one, resources),
        status: one.resource_status,
        ...(one.resource_status_reason && { reason: one.resource_status_reason }),
      }))
      .sort((one, other) => Number(failed(other)) - Number(failed(one)));
  }

  /** Heat wants a stack's name with its ID, and redirects a request that has only the ID. */
  private async ask(path: string): Promise<Answer> {
    const answer = await this.get('orchestration', path);
    const [, there] = /\/stacks(\/.*)$/.exec(answer.headers.location ?? '') ?? [];
    return answer.status === 302 && there !== undefined ? this.get('orchestration', `/stacks${there}`) : answer;
  }
}

function describe({ type, name, status, reason }: HeatResource): string {
  return `${type} ${name} ${status}${reason === undefined ? '' : `: ${shorten(reason.replace(/\.$/, ''), REASON)}`}`;
}

function link({ links }: z.infer<typeof resource>, rel: 'stack' | 'nested'): string | undefined {
  return links.find((one) => one.rel === rel)?.href;
}

function pathOf(one: z.infer<typeof resource>, all: readonly z.infer<typeof resource>[]): string {
  const stack = link(one, 'stack');
  const parent = stack === undefined ? undefined : all.find((other) => link(other, 'nested') === stack);
  const name = one.resource_name ?? 'without name';
  return parent ? `${pathOf(parent, all)}.${name}` : name;
}

function failed({ status }: HeatResource): boolean {
  return status.endsWith('_FAILED');
}
