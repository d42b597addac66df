import type { Controller, Site } from '../site/document';
import type { Command } from './command';
import {
  BastionUnreachable,
  ControllerUnreachable,
  HostKeyMismatch,
  OutputTooLong,
  SshAlgorithmsDiffer,
  SshAuthenticationFailed,
  SshConnectionLost,
  SshForwardingForbidden,
  SshShellRefused,
} from './errors';

/** What the library puts before a server's own words. */
function plain(reason: string): string {
  return reason.replace('(SSH) Channel open failure: ', '');
}

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
    `The ${bastionOf(site)} cannot be reached: ${reason}. ` +
      `Check that it runs, and that its firewall and the VPC let the workflow in.`,
  );
}

export function controllerUnreachable(site: Site, controller: Controller, reason: string): ControllerUnreachable {
  return new ControllerUnreachable(
    `The ${controllerOf(site, controller)} cannot be reached through the bastion: ${plain(reason)}. Check that it runs and that ` +
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

/**
 * @param host how messages name it
 * @param wanted what it still wants, in the words of SSH
 */
export function moreIsAskedFor(host: string, user: string, wanted: readonly string[]): SshAuthenticationFailed {
  return new SshAuthenticationFailed(
    `The ${host} takes the key of user ${user} and then asks for more: ${wanted.join(', ')}. The workflow has nothing but the ` +
      `key. Let that user in with it alone, in sshd_config there: Match User ${user}, AuthenticationMethods publickey.`,
  );
}

/**
 * @param host how messages name it
 * @param pinned the type of its key in the site document
 */
export function algorithmsDiffer(host: string, pinned: string, disagreement: string): SshAlgorithmsDiffer {
  return new SshAlgorithmsDiffer(
    `The ${host} and the workflow have ${disagreement}. The site document pins a host key of type ${pinned}` +
      `${pinned === 'ssh-rsa' ? ', which is taken with rsa-sha2-512 or rsa-sha2-256 only (OpenSSH 7.2 or later)' : ''}. Pin a key ` +
      `of a type that the host has (ssh-keyscan), or let sshd offer more.`,
  );
}

/** @param host how messages name the one that would forward */
export function forwardingForbidden(host: string, target: string): SshForwardingForbidden {
  return new SshForwardingForbidden(
    `The ${host} does not forward connections (to ${target}): sshd there has AllowTcpForwarding no, a PermitOpen without it, or ` +
      `the key has no-port-forwarding in authorized_keys. Allow it for this user: Match User …, AllowTcpForwarding yes.`,
  );
}

/**
 * @param host how messages name it
 * @param printed what the login printed
 */
export function shellRefused(host: string, printed: string, exitCode: number | undefined): SshShellRefused {
  const said = printed.trim().replace(/\s+/g, ' ').slice(0, 300);
  return new SshShellRefused(
    `The ${host} lets the SSH user in, but runs no command: the login ended${exitCode === undefined ? '' : ` with exit code ${exitCode}`} ` +
      `${said === '' ? 'and printed nothing' : `and printed "${said}"`}. Give that user a shell, a password that has not expired, ` +
      `and in authorized_keys no command="…". No command was run.`,
  );
}

/** @param host how messages name it */
export function outputTooLong({ argv }: Command, host: string, bytes: number): OutputTooLong {
  return new OutputTooLong(
    `\`${argv.join(' ')}\` on the ${host} printed ${Math.ceil(bytes / 2 ** 20)} MiB, more than can be what it is to print. Nothing of ` +
      `it was used. Run it there by hand to see what is in it.`,
  );
}

/** @param host how messages name it */
export function sessionRefused({ argv }: Command, host: string, reason: string): SshConnectionLost {
  return new SshConnectionLost(
    `sshd of the ${host} opens no session for \`${argv.join(' ')}\`: ${plain(reason)}. It was ` +
      `not run. See MaxSessions in sshd_config there; one is enough.`,
  );
}
