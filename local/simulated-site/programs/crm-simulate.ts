import { Cib, childrenOf, parse, VIRTUAL_IP } from '../cib';
import { isDisabled, policyOf } from '../cib-rules';
import { failure, type Program } from './program';

/**
 * crm_simulate --xml-pipe --run, as pacemaker 2.1.5 prints it: see test/local/simulated-site/truth/debian12. Of what there is to
 * do it knows what a target role stops.
 */
export const crmSimulate: Program = async ({ arguments: given, controller, pacemaker, timings, sleep, stdin }) => {
  if (given.join(' ') !== '--xml-pipe --run') return failure(`crm_simulate: Unknown option ${given[0] ?? ''}`, 64);
  const cib = parse(await stdin());
  const configuration = cib && childrenOf(cib, 'configuration')[0];
  if (!configuration) return failure('crm_simulate: Could not read input: Data format error', 65);
  await sleep(timings.crmMon);
  const disabled = isDisabled(policyOf(new Cib(configuration), pacemaker.resource, controller.now()));
  const { nodes } = pacemaker;
  const view = pacemaker.view(controller.name);
  const running = nodes.filter(({ state }) => state === 'started');
  const names = (some: typeof nodes) => some.map(({ name }) => name).join(' ');
  const stops = disabled ? running.map(({ name }, index) => [`${pacemaker.resource}:${index}`, name] as const) : [];
  const vip = disabled && view?.virtualIp !== undefined ? [[VIRTUAL_IP, view.virtualIp] as const] : [];
  const actions = [...vip, ...stops].map(
    ([id, node]) => `  * Stop       ${id.padEnd(19)} ( ${node} )  due to node availability\n`,
  );
  return {
    exit: 0,
    stdout:
      (disabled
        ? `${nodes.length} of ${nodes.length + 1} resource instances DISABLED and 0 BLOCKED from further action due to failure\n\n`
        : '') +
      `Current cluster status:\n  * Node List:\n    * Online: [ ${names(nodes)} ]\n\n  * Full List of Resources:\n` +
      `    * ${VIRTUAL_IP}\t(ocf:heartbeat:IPaddr2):\t ${view?.virtualIp === undefined ? 'Stopped' : `Started ${view.virtualIp}`}\n` +
      `    * Clone Set: ${pacemaker.clone} [${pacemaker.resource}]:\n      * Started: [ ${names(running)} ]\n\n` +
      `Transition Summary:\n${actions.join('')}`,
  };
};
