import { PACEMAKER_FINDINGS } from '../../../domain/findings/pacemaker';
import { PLATFORM_FINDINGS } from '../../../domain/findings/platform';
import { HAPROXY_DISABLED } from '../../../domain/findings/settle';
import { Expression, jsonata } from '../../states/expression';
import type { VariablesOf } from '../../states/kit';
import type { SiteVariables } from './variables';

type Variables = VariablesOf<SiteVariables>;

/** Whether nothing is asked for but to bring HAProxy back and to clean up. */
export function isRecovery({ mode }: Variables): Expression<boolean> {
  return jsonata`${mode} = "recover"`;
}

/** Whether Preflight found HAProxy disabled: then nothing behind the VIPs answers. */
export function haproxyDisabled({ findings }: Variables): Expression<boolean> {
  return jsonata`${HAPROXY_DISABLED} in ${findings}.name`;
}

/** Whether an apply acts as a check, until it is authorized to change something. */
export function isHeldBack({ mode, acts }: Variables): Expression<boolean> {
  return jsonata`(${mode} = "apply" and ${acts} = "check")`;
}

/** Whether the schema, a template or a cluster was found other than it should be. */
export function cloudDiffers({ schema, clusterTemplates, clusters }: Variables): Expression<boolean> {
  return jsonata`$count([${schema}, ${clusterTemplates}, ${clusters}][action = "missing" or action = "differs"]) > 0`;
}

/** What an execution that is refused has done besides enabling HAProxy, in a sentence. */
export function touchedSoFar({ leftDisabled }: Variables): Expression<string> {
  return jsonata`(${leftDisabled} ? "Nothing else was touched." : "Nothing was touched.")`;
}

/** Whether a check found that something of bootstrap is missing, or other than it should be. */
export function bootstrapDiffers({ bootstrap }: Variables): Expression<boolean> {
  return jsonata`$count(${bootstrap}[action = "missing" or action = "differs"]) > 0`;
}

/** Whether Preflight found an error of pacemaker's or HAProxy's, or that it does not see what runs: then a check cannot verify what they serve. */
export function pacemakerFaulty({ findings }: Variables): Expression<boolean> {
  const names = JSON.stringify([...PACEMAKER_FINDINGS, ...PLATFORM_FINDINGS]);
  return jsonata`$count(${findings}[severity = "error" and name in ${new Expression<string[]>(names)}]) > 0`;
}

/** Whether a check has found drift on the controllers or in bootstrap: whatever cannot be looked at then is told in its report. */
export function foundDrift($: Variables): Expression<boolean> {
  return jsonata`${$.mode} = "check" and (${$.plan.dot('changed')} = true or ${bootstrapDiffers($)})`;
}
