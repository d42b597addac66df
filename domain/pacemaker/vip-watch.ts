import type { Node } from '../commands/node';
import { longestOf, QUIET_MS, type Silence } from './silence';

/** Between two looks, in milliseconds: how exact the outage is. */
const EVERY_MS = 20;
/**
 * Looks under way at a time: while the VIP is gone each waits 3 s for the kernel's `No route to host`, and holds a descriptor
 * of sshd on the controller. All of them are answered at once when the VIP is back on another controller; when it is back on this
 * one, none is, because their way was chosen before.
 */
const UNDER_WAY = 8;
/** So many of them may begin one after the other; the others so far apart, in milliseconds, that one begins in time. */
const AT_ONCE = 3;
const APART_MS = 500;
/** A controller refuses sooner, in milliseconds. What takes longer has not reached it. */
const REFUSED_MS = 4_000;

/** When the VIP answered while it was watched, in milliseconds since 1970. */
export interface VipWatch {
  readonly startedAt: number;
  readonly firstAnswerAt: number | null;
  readonly lastAnswerAt: number | null;
  /** Whether it answered as soon as it was watched: since when, nobody saw. */
  readonly answeredAtOnce: boolean;
  /** When the latest look began that was refused. */
  readonly refusedAt: number | null;
  /** The longest time between two answers in which a look was refused, or in which nothing was heard for long; null without one. */
  readonly longest: Silence | null;
  stop(): void;
}

/**
 * Watches from a controller whether the VIP takes TCP connections, by the port of something that was behind HAProxy before
 * Magnum: Keystone if it is on the VIP.
 *
 * @param answeredAt when it last answered before: since then nobody has watched
 * @param quietMs while nothing is heard for longer, in milliseconds, it counts as silent although no look was refused: looks that wait
 * for a VIP on its way from one controller to another are answered there
 */
export function watchVip(
  { site, clock, tunnel }: Node,
  answeredAt: number | null = null,
  quietMs = QUIET_MS,
): VipWatch {
  const { hostname, port, protocol } = new URL(site.openstack.authUrl);
  const probed = hostname === site.virtualIp ? Number(port || (protocol === 'https:' ? 443 : 80)) : site.magnum.apiPort;
  let underWay = 0;
  let lookedAt = -Infinity;
  const startedAt = clock.now();
  let first: number | null = null;
  let refusedAt: number | null = null;
  /** How long the quickest answer took. */
  let quickest = Infinity;
  let last: number | null = null;
  let stopped = false;
  /** Since the last answer: when the first and the last look began that were refused. */
  let refused: { from: number; until: number } | null = null;
  let longest: Silence | undefined;
  let before = answeredAt;
  const probe = () => {
    const began = clock.now();
    if (underWay >= UNDER_WAY || (underWay >= AT_ONCE && began - lookedAt < APART_MS)) return;
    underWay++;
    lookedAt = began;
    tunnel(site.virtualIp, probed)
      .then((connection) => {
        connection.destroy();
        if (stopped) return;
        const now = clock.now();
        quickest = Math.min(quickest, now - began);
        first ??= now;
        if (before !== null && (refused !== null || now - before > quietMs)) {
          const silent = refused ?? { from: before, until: before };
          longest = longestOf(longest, { lastAnswerAt: before, firstAnswerAt: now, silent });
        }
        refused = null;
        before = now;
        last = now;
      })
      // No answer is what an outage is.
      .catch(() => {
        if (stopped || clock.now() - began >= REFUSED_MS) return;
        refusedAt = Math.max(refusedAt ?? 0, began);
        // Of two looks under way the later one may have been answered sooner.
        if (before !== null && began > before) refused = { from: refused?.from ?? began, until: began };
      })
      .finally(() => underWay--);
  };
  probe();
  const end = clock.every(EVERY_MS, probe);
  return {
    startedAt,
    get answeredAtOnce() {
      return first !== null && first - startedAt <= 2 * quickest + 3 * EVERY_MS;
    },
    get refusedAt() {
      return refusedAt;
    },
    get longest() {
      return longest ?? null;
    },
    get firstAnswerAt() {
      return first;
    },
    get lastAnswerAt() {
      return last;
    },
    stop: () => {
      stopped = true;
      end();
    },
  };
}
