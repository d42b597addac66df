import type { Duplex } from 'node:stream';
import type { Finding } from './finding';
import type { Secrets } from '../secrets/secrets';
import type { Site } from '../site/document';
import { atLeast } from '../site/releases';
import type { Node } from '../commands/node';
import { amqpLogin } from './amqp';
import { type Login, NoAnswer } from './bytes';
import { mysqlLogin } from './mysql';
import { hostAndPort } from './reachability';

/**
 * oslo.messaging, which Magnum reads transport_url by, hands each node's on to kombu as a URL of its own, in which it
 * leaves a slash of the password as it is: that ends the host there, however it was encoded before. Newton's rabbit_password
 * has no such way.
 */
function slash({ release, magnum: { rabbit } }: Site, password: string): Finding[] {
  if (!atLeast(release, 'ocata') || !password.includes('/')) return [];
  return [
    {
      name: 'RabbitPasswordWithSlash',
      severity: 'error',
      evidence: `The password in the SSM parameter ${rabbit.password.ssm} has a /`,
      remedy:
        'Give the RabbitMQ user a password without it: no encoding in transport_url gets a / past oslo.messaging, and Magnum ' +
        'never reaches RabbitMQ.',
    },
  ];
}

/** Logs in to RabbitMQ and to the database as Magnum will: it says nothing when the former fails. */
export async function checkLogins({ site, clock, tunnel }: Node, secrets: Secrets): Promise<Finding[]> {
  const { database, rabbit } = site.magnum;
  const rabbitPassword = secrets.reveal(rabbit.password.ssm);
  const nodes = rabbit.hosts.map(async (host) => {
    const address = hostAndPort(host, 5672);
    const login = await attempt(tunnel, address, (stream) => amqpLogin(stream, clock, rabbit.user, rabbitPassword));
    return problems(login, {
      name: 'RabbitUserRefused',
      what: `RabbitMQ ${host} to user ${rabbit.user}`,
      remedy:
        'Create the user with all permissions on the virtual host /, or correct magnum.rabbit and the password in the SSM ' +
        'parameter it names: Magnum says nothing, and a cluster that is asked for never appears.',
    });
  });
  const address = hostAndPort(database.host, 3306);
  // PyMySQL sends Latin-1, and MySQLdb UTF-8.
  const encoding = database.driver === 'mysql+pymysql' ? 'latin1' : 'utf8';
  const password = Buffer.from(secrets.reveal(database.password.ssm), encoding);
  const account = { user: database.user, password, database: database.name };
  const connection = attempt(tunnel, address, (stream) => mysqlLogin(stream, clock, account)).then((login) =>
    problems(login, {
      name: 'DatabaseUserRefused',
      what: `The database ${database.name} at ${database.host} to user ${database.user}`,
      remedy:
        'Create the database and its grants, or correct magnum.database and the password in the SSM parameter it names: ' +
        'every request to Magnum is answered with 500 otherwise.',
    }),
  );
  return [...slash(site, rabbitPassword), ...(await Promise.all([...nodes, connection])).flat()];
}

/** Undefined where nobody can tell: that nothing listens there has a finding of its own. */
async function attempt(
  tunnel: Node['tunnel'],
  { host, port }: { host: string; port: number },
  login: (stream: Duplex) => Promise<Login | undefined>,
): Promise<Login | NoAnswer | undefined> {
  const stream = await tunnel(host, port).catch(() => undefined);
  if (!stream) return undefined;
  try {
    return await login(stream);
  } catch (error) {
    if (error instanceof NoAnswer) return error;
    throw error;
  }
}

function problems(
  login: Login | NoAnswer | undefined,
  { name, what, remedy }: { name: string; what: string; remedy: string },
): Finding[] {
  if (login === undefined || login === 'accepted') return [];
  if (login instanceof NoAnswer) {
    const evidence = `${what}: no answer to the login: ${login.message}`;
    const look = 'See whether that service is well, and whether the address is its own.';
    return [{ name: 'LoginUnanswered', severity: 'warning', evidence, remedy: look }];
  }
  return [{ name, severity: 'error', evidence: `${what}: refused: ${login.refused}`, remedy }];
}
