import { type Position, START, isPosition } from '@shaoying/event-store';
import { InvalidFeedPosition } from './subscriptions.errors.js';

export interface FeedItem {
  /** Unique within the feed and rising; what a consumer resumes from. */
  readonly position: Position;
  /** One CloudEvents 1.0 JSON text. */
  readonly cloudEvent: string;
}

/** What every transport (SSE, pull, webhooks) reads. One implementation per feed kind, usually over a read model. */
export interface FeedSource {
  /** The items of `feedId` after `after` in rising order, at most `limit`; fewer than `limit` means: no more now. */
  read(feedId: string, after: Position, limit: number): Promise<FeedItem[]>;
  /** Calls `listener` whenever any feed may have grown; too often is allowed, too seldom is not. @returns unsubscribe */
  onAdvance(listener: () => void): () => void;
  /** True once everything was read of a feed that ends: a stream of it ends then. */
  readonly isOver?: boolean;
  /** Position of the last item; for consumers that only want what comes. */
  head?(feedId: string): Promise<Position>;
}

/** What a bigint column holds: 19 digits can say more, and PostgreSQL would answer with an error instead of nothing. */
const positionMax = 2n ** 63n - 1n;

/**
 * Where a consumer resumes: `Last-Event-ID`, which a reconnecting EventSource sends by itself, before the `after` it
 * still has in its address; {@link START} when there is neither. @throws InvalidFeedPosition
 */
export function resumePosition(lastEventId: string | undefined, after: string | undefined): Position {
  const given = lastEventId || after || START;
  if (!isPosition(given) || BigInt(given) > positionMax) throw new InvalidFeedPosition(given);
  return given;
}

/** Ends of feeds kept: one per department and position that connections are at. */
const readsKeptMax = 1_000;

/**
 * Wraps a source for many connections: one subscription to `source` in all, and connections of one feed that are at
 * the same position share each read. Fifty browsers open on one department cost one query per advance.
 *
 * A read that began after the last advance stays true until the next one, since whatever comes is announced; so reads
 * that reach the end of a feed are kept until then. Pages in the middle are only shared while under way: consumers
 * that catch up are few, and history is long.
 */
export class SharedFeedSource implements FeedSource {
  private readonly listeners = new Set<() => void>();
  /** Only reads begun since the last advance: an older one may lack the new item. */
  private readonly reads = new Map<string, Promise<FeedItem[]>>();
  private unsubscribe: (() => void) | undefined;

  constructor(private readonly source: FeedSource) {}

  read(feedId: string, after: Position, limit: number): Promise<FeedItem[]> {
    const key = JSON.stringify([feedId, after, limit]);
    const shared = this.reads.get(key);
    if (shared) return shared;
    // Without a subscription nobody would tell that the end has moved.
    const isListening = this.unsubscribe !== undefined;
    const read = this.source.read(feedId, after, limit);
    this.reads.set(key, read);
    const forget = () => {
      if (this.reads.get(key) === read) this.reads.delete(key);
    };
    read.then((items) => {
      const isEnd = items.length < limit;
      if (!isEnd || !isListening || this.reads.size > readsKeptMax) forget();
    }, forget);
    return read;
  }

  onAdvance(listener: () => void): () => void {
    // Each subscription is an entry of its own, also when one function subscribes twice.
    const entry = () => listener();
    this.listeners.add(entry);
    this.unsubscribe ??= this.source.onAdvance(() => this.advance());
    return () => {
      this.listeners.delete(entry);
      if (this.listeners.size > 0) return;
      this.unsubscribe?.();
      this.unsubscribe = undefined;
      this.reads.clear();
    };
  }

  async head(feedId: string): Promise<Position> {
    return (await this.source.head?.(feedId)) ?? START;
  }

  private advance(): void {
    this.reads.clear();
    for (const listener of [...this.listeners]) listener();
  }
}
