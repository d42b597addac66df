/** How long things take in the simulated site, in milliseconds. */
export interface Timings {
  /** Until a connection to an address that nobody has fails: `No route to host`, three ARP probes. */
  readonly noRoute: number;
  /** Until a connection whose packets a firewall drops fails: `Connection timed out`, six SYNs sent again. */
  readonly connectTimeout: number;

  /** A pcs command, from start to exit. */
  readonly pcs: number;
  /** Until that command has changed the CIB. */
  readonly cibChange: number;
  /** A crm_mon, crm_resource or `cibadmin -Q`. */
  readonly crmMon: number;
  /** A cibadmin that changes something. */
  readonly cibadmin: number;
  /** From the changed CIB until HAProxy's processes are gone. */
  readonly haproxyStop: number;
  /** From the changed CIB until HAProxy listens. */
  readonly haproxyStart: number;
  /** From the changed CIB until the VIP is gone. */
  readonly vipStop: number;
  /** From HAProxy's start until the VIP is up. */
  readonly vipStart: number;
  /** From its end on one controller until the VIP is up on another, on which HAProxy runs all the while. */
  readonly vipMove: number;
  /** pacemaker's timeout of a start or stop. */
  readonly operationTimeout: number;
  /** From the end of HAProxy's processes until its agent says that it is stopped. */
  readonly agentStop: number;
  /** Until pacemaker forgets a failed start (`failure-timeout`) and tries again. */
  readonly failureTimeout: number;
  /** `cluster-recheck-interval`: how often pacemaker looks at a cluster in which nothing happens. */
  readonly clusterRecheck: number;
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
  /** After which `service NAME stop` kills what ignores SIGTERM: OpenStack's packages have `--retry=TERM/30/KILL/5`. */
  readonly serviceKill: number;
  /** `service NAME start`: the daemon goes into the background. */
  readonly serviceStart: number;
  /** From that start until the daemon answers. */
  readonly serviceAnswers: number;

  /** Until Heat has made a cluster: swarm-mode with 3 + 8 servers on Magnum 15.0.1. */
  readonly cluster: number;
  /** From the API's 202 until a conductor has written the row. */
  readonly clusterPickUp: number;
  /** From then until Heat has taken a change and the conductor writes the status; seen: 8 to 15 s. */
  readonly heatTakes: number;
  /** Between two heartbeats of a conductor. */
  readonly heartbeat: number;
  /** How long oslo.messaging waits for an answer (rpc_response_timeout). */
  readonly rpcTimeout: number;
}

/** Medians of the lab of real daemons; Linux's and OpenStack's own defaults. */
const TRUE: Timings = {
  noRoute: 3050,
  connectTimeout: 127_000,

  pcs: 400,
  cibChange: 350,
  crmMon: 20,
  cibadmin: 50,
  haproxyStop: 230,
  haproxyStart: 450,
  vipStop: 100,
  vipStart: 20,
  vipMove: 300,
  operationTimeout: 60_000,
  agentStop: 30,
  failureTimeout: 120_000,
  clusterRecheck: 900_000,
  nodeLoss: 4100,
  boot: 8000,

  serverDown: 14_000,
  serverUp: 3100,

  haproxyCheck: 30,
  magnumVersion: 900,
  serviceStop: 60,
  serviceKill: 30_000,
  serviceStart: 40,
  serviceAnswers: 1500,

  cluster: 80_000,
  clusterPickUp: 100,
  heatTakes: 10_000,
  heartbeat: 60_000,
  rpcTimeout: 60_000,
};

/** How long things truly take, but for those given. */
export function timings(given: Partial<Timings> = {}): Timings {
  return { ...TRUE, ...given };
}
