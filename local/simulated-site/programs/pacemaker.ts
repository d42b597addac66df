import { CrmMon } from '../crm-mon';
import { failure, type Program } from './program';

/** crm_mon -1 -r --output-as=xml, before pacemaker 2.0.3 --as-xml; and crm_mon --version */
export const crmMon: Program = async ({ arguments: options, controller, pacemaker, sleep, timings, who }) => {
  const { version } = controller.generation.pacemaker;
  const line = options.join(' ');
  if (line === '--version') {
    return {
      exit: 0,
      stdout: `Pacemaker ${version}\nWritten by Andrew Beekhof and the Pacemaker project contributors\n`,
    };
  }
  const mon = new CrmMon(controller.generation);
  if (line !== `-1 -r ${mon.formats ? '--output-as=xml' : '--as-xml'}`) {
    const unknown = options.find((option) => !['-1', '-r'].includes(option)) ?? '';
    return failure(
      mon.formats ? `crm_mon: Unknown option ${unknown}` : `crm_mon: unrecognized option '${unknown}'`,
      64,
    );
  }
  await sleep(timings.crmMon);
  const view = who.user === 'root' ? pacemaker.view(controller.name) : undefined;
  const request = `crm_mon ${line}`;
  return view ? { exit: 0, stdout: mon.xml(pacemaker, view, request) } : mon.notConnected(request);
};
