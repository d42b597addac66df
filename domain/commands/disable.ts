import type { Site } from '../site/document';
import type { Command } from '../ssh/command';
import { cibadmin } from './cibadmin';

/*
 * HAProxy is disabled by a set of meta attributes of our own, with a rule that ends it: pacemaker itself starts HAProxy again
 * when that time is over, whatever has become of us.
 *
 * The set is armed first, and says nothing yet. To disable is to give it a target role, which needs the set, and in it the
 * rule of the same cycle: whoever enables HAProxy takes the set away, and a disable that comes later changes nothing.
 */

/** In place of a cycle's number, and of a time: any. Such a command is for a sudoers file, not to be run. */
export const ANY_CYCLE = '{cycle}';
export const ANY_TIME = '{time}';

/** ID of the set of meta attributes. */
export const DISABLING_SET = 'magnum-ha-disabled';

/** ID of the constraint that keeps HAProxy off one controller: see ban.ts. */
export const BAN = 'magnum-ha-ban';

/** ID of the rule in the set. @param cycle milliseconds since 1970, 13 digits */
export function ruleOf(cycle: number | typeof ANY_CYCLE): string {
  return `magnum-ha-cycle-${cycle}`;
}

/**
 * Puts the set, which does nothing yet, on HAProxy's primitive. Exit 105, before pacemaker 2.0 6, if there is none.
 *
 * @param until when the set ends, as `2026-11-27 01:11:02Z`
 */
export function armCommand({ haproxy }: Site, cycle: number | typeof ANY_CYCLE, until: string): Command {
  return modify(
    `<primitive id="${haproxy.resource}"><meta_attributes id="${DISABLING_SET}" score="INFINITY">` +
      `<rule id="${ruleOf(cycle)}" score="INFINITY">` +
      `<date_expression id="${DISABLING_SET}-until" operation="lt" end="${until}"/></rule></meta_attributes></primitive>`,
  );
}

/**
 * Lets the set that was armed for this cycle disable HAProxy, until the set ends. Exit 105, before pacemaker 2.0 6, if there is
 * no set; 78 or more if it is another cycle's: a second rule that says nothing breaks the schema.
 */
export function disableCommand(cycle: number | typeof ANY_CYCLE): Command {
  return modify(
    `<meta_attributes id="${DISABLING_SET}"><rule id="${ruleOf(cycle)}"/>` +
      `<nvpair id="${DISABLING_SET}-target-role" name="target-role" value="Stopped"/></meta_attributes>`,
  );
}

/** Takes the set away; exit 0 also if there is none. */
export const END_DISABLE: Command = cibadmin('-D', 'resources', `<meta_attributes id="${DISABLING_SET}"/>`);

/** Merges an element into the one of the same ID, wherever among the resources that is. */
function modify(xml: string): Command {
  return cibadmin('-M', 'resources', xml);
}

/** Since when pacemaker notices by itself that a rule's time is over; before, it looks every 15 minutes. */
export const NOTICES_ENDS = '2.0.3';

/** Holds the number of the cycle while the controller's timer is armed. Only root can write there. */
const TIMER_FILE = '/run/magnum-ha-dead-man';
/** Between two attempts of a timer, in seconds: pacemaker may not run there at the moment. */
const AGAIN_SECONDS = 5;

/**
 * Starts a timer on the controller itself that takes the set away when its time is over, and the ban if the site has those, for a
 * pacemaker that does not notice that by itself. It needs nobody: it is a process of its own, and it does nothing once its file is
 * gone or another cycle's.
 */
export function timerCommand({ haproxy }: Site, cycle: number | typeof ANY_CYCLE): Command {
  const end = [
    `cibadmin -D -o resources -X "<meta_attributes id='${DISABLING_SET}'/>"`,
    ...(haproxy.update === 'rolling' ? [`cibadmin -D -o constraints -X "<rsc_location id='${BAN}'/>"`] : []),
  ].join(' && ');
  const script =
    `echo "$1" > ${TIMER_FILE}; (sleep ${haproxy.deadManSeconds + 1}; ` +
    `while test "$(cat ${TIMER_FILE})" = "$1"; do ${end} && rm -f ${TIMER_FILE}; sleep ${AGAIN_SECONDS}; done) ` +
    '< /dev/null > /dev/null 2>&1 &';
  return { argv: ['setsid', 'sh', '-c', script, 'magnum-ha', String(cycle)], root: true, timeoutSeconds: 20 };
}

/** Ends the timer, and asks whether there is one: exit 1 if not. */
export const TIMER = {
  end: { argv: ['rm', '-f', TIMER_FILE], root: true, timeoutSeconds: 20 },
  look: { argv: ['cat', TIMER_FILE], root: true, timeoutSeconds: 4 },
} as const satisfies Record<string, Command>;
