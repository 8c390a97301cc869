import { type Position, START, comparePositions } from '@shaoying/event-store';
import type { FeedItem, FeedSource } from '../feed.js';

/** A feed source in memory, for specs of transports. */
export class InMemoryFeedSource implements FeedSource {
  readonly listeners = new Set<() => void>();
  /** How often `read` was called. */
  reads = 0;
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

  async head(feedId: string): Promise<Position> {
    return this.feeds.get(feedId)?.at(-1)?.position ?? START;
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
