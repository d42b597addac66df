import type { Site } from '../site/document';
import type { Waiver } from '../site/drift-section';
import type { DriftVerdict } from './verdicts';

/** By what a verdict is accepted, or was until it expired. */
export interface Waived extends Pick<Waiver, 'reason' | 'until'> {
  readonly expired: boolean;
}

/** A verdict; `controller` is the name of the one on which it is so, undefined if it is of the whole site. */
type Found = DriftVerdict & { readonly controller?: string };

/**
 * The waiver of a verdict: of several the one that counts longest.
 *
 * @param at now, ISO 8601 in UTC
 */
export function waivedBy({ waivers }: Pick<Site, 'waivers'>, found: Found, at: string): { readonly waived?: Waived } {
  const [longest] = waivers
    .filter((one) => isOf(one, found))
    .toSorted((one, other) => (one.until < other.until ? 1 : -1));
  if (!longest) return {};
  const { reason, until } = longest;
  return { waived: { reason, until, expired: at.slice(0, 10) > until } };
}

function isOf({ verdicts, things, options, controllers }: Waiver, found: Found): boolean {
  const { thing, verdict, controller } = found;
  return (
    verdicts.some((one) => one === verdict) &&
    (things === undefined || things.includes(thing)) &&
    (controllers === undefined || (controller !== undefined && controllers.includes(controller))) &&
    (options === undefined || found.options?.every((one) => options.includes(one)) === true)
  );
}

/** The same for people, after a verdict; empty if it was never accepted. */
export function waivedText({ waived }: { readonly waived?: Waived }): string {
  if (!waived) return '';
  const { reason, until, expired } = waived;
  return expired ? `; its waiver expired after ${until}: ${reason}` : `; waived until ${until}: ${reason}`;
}
