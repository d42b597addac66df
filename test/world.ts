import { randomBytes } from 'node:crypto';
import { Secrets } from '../domain/secrets/secrets';
import { connectBySsh } from '../domain/ssh/transport';
import { realClock, type World } from '../domain/world';

/** The world as a task has it, with secrets of one's own, by SSH and on the wall clock unless said otherwise. */
export function worldWith(secrets: Readonly<Record<string, string>>, given: Partial<World> = {}): World {
  const { clock = realClock } = given;
  return {
    clock,
    random: { number: Math.random, bytes: randomBytes },
    kept: new Map(),
    documents: { stack: 'magnum-ha', read: () => Promise.resolve(undefined), names: () => Promise.resolve([]) },
    secrets: {
      read: () => Promise.resolve(new Secrets(new Map(Object.entries(secrets)))),
      check: () => Promise.resolve(),
    },
    connect: (options) => connectBySsh(clock, options),
    log: () => undefined,
    ...given,
  };
}
