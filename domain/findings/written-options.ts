import type { Site } from '../site/document';
import { magnumOptions, type Option } from '../config/options';
import { sectionKey } from '../config/oslo';

/** The options of a section that magnum.conf will have. They are the same on every controller. */
export function writtenOptions(site: Site, section: string): Option[] {
  return magnumOptions(site, site.controllers[0]).filter((one) => sectionKey(one.section) === section);
}

export function namesOf(options: readonly Option[]): Set<string> {
  return new Set(options.map(({ option }) => option));
}
