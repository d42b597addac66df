/** What can be made to go wrong; each field may be changed at any time. */
export interface OpenStackFaults {
  /** Keystone's own processes are gone: 503 HTML from HAProxy, and from every Magnum API that wants to check a token. */
  keystoneDown: boolean;
  /**
   * How many of the next logins fail, as two of one user at once do from MariaDB 11.6 on: Keystone ends the connection without an
   * answer, and HAProxy says so with 502. Seen on Debian 13.
   */
  loginsFail: number;
  /** No cluster gets any further: what is in progress stays so. */
  clusterStuck: boolean;
  /** How many of the next requests that change something are carried out without an answer. */
  answersLost: number;
  /**
   * The next cluster that is created fails in Heat.
   * @param faults what its `faults` say, by node group
   * @param statusReason its `status_reason`
   */
  nextClusterFails(faults: Record<string, string>, statusReason?: string): void;
  /** A conductor dies without a trace: no more heartbeats, its row stays, its service manager may think it runs. */
  dropConductor(controller: string): void;
}

/** A failure that waits for the next cluster. */
export interface ClusterFailure {
  readonly faults: Readonly<Record<string, string>>;
  readonly statusReason: string;
}

/** The faults, all off, with the queue that the conductors take failures from. */
export function createFaults(dropConductor: (controller: string) => void): OpenStackFaults & {
  takeClusterFailure(): ClusterFailure | undefined;
} {
  const failures: ClusterFailure[] = [];
  return {
    keystoneDown: false,
    loginsFail: 0,
    clusterStuck: false,
    answersLost: 0,
    nextClusterFails: (faults, statusReason = 'Resource CREATE failed: ResourceInError: went to status ERROR') => {
      failures.push({ faults, statusReason });
    },
    dropConductor,
    takeClusterFailure: () => failures.shift(),
  };
}
