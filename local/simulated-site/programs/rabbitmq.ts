import * as z from 'zod';
import { failure, type Program } from './program';

const definitions = z.object({
  users: z.array(z.object({ name: z.string(), password: z.string(), tags: z.string() })).default([]),
  permissions: z
    .array(
      z.object({
        user: z.string(),
        vhost: z.literal('/'),
        configure: z.literal('.*'),
        write: z.literal('.*'),
        read: z.literal('.*'),
      }),
    )
    .default([]),
});

/** rabbitmqctl -q list_users --formatter json, and rabbitmqctl -q import_definitions */
export const rabbitmqctl: Program = async ({ arguments: given, controller, who, ...invocation }) => {
  const line = given.join(' ');
  if (who.user !== 'root') return failure('Only root or rabbitmq can run rabbitmqctl', 1);
  if (controller.services.get('rabbitmq-server')?.running !== true) {
    return failure(`Error: unable to perform an operation on node 'rabbit@${controller.name}'.`, 69);
  }
  const { users, permissions } = controller.backing.rabbitmq;
  if (line === '-q list_users --formatter json') {
    const rows = [...users].map(([user, { tags }]) => JSON.stringify({ user, tags }));
    return { exit: 0, stdout: `[\n${rows.join('\n,')}\n]\n` };
  }
  if (line !== '-q import_definitions') return failure(`Command '${given[1] ?? ''}' not found.`, 64);
  const parsed = definitions.safeParse(parse(await invocation.stdin()));
  if (!parsed.success) return failure('Error:\nFailed to deserialise input (format: JSON)', 65);
  for (const { name, password, tags } of parsed.data.users) {
    users.set(name, { password, tags: tags.split(',').filter((tag) => tag !== '') });
  }
  for (const { user } of parsed.data.permissions) permissions.add(user);
  return { exit: 0, changed: true };
};

/** Undefined if it is not JSON in ASCII: in the C locale each byte is a character. */
function parse(text: string): unknown {
  try {
    // eslint-disable-next-line no-control-regex
    return /^[\x00-\x7f]*$/.test(text) ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
