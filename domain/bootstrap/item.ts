import type { Mode } from '../site/load';

/** Something that Magnum needs outside of itself, and what became of it. */
export interface BootstrapItem {
  /** What and where, such as `user magnum` or `grants on magnum to 'magnum'@'%'`. It holds no secret. */
  readonly name: string;
  /** `missing` and `differs` only in mode `check`: an apply would create or change it. */
  readonly action: 'created' | 'changed' | 'unchanged' | 'missing' | 'differs';
  /** Further information. */
  readonly detail?: string;
}

/** How something was found. */
export type Found = 'same' | 'absent' | 'differs';

/** Brings it into the wanted state with `make`, in mode `apply`. @returns what was done, or what a check would do */
export async function reconcile(
  mode: Mode,
  name: string,
  found: Found,
  make: () => Promise<unknown>,
): Promise<BootstrapItem> {
  if (found === 'same') return { name, action: 'unchanged' };
  if (mode === 'check') return { name, action: found === 'absent' ? 'missing' : 'differs' };
  await make();
  return { name, action: found === 'absent' ? 'created' : 'changed' };
}
