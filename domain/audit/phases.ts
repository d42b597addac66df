import type { Step } from './trace';

/** What a step is about: it has its colour on the page. */
export type Phase = 'look' | 'stage' | 'commit' | 'restart' | 'haproxy' | 'verify' | 'clusters' | 'rollback' | 'record';

/** Steps by the names of their states. A test holds that each of the machine's is here. */
const PHASES: Readonly<Record<Phase, RegExp>> = {
  rollback:
    /roll-back|^(Roll back files|Discard staged files|Start HAProxy again|Restart Magnum again|Wait for (controllers|HAProxy to come back))$/,
  haproxy: /HAProxy|^Reach$|^Arm dead-man/,
  stage: /^(Stage files|Clear staging)$/,
  commit: /^(Commit files|Bootstrap( after authorization)?|Upgrade schema)$/,
  restart: /^Restart Magnum$/,
  verify: /^(Verify|Wait for Magnum)$/,
  clusters: /[Cc]luster/,
  record:
    /^(Report( failure)?|Tell people.*|Send event|Note (last outage|mend)|Start mend|Ask for approval|Release site lock( for approval)?)$/,
  look: /^(Load site|Wake functions?|Take( over)? site lock|Read site lock|Look at lock owner|Wait for (the recovery|the owner's last task)|Look at site|Preflight|Preflight cloud|Inspect controllers|Plan|Upgrade schema in a check|Read last outages( for authorization)?|Authorize|Await approval)$/,
};

/** The phase of a step; undefined for a state that nobody knows here. */
export function phaseOf({ name }: Pick<Step, 'name'>): Phase | undefined {
  return (Object.keys(PHASES) as Phase[]).find((phase) => PHASES[phase].test(name));
}
