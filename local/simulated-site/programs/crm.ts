import { childrenOf, descendants, setMeta } from '../cib';
import { failure, type Program } from './program';

/**
 * crm resource stop|start RESOURCE, as crmsh 2.1.2 and 4.6.0 do it: target-role is set on the clone around the resource, and
 * taken from the resource itself; started is written, too.
 */
export const crm: Program = async ({ arguments: given, controller, pacemaker, sleep, timings, who }) => {
  const [area, verb, what = '', ...more] = given;
  if (area !== 'resource' || (verb !== 'stop' && verb !== 'start') || what === '' || more.length > 0) {
    return failure(`ERROR: syntax: Unknown command near <${verb ?? ''}> parsing '${given.join(' ')}'`);
  }
  await sleep(timings.cibChange);
  if (who.user !== 'root' || !pacemaker.view(controller.name)) {
    const reason = 'Could not connect to the CIB: Transport endpoint is not connected';
    return failure(`ERROR: running cibadmin -Ql: ${reason}\nERROR: CIB is not valid!`);
  }
  if (what !== pacemaker.resource && what !== pacemaker.clone) return failure(`ERROR: Resource not found: ${what}`);
  const changed = pacemaker.change(controller.name, (cib) =>
    cib.change((configuration) => {
      const clone = descendants(configuration).find(({ attributes }) => attributes['id'] === pacemaker.clone);
      if (!clone) return;
      for (const primitive of childrenOf(clone, 'primitive')) setMeta(primitive, 'target-role', '');
      setMeta(clone, 'target-role', verb === 'stop' ? 'Stopped' : 'Started');
    }),
  );
  await sleep(timings.pcs - timings.cibChange);
  return { exit: 0, changed };
};
