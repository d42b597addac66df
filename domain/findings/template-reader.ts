import * as z from 'zod';
import { shown } from '../openstack/answers';
import { UnexpectedAnswer } from '../openstack/errors';
import type { OpenStackSession } from '../openstack/session';

/** Reads what a service has: the body, or undefined if it has no such thing (404). */
export type Reader = <T>(type: string, path: string, schema: z.ZodType<T>) => Promise<T | undefined>;

export function readerOf(openstack: OpenStackSession): Reader {
  return async (type, path, schema) => {
    const answer = await openstack.get(type, path);
    if (answer.status === 404) return undefined;
    const body = schema.safeParse(answer.json);
    if (answer.status !== 200 || !body.success) throw new UnexpectedAnswer(answer, `what ${type} documents`);
    return body.data;
  };
}

export const named = z.object({ id: z.string(), name: shown });

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text);
}
