import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type Socket } from 'node:net';
import * as z from 'zod';
import { messageOf } from '../../domain/errors';
import type { Site } from '../../domain/site/document';
import { magnumMajor } from '../../domain/site/releases';
import { realClock } from '../../domain/world';
import { realRandom } from '../../local/random';
import { SystemError } from '../../local/simulated-site/filesystem';
import {
  type OpenStackOptions,
  type SimulatedOpenStack,
  simulateOpenStack,
} from '../../local/simulated-site/openstack';
import { timings } from '../../local/simulated-site/timings';
import { DATABASE_PORT, KEYSTONE_PORTS, magnumApiEndpoint, readConfig } from '../../local/simulated-site/services';

/** magnum.conf as a process on a controller found it. */
const configFile = z.union([
  z.object({ path: z.string(), text: z.string() }),
  z.object({ path: z.string(), unreadable: z.enum(['ENOENT', 'EACCES']) }),
]);

/** The first line of every connection, as lab_openstack.py on the controllers sends it. */
const request = z.union([
  // A configuration file is to be parsed, by a program that prints the version. Answered with {"version"} or {"error": …}.
  z.object({ validate: configFile }),
  // A process has started and lives as long as this connection. Answered with {"instance", "listen"} or {"error": …}.
  z.object({ start: z.enum(['keystone', 'openstack-services']), host: z.string() }),
  z.object({ start: z.enum(['magnum-api', 'magnum-conductor']), host: z.string(), config: configFile }),
  // Somebody has connected to that process, on that port: what follows comes from there.
  z.object({ connect: z.number(), port: z.number() }),
]);
type Request = z.infer<typeof request>;
type Start = Extract<Request, { start: string }>;

/** The OpenStack of a lab. */
export interface StandInOptions extends Pick<OpenStackOptions, 'document' | 'secrets' | 'bare' | 'api'> {
  /**
   * How many times faster than in reality clusters are made and conductors report.
   * @default 1
   */
  readonly speed?: number;
}

/** What a process on a controller has to do. */
interface Service {
  /** The addresses and ports on which it must listen. */
  readonly listen: readonly (readonly [address: string, port: number])[];
  /** Takes a connection to one of them. */
  readonly accept: (connection: Socket, port: number) => void;
  /** Ends it. */
  readonly stop: () => void;
}

/**
 * Runs the simulated OpenStack of a site for processes on its controllers, which reach it through a Unix domain socket.
 *
 * Each of them listens on its controller, as its configuration says, and passes on every connection.
 *
 * @param path of the socket; a process of any user may connect
 * @returns what ends it; the controllers' processes go on without answers
 */
export async function serveOpenStack(
  { speed = 1, ...options }: StandInOptions,
  path: string,
): Promise<() => Promise<void>> {
  const { cluster, heatTakes, heartbeat, rpcTimeout } = timings();
  const openstack = simulateOpenStack({
    ...options,
    clock: realClock,
    random: realRandom,
    timings: {
      cluster: cluster / speed,
      heatTakes: heatTakes / speed,
      heartbeat: heartbeat / speed,
      rpcTimeout: rpcTimeout / speed,
    },
  });
  const addresses = new Map(options.document.controllers.map(({ name, address }) => [name, address]));
  const instances = new Map<number, Service>();
  const connections = new Set<Socket>();
  let started = 0;

  // HTTP answers a client that has closed its side, too.
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
    // A controller that loses power does not close its connections.
    connection.on('error', () => connection.destroy());
    onFirstLine(connection, (line) => {
      try {
        dispatch(request.parse(JSON.parse(line)), connection);
      } catch (error) {
        // The last line of what the process on the controller dies of.
        connection.end(`${JSON.stringify({ error: messageOf(error) })}\n`);
      }
    });
  });
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, 'listening');
  chmodSync(path, 0o666);

  return async () => {
    openstack.close();
    for (const connection of connections) connection.destroy();
    server.close();
    await once(server, 'close');
  };

  function dispatch(asked: Request, connection: Socket): void {
    if ('connect' in asked) {
      const service = instances.get(asked.connect);
      if (service) service.accept(connection, asked.port);
      else connection.destroy();
    } else if ('validate' in asked) {
      // One that is not there is only noted, and --version ends the program before anybody looks at the note.
      if ('text' in asked.validate) configOf(asked.validate);
      connection.end(`${JSON.stringify({ version: `${magnumMajor(options.document.release)}.0.1` })}\n`);
    } else {
      start(asked, connection);
    }
  }

  function start(asked: Start, connection: Socket): void {
    const service = serviceOf(asked);
    const instance = ++started;
    instances.set(instance, service);
    // Nothing more comes until the process ends, and with it the connection.
    connection.resume();
    connection.once('end', () => connection.destroy());
    connection.once('close', () => {
      instances.delete(instance);
      service.stop();
    });
    connection.write(`${JSON.stringify({ instance, listen: service.listen })}\n`);
  }

  function serviceOf(asked: Start): Service {
    if (!('config' in asked)) {
      const address = addresses.get(asked.host);
      if (address === undefined) throw new Error(`${asked.host} is no controller of this site`);
      if (asked.start === 'openstack-services') return servicesOf(options.document, openstack, address);
      return http(
        KEYSTONE_PORTS.map((port) => [address, port] as const),
        openstack.keystone,
      );
    }
    const config = configOf(asked.config);
    if (asked.start === 'magnum-api') return http([magnumApiEndpoint(config)], openstack.startMagnumApi(config));
    return {
      listen: [],
      accept: (connection) => connection.destroy(),
      stop: openstack.startConductor(asked.host, config),
    };
  }
}

/** Keystone's and Magnum's neighbours on one address: the APIs of the cloud, database, RabbitMQ and memcached. */
function servicesOf(document: Site, openstack: SimulatedOpenStack, address: string): Service {
  const here = (endpoints: readonly string[]) =>
    endpoints.filter((one) => one.startsWith(`${address}:`)).map((one) => Number(one.split(':')[1]));
  const apis = [...openstack.apis].map(([port, api]) => [port, createHttpServer(api)] as const);
  const protocols = new Map<number, (connection: Socket) => void>([
    ...apis.map(([port, server]) => [port, (connection: Socket) => server.emit('connection', connection)] as const),
    [DATABASE_PORT, openstack.database],
    ...here(document.magnum.rabbit.hosts).map((port) => [port, openstack.rabbit] as const),
    // Sends nothing: enough for a check of its port.
    ...here(document.magnum.memcachedServers).map(
      (port) => [port, (connection: Socket) => connection.resume()] as const,
    ),
  ]);
  return {
    listen: [...protocols.keys()].map((port) => [address, port] as const),
    accept: (connection, port) => protocols.get(port)?.(connection),
    stop: () => {
      for (const [, server] of apis) server.close();
    },
  };
}

function http(listen: Service['listen'], serve: RequestListener): Service {
  const server = createHttpServer(serve);
  return {
    listen,
    accept: (connection) => server.emit('connection', connection),
    stop: () => server.close(),
  };
}

function configOf(file: z.infer<typeof configFile>) {
  return readConfig(file.path, () => {
    if ('unreadable' in file) throw new SystemError(file.unreadable);
    return file.text;
  });
}

/** Takes the first line off a connection and leaves what follows it. */
function onFirstLine(connection: Socket, act: (line: string) => void): void {
  const chunks: Buffer[] = [];
  const read = (chunk: Buffer): void => {
    chunks.push(chunk);
    if (!chunk.includes('\n')) return;
    connection.off('data', read);
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\n');
    if (end + 1 < all.length) connection.unshift(all.subarray(end + 1));
    act(all.toString('utf8', 0, end));
  };
  connection.on('data', read);
}
