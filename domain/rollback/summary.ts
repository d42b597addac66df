import type { Verification } from '../controller/verify';
import type { Site } from '../site/document';
import type { RollBack } from './roll-back';

/** What a roll-back came to, for whoever reads why an execution failed. */
export interface RolledBack extends RollBack {
  /** What went wrong meanwhile. */
  readonly troubles: readonly string[];
  /** The same in sentences. */
  readonly summary: string;
}

/** Tells what a roll-back came to, as it was observed afterwards. @param verification null if nobody could look */
export function rolledBack(
  { controllers, failed }: RollBack,
  { onFailure }: Pick<Site, 'onFailure'>,
  troubles: readonly string[],
  verification: Pick<Verification, 'healthy' | 'waitingFor'> | null,
): RolledBack {
  const names = controllers.filter(({ left }) => left.length === 0).map(({ controller }) => controller);
  const what = onFailure === 'keep' ? "HAProxy's fragment is" : 'files and firewall rule are';
  const sentences = [
    ...(names.length > 0 ? [`Rolled back: ${what} as before this execution on ${names.join(', ')}.`] : []),
    ...controllers.flatMap(({ controller, left }) =>
      left.map((path) => `Not rolled back: somebody has changed ${path} on ${controller} since, so it was left.`),
    ),
    ...failed.map(({ controller, error }) => `Not rolled back: ${controller}, because: ${error}`),
    ...troubles.map((trouble) => `On the way: ${trouble}`),
    ...(verification
      ? [
          verification.healthy
            ? 'Afterwards Magnum and HAProxy serve.'
            : `Afterwards, waiting for: ${verification.waitingFor.join(' ')}`,
        ]
      : ['Nobody could look what serves afterwards.']),
  ];
  return { controllers, failed, troubles, summary: sentences.join(' ') };
}
