import { MagnumHaError } from '../errors';

/** The bastion does not answer, or is not an SSH server. */
export class BastionUnreachable extends MagnumHaError {
  override readonly name = 'BastionUnreachable';
}

/** A controller does not answer through the bastion. */
export class ControllerUnreachable extends MagnumHaError {
  override readonly name = 'ControllerUnreachable';
}

/** A host shows another key than the site document pins: it was reinstalled, or somebody intercepts the connection. */
export class HostKeyMismatch extends MagnumHaError {
  override readonly name = 'HostKeyMismatch';
}

/** A host refuses the user or the key. */
export class SshAuthenticationFailed extends MagnumHaError {
  override readonly name = 'SshAuthenticationFailed';
}

/** A host and the workflow have no algorithm in common, or the host has no key of the pinned type. */
export class SshAlgorithmsDiffer extends MagnumHaError {
  override readonly name = 'SshAlgorithmsDiffer';
}

/** A host does not forward TCP connections, on which the workflow depends. */
export class SshForwardingForbidden extends MagnumHaError {
  override readonly name = 'SshForwardingForbidden';
}

/** A host lets the user in, but runs no commands for it: no shell, an expired password, a forced command. */
export class SshShellRefused extends MagnumHaError {
  override readonly name = 'SshShellRefused';
}

/** The private key parameter holds no key that can be used. */
export class SshPrivateKeyInvalid extends MagnumHaError {
  override readonly name = 'SshPrivateKeyInvalid';
}

/** An SSH connection was lost while a command ran: whether the command had its effect is unknown. */
export class SshConnectionLost extends MagnumHaError {
  override readonly name = 'SshConnectionLost';
}

/** A command did not end in its time and was killed on the controller. */
export class CommandTimeout extends MagnumHaError {
  override readonly name = 'CommandTimeout';
}

/** A command ended with an exit code that means failure. */
export class CommandFailed extends MagnumHaError {
  override readonly name = 'CommandFailed';
}

/** sudo asks for a password, or does not allow a command. */
export class SudoRefused extends MagnumHaError {
  override readonly name = 'SudoRefused';
}

/** A command printed more than is read of any. Nothing of it was used. */
export class OutputTooLong extends MagnumHaError {
  override readonly name = 'OutputTooLong';
}
