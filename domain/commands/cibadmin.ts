import type { Command } from '../ssh/command';

/** What is done with the CIB: create what is not there, merge into the element of the same ID, delete it if it is there. */
type Action = '-C' | '-M' | '-D';

/** Changes a section of pacemaker's CIB, as root. */
export function cibadmin(action: Action, section: 'resources' | 'constraints', xml: string): Command {
  return { argv: ['cibadmin', action, '-o', section, '-X', xml], root: true, timeoutSeconds: 20 };
}
