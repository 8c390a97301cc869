import { instantMs } from './instants.js';

/**
 * How far the clocks of two servers may differ and still be taken for two clocks that are right enough: domain.md §6, 25. What is
 * further apart has one among them that is wrong, and nobody here can tell which.
 */
export const CLOCKS_APART_MS_MAX = 30 * 60_000;

/**
 * When an event is recorded whose writer has read others (ADR 45): by its own clock, and never before what it has read, so that whoever
 * asks what the log knew at an instant is shown no event without those that it follows. Where that is further
 * ahead than {@link CLOCKS_APART_MS_MAX} the clock stands: hours of events would bear an instant that is not theirs.
 * @param now by the writer's clock; ISO 8601, UTC
 * @param lastRecordedAt of what it has read; undefined where that is nothing
 */
export function recordedAfter(now: string, lastRecordedAt: string | undefined): string {
  const aheadMs = aheadOf(now, lastRecordedAt);
  return lastRecordedAt !== undefined && aheadMs > 0 && aheadMs <= CLOCKS_APART_MS_MAX ? lastRecordedAt : now;
}

/** Milliseconds by which what was read lies ahead of the writer's clock; 0 where it does not. */
export function aheadOf(now: string, lastRecordedAt: string | undefined): number {
  return lastRecordedAt === undefined ? 0 : Math.max(0, instantMs(lastRecordedAt) - instantMs(now));
}
