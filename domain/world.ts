import type { Duplex } from 'node:stream';
import type { Secrets } from './secrets/secrets';
import type { Controller, Site } from './site/document';
import type { Command, Outcome } from './ssh/command';

/** Time. Everything that waits or measures takes it from here: on one machine it may be virtual. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as that is aborted, leaving no timer. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `action` once, after `ms` milliseconds. @returns cancels it */
  after(ms: number, action: () => void): () => void;
  /** Runs `action` again and again, with `ms` milliseconds in between. @returns ends it */
  every(ms: number, action: () => void): () => void;
}

/** Chance. */
export interface Random {
  /** A number in [0, 1). */
  number(): number;
  bytes(length: number): Buffer;
}

/** One line of a task's log, as JSON. It never holds a secret. */
export type LogEntry = Readonly<Record<string, string | number | boolean | null>>;

/** Which version of a site document. */
export interface DocumentVersion {
  /** Its ID in the bucket. */
  readonly version: string;
  /** SHA-256 of the bytes that are stored, in hex. */
  readonly sha256: string;
}

/** A site document as it is stored, JSON or YAML. */
export interface StoredDocument extends DocumentVersion {
  readonly text: string;
  /** S3's own mark of its content, by which it is replaced only if it is still the same. */
  readonly etag: string;
}

/** Where site documents come from. */
export interface DocumentStore {
  /** The stack that they are for: what names of secrets begin with. */
  readonly stack: string;
  /** A site's document, in its newest version unless one is named; undefined if there is none. */
  read(site: string, version?: string): Promise<StoredDocument | undefined>;
  /** The names of all sites. */
  names(): Promise<string[]>;
}

/** Where the values of secrets come from. */
export interface SecretStore {
  /** Reads and decrypts; of `further`, those that exist. @throws SecretMissing, SecretTooShort, with every name */
  read(names: readonly string[], further?: readonly string[]): Promise<Secrets>;
  /**
   * Checks that each exists and is encrypted, and those of `further` that exist, without reading one.
   *
   * @throws SecretMissing, SecretNotEncrypted
   */
  check(names: readonly string[], further?: readonly string[]): Promise<void>;
}

/** The hosts of a site, as one task reaches them. */
export interface Transport {
  /** Connects to a controller, or takes the connection that is there. @throws ControllerUnreachable and the errors of SSH */
  controller(controller: Controller): Promise<Link>;
  /** Whether it still stands. */
  readonly alive: boolean;
  close(): void;
}

/** A connection to one controller. */
export interface Link {
  /** Resolves once the controller has let us in. */
  readonly ready: Promise<void>;
  /**
   * Runs a command to its end, whatever its exit code. Those asked for at the same moment may travel together, and then
   * run one after the other.
   *
   * @param line what the controller's shell gets of it
   * @throws SshConnectionLost
   */
  execute(line: string, command: Command): Promise<Outcome>;
  /** A TCP connection from the controller to a host and port. */
  tunnel(host: string, port: number): Promise<Duplex>;
}

/** What a transport is opened for. */
export interface ConnectOptions {
  readonly site: Site;
  /** The value of the site's `ssh.privateKey`. */
  readonly privateKey: string;
  /** Controllers that will surely be used: they are connected to at once. */
  readonly expected: readonly Controller[];
}

/** Everything that a task has of the world outside: the only way to time, chance, hosts and secrets. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly documents: DocumentStore;
  readonly secrets: SecretStore;
  /** What one environment of a function keeps from one invocation to the next. */
  readonly kept: Map<string, unknown>;
  /** @throws BastionUnreachable, HostKeyMismatch, SshAuthenticationFailed, SshPrivateKeyInvalid */
  connect(options: ConnectOptions): Promise<Transport>;
  log(entry: LogEntry): void;
}

/** Makes a clock of its two primitives. */
export function clockOf(now: Clock['now'], after: Clock['after']): Clock {
  const clock: Clock = {
    now,
    after,
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
    every: (ms, action) => everyOn(clock, ms, action),
  };
  return clock;
}

/** What can wait. */
type Timers = Pick<Clock, 'after'>;

/** `sleep` of a clock that has `after`. */
export function sleepOn(clock: Timers, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!signal) {
      clock.after(ms, resolve);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** `every` of a clock that has `after`. */
export function everyOn(clock: Timers, ms: number, action: () => void): () => void {
  let cancel: () => void;
  const next = () => {
    cancel = clock.after(ms, () => {
      next();
      action();
    });
  };
  next();
  return () => {
    cancel();
  };
}

/** Above this, a timer of Node fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The wall clock. */
export const realClock: Clock = clockOf(Date.now, function after(ms, action) {
  let timer: NodeJS.Timeout;
  const wait = (left: number) => {
    timer = setTimeout(
      () => {
        if (left > LONGEST_TIMER_MS) wait(left - LONGEST_TIMER_MS);
        else action();
      },
      Math.min(left, LONGEST_TIMER_MS),
    );
  };
  wait(ms);
  return () => {
    clearTimeout(timer);
  };
});

/** Asks until there is an answer, or the time is over. @returns the last answer */
export async function poll<T>(
  clock: Clock,
  { everyMs, forMs }: { readonly everyMs: number; readonly forMs: number },
  look: () => Promise<{ readonly done: boolean; readonly found: T }>,
): Promise<{ readonly done: boolean; readonly found: T }> {
  const end = clock.now() + forMs;
  for (;;) {
    const seen = await look();
    if (seen.done || clock.now() >= end) return seen;
    await clock.sleep(everyMs);
  }
}
