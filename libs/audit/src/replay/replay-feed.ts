import { comparePositions, type Position } from '@shaoying/event-store';
import type { FeedItem, FeedSource } from '@shaoying/subscriptions';
import type { ReplaySpeed } from './replay-window.js';
import type { ReplayedEvent } from './unit-replay.js';

/** setTimeout takes no more. */
const timerMsMax = 2 ** 31 - 1;

/** How long after the first event another one is due, at a speed: 60 minutes at 60 are one. */
export function dueInMs(first: ReplayedEvent, event: ReplayedEvent, speed: ReplaySpeed): number {
  return speed === Infinity ? 0 : (Date.parse(event.occurredAt) - Date.parse(first.occurredAt)) / speed;
}

/**
 * A replay as a feed: each event comes when its turn is, as long after the first as it was so, divided by the speed. Begins
 * with the first event behind where the reader is, without the time before it; ends behind the last.
 */
export class ReplayFeed implements FeedSource {
  private readonly listeners = new Set<() => void>();
  private readonly rest: readonly ReplayedEvent[];
  private startedMs: number | undefined;
  private delivered = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param after id of the last event that the reader has */
  constructor(
    events: readonly ReplayedEvent[],
    private readonly speed: ReplaySpeed,
    after: Position,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.rest = events.filter(({ id }) => comparePositions(id, after) > 0);
  }

  /** Whether everything has been read. */
  get isOver(): boolean {
    return this.delivered >= this.rest.length;
  }

  async read(_feedId: string, after: Position, limit: number): Promise<FeedItem[]> {
    this.startedMs ??= this.nowMs();
    const passedMs = this.nowMs() - this.startedMs;
    const begin = this.rest.findIndex(({ id }) => comparePositions(id, after) > 0);
    const behind = begin < 0 ? [] : this.rest.slice(begin, begin + limit);
    const [first] = this.rest;
    const due =
      first === undefined ? [] : behind.filter((event) => dueInMs(first, event, this.speed) <= passedMs);
    this.delivered = begin < 0 ? this.rest.length : begin + due.length;
    if (due.length < limit) this.wakeFor(this.rest[this.delivered], passedMs);
    return due.map((event) => ({ position: event.id, cloudEvent: JSON.stringify(event) }));
  }

  onAdvance(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) clearTimeout(this.timer);
    };
  }

  private wakeFor(next: ReplayedEvent | undefined, passedMs: number): void {
    clearTimeout(this.timer);
    const [first] = this.rest;
    if (next === undefined || first === undefined) return;
    const delayMs = Math.ceil(dueInMs(first, next, this.speed) - passedMs);
    this.timer = setTimeout(
      () => {
        for (const listener of this.listeners) listener();
      },
      Math.min(Math.max(delayMs, 0), timerMsMax),
    );
  }
}
