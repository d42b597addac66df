import type { Site } from '../site/document';
import type { Command } from '../ssh/command';
import { cibadmin } from './cibadmin';
import { ANY_CYCLE, ANY_TIME, BAN } from './disable';

/*
 * HAProxy is kept off one controller by a location constraint of our own, with a rule that ends it: pacemaker itself starts HAProxy
 * there again when that time is over, whatever has become of us.
 *
 * `crm_resource --ban --lifetime` makes the same, and would not do. Its lifetime begins when the command runs, so one that comes late
 * bans; its constraint is named by resource and node, as everybody's is; and `--clear` takes away others' too.
 *
 * The constraint is armed first, with a score of 0, which says nothing. To ban is to give it another score, which needs the rule of
 * that number: once the constraint is gone, or another was armed, a ban that comes late changes nothing. There is one constraint: so
 * HAProxy is kept off one controller at most, whoever does it.
 */

/** In place of the number of a node in pacemaker's cluster: any. Such a command is for a sudoers file, not to be run. */
export const ANY_NODE = '{node}';

/** ID of its rule. @param number when it was armed, in milliseconds since 1970, 13 digits */
export function ruleOfBan(number: number | typeof ANY_CYCLE): string {
  return `${BAN}-${number}`;
}

/**
 * Makes the constraint, which does nothing yet. Exit 108, before pacemaker 2.0 76, if there is one.
 *
 * @param node its number in the cluster: its name may be another one than the document's
 * @param until when the ban ends, as `2026-11-27 01:11:02Z`
 */
export function armBanCommand(
  { haproxy }: Site,
  number: number | typeof ANY_CYCLE,
  node: string,
  until: string,
): Command {
  return cibadmin(
    '-C',
    'constraints',
    `<rsc_location id="${BAN}" rsc="${haproxy.resource}"><rule id="${ruleOfBan(number)}" score="0" boolean-op="and">` +
      `<expression id="${BAN}-node" attribute="#id" operation="eq" value="${node}"/>` +
      `<date_expression id="${BAN}-until" operation="lt" end="${until}"/></rule></rsc_location>`,
  );
}

/** Lets the constraint with this number keep HAProxy off its node. Exit 105, before pacemaker 2.0 6, if there is none. */
export function banCommand(number: number | typeof ANY_CYCLE): Command {
  return cibadmin('-M', 'constraints', `<rule id="${ruleOfBan(number)}" score="-INFINITY"/>`);
}

/** Takes the constraint away; exit 0 also if there is none. */
export const END_BAN: Command = cibadmin('-D', 'constraints', `<rsc_location id="${BAN}"/>`);

/** For any number, node and time: for a sudoers file, not to be run. */
export function anyBan(site: Site) {
  return { arm: armBanCommand(site, ANY_CYCLE, ANY_NODE, ANY_TIME), ban: banCommand(ANY_CYCLE) };
}
