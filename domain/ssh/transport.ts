import type { Duplex } from 'node:stream';
import type { Client, ParsedKey } from 'ssh2';
import { messageOf } from '../errors';
import type { Controller } from '../site/document';
import type { Clock, ConnectOptions, Link, Transport } from '../world';
import { connect, parsePrivateKey } from './connect';
import { executor } from './execute';
import { bastionOf, bastionUnreachable, controllerOf, controllerUnreachable } from './failures';

/** Time for a TCP connection through a tunnel, in milliseconds. */
const TUNNEL_TIMEOUT_MS = 5_000;

/**
 * Connects to the bastion of a site by SSH, and through it to each controller that is used.
 *
 * @throws BastionUnreachable, HostKeyMismatch, SshAuthenticationFailed, SshPrivateKeyInvalid
 */
export async function connectBySsh(clock: Clock, options: ConnectOptions): Promise<Transport> {
  const { site } = options;
  const key = parsePrivateKey(options.privateKey, site.ssh.privateKey.ssm);
  const { host, port, user, hostKey } = site.bastion;
  const { client: bastion, ready } = await connect(
    { label: bastionOf(site), via: { host, port }, user, key, hostKey },
    (reason) => bastionUnreachable(site, reason),
  );
  const controllers = new Map<string, Promise<Link>>();
  let alive = true;
  bastion.once('close', () => (alive = false));
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
    close: () => bastion.end(),
  };
  // The task that uses them gets the error.
  for (const controller of options.expected) transport.controller(controller).catch(() => undefined);
  await ready;
  return transport;
}

async function openController(
  clock: Clock,
  bastion: Client,
  key: ParsedKey,
  controller: Controller,
  { site }: ConnectOptions,
): Promise<Link & { client: Client }> {
  const { address, port, hostKey } = controller;
  const where = controllerOf(site, controller);
  const unreachable = (reason: string) => controllerUnreachable(site, controller, reason);
  const via = await forward(clock, bastion, address, port).catch((error: unknown) => {
    throw unreachable(messageOf(error));
  });
  const { client, ready } = await connect({ label: where, via, user: site.ssh.user, key, hostKey }, unreachable);
  // Each tunnel that is being opened waits for the connection's end, too.
  client.setMaxListeners(0);
  const execute = executor(clock, client, where);
  /** If the connection was refused, that reason is reported, not that the connection is gone. */
  const onceReady = async <T>(asked: Promise<T>) => (await Promise.all([ready, asked]))[1];
  return {
    client,
    ready,
    tunnel: (host, tcpPort) => onceReady(forward(clock, client, host, tcpPort)),
    execute: (line, command) => onceReady(execute(line, command)),
  };
}

/** Opens a TCP connection from the other side of an SSH connection. */
export function forward(clock: Clock, client: Client, host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let late = false;
    const cancel = clock.after(TUNNEL_TIMEOUT_MS, () => {
      late = true;
      reject(new Error(`no answer from ${host}:${port} within ${TUNNEL_TIMEOUT_MS / 1000} s`));
    });
    const gone = () => {
      cancel();
      reject(new Error('the SSH connection closed'));
    };
    client.once('close', gone);
    try {
      client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        cancel();
        client.off('close', gone);
        if (error) reject(new Error(error.message));
        else if (late) channel.destroy();
        else resolve(channel);
      });
    } catch (error) {
      cancel();
      client.off('close', gone);
      reject(new Error(messageOf(error)));
    }
  });
}
