/** How long things take in the simulated site, in milliseconds. */
export interface Timings {
  /** A second of timeout(1). */
  readonly timeoutSecond: number;
  /** Until a connection to an address that nobody has fails: `No route to host`, three ARP probes. */
  readonly noRoute: number;
  /** Until a connection whose packets a firewall drops fails: `Connection timed out`. Linux: 127 s. */
  readonly connectTimeout: number;

  /** A pcs command, from start to exit. */
  readonly pcs: number;
  /** Until that command has changed the CIB. */
  readonly cibChange: number;
  /** A crm_mon. */
  readonly crmMon: number;
  /** From the changed CIB until HAProxy's processes are gone. */
  readonly haproxyStop: number;
  /** From the changed CIB until HAProxy listens. */
  readonly haproxyStart: number;
  /** From the changed CIB until the VIP is gone. */
  readonly vipStop: number;
  /** From HAProxy's start until the VIP is up. */
  readonly vipStart: number;
  /** pacemaker's timeout of a start or stop. */
  readonly operationTimeout: number;
  /** From the end of HAProxy's processes until its agent says that it is stopped. */
  readonly agentStop: number;
  /** Until pacemaker forgets a failed start (`failure-timeout`) and tries again. */
  readonly failureTimeout: number;
  /** Until corosync declares a silent node lost. */
  readonly nodeLoss: number;
  /** From power on until sshd and the services run. */
  readonly boot: number;

  /** Until HAProxy's checks find a server dead that no client has tried. */
  readonly serverDown: number;
  /** Until HAProxy's checks find a server alive again. */
  readonly serverUp: number;

  /** `haproxy -c`. */
  readonly haproxyCheck: number;
  /** `magnum-conductor --version`, which loads all of Magnum. */
  readonly magnumVersion: number;
  /** `service NAME stop`. */
  readonly serviceStop: number;
  /** `service NAME start`: the daemon goes into the background. */
  readonly serviceStart: number;
  /** From that start until the daemon answers. */
  readonly serviceAnswers: number;
}

/** Medians of the lab of real daemons, but for `connectTimeout`, which nobody wants to wait for. */
const MEASURED: Timings = {
  timeoutSecond: 1000,
  noRoute: 3050,
  connectTimeout: 10_000,

  pcs: 400,
  cibChange: 350,
  crmMon: 20,
  haproxyStop: 230,
  haproxyStart: 450,
  vipStop: 100,
  vipStart: 20,
  operationTimeout: 60_000,
  agentStop: 30,
  failureTimeout: 120_000,
  nodeLoss: 4100,
  boot: 8000,

  serverDown: 14_000,
  serverUp: 3100,

  haproxyCheck: 30,
  magnumVersion: 900,
  serviceStop: 60,
  serviceStart: 40,
  serviceAnswers: 1500,
};

/** The measured timings, each multiplied by `scale`, except those given. */
export function timings(given: Partial<Timings> = {}, scale = 1): Timings {
  const scaled = Object.fromEntries(Object.entries(MEASURED).map(([name, value]) => [name, (value as number) * scale]));
  return { ...MEASURED, ...scaled, ...given };
}
