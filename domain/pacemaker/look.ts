import { detectWhatCanBe } from '../commands/detect';
import type { Node } from '../commands/node';
import { grouped, type Platform, type Platforms, platformOf } from '../commands/platform';
import type { SiteConnection } from '../commands/site-connection';
import { disabledBy, endsByEnabling } from './causes';
import { clusterStatus, hasBan, NoQuorum, readCib } from './cluster';
import { isSupported, resourceForm } from './resource-form';

/** Once one controller has answered, the others have so many milliseconds. */
const OTHERS_MS = 2_000;

/** What can be seen of HAProxy although something may be wrong with some of the controllers. */
export interface Look {
  /** Whether it is disabled, or banned from a controller by us, so that enabling it ends that. */
  readonly disabled: boolean;
  /** Of all controllers: those that did not answer are taken to be like the one that answered first. */
  readonly platforms: Platforms;
}

/** One controller's answer. */
interface View {
  readonly controller: string;
  readonly platform: Platform;
  readonly disabled: boolean;
}

/**
 * Whether HAProxy is disabled, as those see it that can be reached and have quorum: whatever is wrong with another
 * controller must not keep anybody from enabling it. Changes nothing.
 *
 * @throws the first controller's error if none of them can tell
 */
export async function look(connection: SiteConnection): Promise<Look> {
  const { site, nodes } = connection;
  const views: View[] = [];
  const answers = nodes.map(async (node) => {
    const view = await lookFrom(connection, node);
    views.push(view);
    return view;
  });
  const first = await Promise.any(answers).catch(() => answers[0] as Promise<View>);
  await Promise.race([Promise.allSettled(answers), nodes[0].clock.sleep(OTHERS_MS)]);
  const platformsOf = new Map(views.map(({ controller, platform }) => [controller, platform]));
  return {
    disabled: views.some(({ disabled }) => disabled),
    platforms: grouped(
      site.controllers.map(({ name }) => ({ controller: name, platform: platformsOf.get(name) ?? first.platform })),
    ),
  };
}

async function lookFrom({ site, on }: SiteConnection, { name, ...others }: Node): Promise<View> {
  const platform = platformOf(site, await detectWhatCanBe({ name, ...others }), undefined);
  const node = on([{ controllers: [name], platform }]).node(name);
  const [{ quorate, disabled }, banned] = await Promise.all([clusterStatus(node), isBanned(node)]);
  if (!quorate)
    throw new NoQuorum(`${node.where} has no quorum: it cannot tell whether HAProxy is disabled. See crm_mon -1.`);
  return { controller: name, platform, disabled: banned || (disabled === true && (await canBeEnabled(node))) };
}

/** Whether a ban of ours was left, in effect or not. Where nobody can tell, none was. */
function isBanned(node: Node): Promise<boolean> {
  return hasBan(node).catch(() => false);
}

/** Whether enabling HAProxy ends what keeps it stopped. Where nobody can tell it is tried. */
async function canBeEnabled(node: Node): Promise<boolean> {
  const cib = await readCib(node).then(
    (read) => read.cib,
    () => undefined,
  );
  if (!cib) return true;
  const form = resourceForm(cib, node.site.haproxy.resource);
  const by = isSupported(form) ? disabledBy(cib, form.primitive) : undefined;
  return !isSupported(form) || by === undefined || by === 'unknown' || endsByEnabling(by, form);
}
