import type { Duplex } from 'node:stream';
import type { FindingName } from './catalogue';
import type { Finding } from './finding';
import type { Secrets } from '../secrets/secrets';
import type { Site } from '../site/document';
import { atLeast } from '../site/releases';
import type { Node } from '../commands/node';
import { shorten } from '../openstack/errors';
import { amqpLogin, type RabbitAccount } from './amqp';
import { type Login, NoAnswer, TlsFailed } from './bytes';
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

/** Logs in to RabbitMQ and to the database as Magnum will. Of RabbitMQ that refuses it Magnum itself says nothing. */
export async function checkLogins({ site, clock, tunnel }: Node, secrets: Secrets): Promise<Finding[]> {
  const { database, rabbit } = site.magnum;
  const rabbitPassword = secrets.reveal(rabbit.password.ssm);
  const nodes = rabbit.hosts.map(async (host) => {
    const login = await attempt(tunnel, hostAndPort(host, 5672), (stream) =>
      amqpLogin(stream, clock, rabbitAccount(site, host, rabbitPassword)),
    );
    return problems(login, {
      name: 'RabbitUserRefused',
      tls: 'RabbitTlsFailed',
      field: 'magnum.rabbit',
      what: `RabbitMQ ${host} to user ${rabbit.user}`,
      remedy:
        `Create the user with all permissions on the virtual host ${rabbit.virtualHost}, or correct magnum.rabbit and the ` +
        'password in the SSM parameter it names: Magnum says nothing, and a cluster that is asked for never appears.',
    });
  });
  const address = hostAndPort(database.host, 3306);
  // PyMySQL sends Latin-1, and MySQLdb UTF-8; the former also wants the host's name in the certificate.
  const pymysql = database.driver === 'mysql+pymysql';
  const password = Buffer.from(secrets.reveal(database.password.ssm), pymysql ? 'latin1' : 'utf8');
  const account = {
    user: database.user,
    password,
    database: database.name,
    tls: database.tls
      ? { ...address, ...caOf(site), verify: pymysql ? ('host' as const) : ('signature' as const) }
      : undefined,
  };
  const connection = attempt(tunnel, address, (stream) => mysqlLogin(stream, clock, account)).then((login) =>
    problems(login, {
      name: 'DatabaseUserRefused',
      tls: 'DatabaseTlsFailed',
      field: 'magnum.database',
      what: `The database ${database.name} at ${database.host} to user ${database.user}`,
      remedy:
        'Create the database and its grants, or correct magnum.database and the password in the SSM parameter it names (and ' +
        'tls, if the server asks for it): every request to Magnum is answered with 500 otherwise.',
    }),
  );
  return [...slash(site, rabbitPassword), ...(await Promise.all([...nodes, connection])).flat()];
}

/** As whom, and how, Magnum logs in to a node of RabbitMQ. oslo.messaging checks no host, and without a file of a CA nothing. */
export function rabbitAccount(site: Site, node: string, password: string): RabbitAccount {
  const { user, virtualHost, tls } = site.magnum.rabbit;
  const verify = site.ca?.file === undefined ? 'nothing' : 'signature';
  return {
    user,
    password,
    virtualHost,
    tls: tls ? { ...hostAndPort(node, 5671), ...caOf(site), verify } : undefined,
  };
}

function caOf({ ca }: Site): { ca?: string } {
  return ca === undefined ? {} : { ca: ca.certificates };
}

/** Undefined if nobody can tell: that nothing listens there has a finding of its own. */
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

interface Attempted {
  readonly name: FindingName;
  /** The name of the finding that TLS fails. */
  readonly tls: FindingName;
  /** What in the document says how to log in. */
  readonly field: string;
  readonly what: string;
  readonly remedy: string;
}

function problems(login: Login | NoAnswer | undefined, { name, tls, field, what, remedy }: Attempted): Finding[] {
  if (login === undefined || login === 'accepted') return [];
  if (login instanceof TlsFailed) {
    const evidence = `${what}: ${field}.tls is true, and no login by TLS is possible: ${login.message}`;
    const mend = `Turn TLS on there, or set ${field}.tls to false, or correct the port and the ca section.`;
    return [{ name: tls, severity: 'error', evidence, remedy: mend }];
  }
  if (login instanceof NoAnswer) {
    const evidence = `${what}: no answer to the login: ${login.message}`;
    const look = `See whether that service is well, whether the address is its own, and whether it wants TLS (${field}.tls).`;
    return [{ name: 'LoginUnanswered', severity: 'warning', evidence, remedy: look }];
  }
  return [{ name, severity: 'error', evidence: `${what}: refused: ${shorten(login.refused, 500)}`, remedy }];
}
