import * as z from 'zod';
import { amqpLogin } from '../findings/amqp';
import { rabbitAccount } from '../findings/logins';
import type { Login } from '../findings/bytes';
import { bootstrapCommands } from '../commands/catalogue';
import type { Node } from '../commands/node';
import { MagnumHaError, messageOf } from '../errors';
import { parseJson } from '../json';
import type { Mode } from '../site/load';
import { type Command, withInput } from '../ssh/command';
import { type BootstrapItem, reconcile } from './item';

/** No node of RabbitMQ answers. */
export class RabbitmqUnreachable extends MagnumHaError {
  override readonly name = 'RabbitmqUnreachable';
}

/** rabbitmqctl on a controller does not make a user, or RabbitMQ refuses the one it made. */
export class RabbitmqAdminRefused extends MagnumHaError {
  override readonly name = 'RabbitmqAdminRefused';
}

/** AMQP 0-9-1: the user was accepted, but not its access to the virtual host. */
const NOT_ALLOWED = /^530 /;

const users = z.array(z.object({ user: z.string(), tags: z.array(z.string()) }));

/**
 * Logs in to RabbitMQ as Magnum would, and in mode `apply` makes the user, its password, its virtual host and its permissions
 * there if that fails. Permissions that let it in are left as they are.
 *
 * @param node a controller with a node of RabbitMQ
 * @throws RabbitmqUnreachable, RabbitmqAdminRefused
 */
export async function bootstrapRabbitmq(node: Node, password: string, mode: Mode): Promise<BootstrapItem[]> {
  const { site } = node;
  const { user, virtualHost } = site.magnum.rabbit;
  const { users: list, define } = bootstrapCommands(site).rabbitmq;
  const logIn = () => loginAnywhere(node, password);
  const login = await logIn();
  const accepted = login === 'accepted';
  const known = accepted || NOT_ALLOWED.test(login.refused);
  const vhosts = virtualHost === '/' ? [] : [{ name: virtualHost }];
  const permissions = [{ user, vhost: virtualHost, configure: '.*', write: '.*', read: '.*' }];

  const tags = known ? undefined : await tagsOf(user);
  const items = [
    await reconcile(mode, `RabbitMQ user ${user}`, known ? 'same' : tags ? 'differs' : 'absent', () =>
      run(withInput(define, json({ users: [{ name: user, password, tags: (tags ?? []).join(',') }] }))),
    ),
  ];
  const enters = accepted || (!known && mode === 'apply' && (await logIn()) === 'accepted');
  items.push(
    await reconcile(mode, `permissions of ${user} on ${virtualHost}`, enters ? 'same' : 'absent', () =>
      run(withInput(define, json({ ...(vhosts.length > 0 && { vhosts }), permissions }))),
    ),
  );
  if (accepted || mode === 'check') return items;
  const now = await logIn();
  if (now === 'accepted') return items;
  throw new RabbitmqAdminRefused(
    `RabbitMQ of site ${site.name} still refuses the user ${user}, after it was made on ${node.name}: ${now.refused}. Check ` +
      'that magnum.rabbit.hosts in the site document are the nodes of one cluster, and that of the controllers.',
  );

  /** Undefined if there is no such user. */
  async function tagsOf(name: string): Promise<string[] | undefined> {
    const parsed = users.safeParse(parseJson((await run(list)).stdout));
    if (!parsed.success) throw refused('rabbitmqctl list_users does not print JSON');
    return parsed.data.find((one) => one.user === name)?.tags;
  }

  async function run(command: Command) {
    const outcome = await node.attempt(command);
    if (outcome.exitCode === 0) return outcome;
    throw refused(`\`${command.argv.join(' ')}\` exits with ${outcome.exitCode}`);
  }

  function refused(reason: string): RabbitmqAdminRefused {
    return new RabbitmqAdminRefused(
      `The RabbitMQ user ${user} cannot be made on ${node.where}: ${reason}. That needs rabbitmqctl of ` +
        'RabbitMQ 3.8 or later on a controller that is one of magnum.rabbit.hosts, because the older ones want passwords in ' +
        `their arguments. Otherwise make it by hand, \`rabbitmqctl add_user ${user}\` and \`rabbitmqctl set_permissions -p ${virtualHost} ${user} ` +
        `'.*' '.*' '.*'\`, and take "rabbitmq" out of bootstrap in the site document.`,
    );
  }
}

/** Logs in to the first node that answers. @throws RabbitmqUnreachable */
async function loginAnywhere({ name, site, clock, tunnel }: Node, password: string): Promise<Login> {
  const { hosts } = site.magnum.rabbit;
  const reasons: string[] = [];
  for (const node of hosts) {
    const [host = '', port] = node.split(':');
    try {
      return await amqpLogin(await tunnel(host, Number(port)), clock, rabbitAccount(site, node, password));
    } catch (error) {
      reasons.push(`${node}: ${messageOf(error)}`);
    }
  }
  throw new RabbitmqUnreachable(
    `No node of RabbitMQ of site ${site.name} answers ${name}: ${reasons.join('; ')}. Check that RabbitMQ runs there and ` +
      'that magnum.rabbit.hosts in the site document are right.',
  );
}

/** JSON in ASCII: in the C locale rabbitmqctl takes every byte for a character. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
