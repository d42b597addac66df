import type { Duplex } from 'node:stream';
import type { Client, ParsedKey } from 'ssh2';
import { messageOf } from '../errors';
import type { Controller } from '../site/document';
import type { Clock, ConnectOptions, Link, Transport } from '../world';
import { connect, type Connection, parsePrivateKey } from './connect';
import { SshForwardingForbidden } from './errors';
import { executor } from './execute';
import { bastionOf, bastionUnreachable, controllerOf, controllerUnreachable, forwardingForbidden } from './failures';

/** Time for a TCP connection through a tunnel, in milliseconds. */
const TUNNEL_TIMEOUT_MS = 5_000;

/**
 * Connects to the bastion of a site by SSH, and through it to each controller that is used.
 *
 * @throws BastionUnreachable, HostKeyMismatch, SshAlgorithmsDiffer, SshAuthenticationFailed, SshPrivateKeyInvalid
 */
export async function connectBySsh(clock: Clock, options: ConnectOptions): Promise<Transport> {
  const { site } = options;
  const key = parsePrivateKey(options.privateKey, site.ssh.privateKey.ssm);
  const { host, port, user, hostKey } = site.bastion;
  const bastion = await connect(clock, { label: bastionOf(site), via: { host, port }, user, key, hostKey }, (reason) =>
    bastionUnreachable(site, reason),
  );
  const controllers = new Map<string, Promise<Link>>();
  let alive = true;
  bastion.client.once('close', () => (alive = false));
  const transport: Transport = {
    controller: (controller) => {
      const known = controllers.get(controller.name);
      if (known) return known;
      const opened = openController(clock, bastion, key, controller, options);
      controllers.set(controller.name, opened);
      // A failed or lost connection is not kept: the next use tries again.
      const forget = () => controllers.delete(controller.name);
      opened.then(({ client }) => client.once('close', forget), forget);
      return opened;
    },
    get alive() {
      return alive;
    },
    close: () => bastion.client.end(),
  };
  // The task that uses them gets the error.
  for (const controller of options.expected) transport.controller(controller).catch(() => undefined);
  await bastion.ready;
  return transport;
}

async function openController(
  clock: Clock,
  bastion: Connection,
  key: ParsedKey,
  controller: Controller,
  { site }: ConnectOptions,
): Promise<Link & { client: Client }> {
  const { address, port, hostKey } = controller;
  const where = controllerOf(site, controller);
  const unreachable = (reason: string) => controllerUnreachable(site, controller, reason);
  const via = await forward(clock, bastion, bastionOf(site), address, port).catch((error: unknown) => {
    throw error instanceof SshForwardingForbidden ? error : unreachable(messageOf(error));
  });
  const target = { label: where, via, user: site.ssh.user, key, hostKey };
  const connection = await connect(clock, target, unreachable);
  const { client, ready } = connection;
  // Each tunnel that is being opened waits for the connection's end, too.
  client.setMaxListeners(0);
  const execute = executor(clock, { ...connection, where });
  /** If the connection was refused, that reason is reported, not that the connection is gone. */
  const onceReady = async <T>(asked: Promise<T>) => (await Promise.all([ready, asked]))[1];
  return {
    client,
    ready,
    tunnel: (host, tcpPort) => onceReady(forward(clock, connection, where, host, tcpPort)),
    execute: (line, command) => onceReady(execute(line, command)),
  };
}

/** RFC 4254, section 5.1: what the server's own rules forbid. */
const ADMINISTRATIVELY_PROHIBITED = 1;

/**
 * Opens a TCP connection from the other side of an SSH connection.
 *
 * @param where how messages name the host that forwards
 */
export function forward(
  clock: Clock,
  { client, ready }: Connection,
  where: string,
  host: string,
  port: number,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let cancel: () => void = () => undefined;
    const over = () => {
      isOver = true;
      cancel();
      client.off('close', gone);
    };
    const fail = (error: Error) => {
      over();
      reject(error);
    };
    const gone = () => {
      fail(new Error('the SSH connection closed'));
    };
    client.once('close', gone);
    // The login is no part of its time.
    ready.then(
      () => {
        if (isOver) return;
        cancel = clock.after(TUNNEL_TIMEOUT_MS, () => {
          fail(new Error(`no answer from ${host}:${port} within ${TUNNEL_TIMEOUT_MS / 1000} s`));
        });
      },
      () => undefined,
    );
    try {
      client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (error) fail(refusal(error, where, `${host}:${port}`));
        else if (isOver) channel.destroy();
        else {
          over();
          resolve(channel);
        }
      });
    } catch (error) {
      fail(new Error(messageOf(error)));
    }
  });
}

/** In the server's words, without those of ssh2 before them. */
function refusal(error: Error & { reason?: number | string }, where: string, target: string): Error {
  if (error.reason === ADMINISTRATIVELY_PROHIBITED) return forwardingForbidden(where, target);
  return new Error(error.message.replace('(SSH) Channel open failure: ', ''));
}
