import type { Controller, Site } from '../site/document';
import type { Command } from './command';
import {
  BastionUnreachable,
  ControllerUnreachable,
  HostKeyMismatch,
  SshAuthenticationFailed,
  SshConnectionLost,
} from './errors';

/** How messages name the bastion. */
export function bastionOf({ name, bastion: { host, port } }: Site): string {
  return `bastion ${host}:${port} of site ${name}`;
}

/** How messages name a controller. */
export function controllerOf(site: Site, { name, address, port }: Controller): string {
  return `controller ${name} (${address}:${port}) of site ${site.name}`;
}

export function bastionUnreachable(site: Site, reason: string): BastionUnreachable {
  return new BastionUnreachable(
    `The ${bastionOf(site)} cannot be reached: ${reason}. Nothing was touched by this step. ` +
      `Check that it runs, and that its firewall and the VPC let the workflow in.`,
  );
}

export function controllerUnreachable(site: Site, controller: Controller, reason: string): ControllerUnreachable {
  return new ControllerUnreachable(
    `The ${controllerOf(site, controller)} cannot be reached through the bastion: ${reason}. Check that it runs and that ` +
      `sshd answers the bastion.`,
  );
}

/**
 * @param host how messages name it
 * @param pinned the key of the site document, "ssh-ed25519 AAAA…"
 * @param shown the key that it shows, likewise
 */
export function hostKeyMismatch(host: string, pinned: string, shown: string): HostKeyMismatch {
  return new HostKeyMismatch(
    `The ${host} shows another host key than the site document pins (${pinned.split(' ', 1)[0] ?? ''}). Nothing was sent to it. ` +
      `If the host was reinstalled, put its new key into the document: ${shown}. If not, somebody may be intercepting the connection.`,
  );
}

/** @param host how messages name it */
export function authenticationFailed(host: string, user: string): SshAuthenticationFailed {
  return new SshAuthenticationFailed(
    `The ${host} refuses user ${user} with the key of ssh.privateKey. Put the key's public half into ` +
      `that user's authorized_keys there, or correct the user or the SSM parameter.`,
  );
}

/** @param host how messages name it */
export function connectionLost({ argv }: Command, host: string, reason: string): SshConnectionLost {
  return new SshConnectionLost(
    `The connection was lost during \`${argv.join(' ')}\` on the ${host}: ${reason}. The step is safe to repeat; start again.`,
  );
}
