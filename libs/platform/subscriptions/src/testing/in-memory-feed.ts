import { type Position, START, comparePositions } from '@shaoying/event-store';
import type { AnyFeedItem, FeedItem, FeedLog } from '../feed.js';

/** A feed source in memory, for specs of transports. */
export class InMemoryFeedSource implements FeedLog {
  readonly listeners = new Set<() => void>();
  /** How often `read` was called. */
  reads = 0;
  /** How often `readAll` was called. */
  readingsOfAll = 0;
  /** Thrown by the next reads, when set. */
  failure: Error | undefined;
  private readonly feeds = new Map<string, FeedItem[]>();
  private last = 0;

  async read(feedId: string, after: Position, limit: number): Promise<FeedItem[]> {
    this.reads += 1;
    if (this.failure) throw this.failure;
    await new Promise(setImmediate);
    const items = this.feeds.get(feedId) ?? [];
    return items.filter((item) => comparePositions(item.position, after) > 0).slice(0, limit);
  }

  onAdvance(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async readAll(after: Position, limit: number): Promise<AnyFeedItem[]> {
    this.readingsOfAll += 1;
    if (this.failure) throw this.failure;
    await new Promise(setImmediate);
    const items = [...this.feeds].flatMap(([feedId, own]) => own.map((item) => ({ feedId, ...item })));
    return items
      .filter((item) => comparePositions(item.position, after) > 0)
      .sort((a, b) => comparePositions(a.position, b.position))
      .slice(0, limit);
  }

  reached(): Position {
    const ends = [...this.feeds.values()].map((items) => items.at(-1)?.position ?? START);
    return ends.reduce((end, other) => (comparePositions(other, end) > 0 ? other : end), START);
  }

  /** Adds items at the next positions of a log that all feeds share, then tells. */
  add(feedId: string, ...cloudEvents: string[]): void {
    const items = this.feeds.get(feedId) ?? [];
    this.feeds.set(feedId, items);
    for (const cloudEvent of cloudEvents) items.push({ position: String((this.last += 1)), cloudEvent });
    for (const listener of [...this.listeners]) listener();
  }

  /** As a broken source would: any position. */
  addAt(feedId: string, position: Position, cloudEvent: string): void {
    this.feeds.set(feedId, [...(this.feeds.get(feedId) ?? []), { position, cloudEvent }]);
    for (const listener of [...this.listeners]) listener();
  }
}
