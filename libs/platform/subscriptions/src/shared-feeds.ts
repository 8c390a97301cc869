import { comparePositions, type Position } from '@shaoying/event-store';
import { placesWithMore } from './feed.js';
import type { AnyFeedItem, FeedItem, FeedLog, FeedPlace, FeedSource } from './feed.js';
import { FeedTail } from './feed-tail.js';

export interface SharedFeedsOptions {
  /** Told of a reading that failed; it is tried again. */
  readonly onError?: (error: unknown) => void;
  /** Items of all feeds together that are kept. Default 10,000: with 1.5 kB each some 15 MB, and 20 s at 500 items/s. */
  readonly itemsMax?: number;
}

/** Items per reading of the log of all feeds. */
const pageItems = 1_000;
const againMs = 500;
/**
 * Between two readings, by how many follow: each burst wakes them all, and each pays a system call for what it is sent, some
 * 15 µs. So 200 are told every 10 ms, 1,000 every 50 ms, and 5,000 every 100 ms.
 */
const paceMs = (listeners: number): number => Math.min(100, Math.max(10, listeners / 20));

/**
 * Feeds for many connections. However many follow however many feeds: one reading of the log of all feeds for each advance.
 * Its items are kept for a while, by feed, and whoever is as far as that is served from there; only who catches up reads
 * by itself, and shares the reading with those that are at the same place. Who follows a feed without news is not woken.
 */
export class SharedFeeds implements FeedSource {
  private readonly tails = new Map<string, FeedTail>();
  /** In the order in which they came, to be dropped in that order. */
  private kept: FeedTail[] = [];
  private readonly readings = new Map<string, Promise<FeedItem[]>>();
  private readonly anyListeners = new Set<() => void>();
  private listenerCount = 0;
  /** Up to here the tails have everything. Undefined: nobody follows, or nothing is known. */
  private position: Position | undefined;
  private following = false;
  private advanced = false;
  private unsubscribe: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly itemsMax: number;

  constructor(
    private readonly log: FeedLog,
    private readonly options: SharedFeedsOptions = {},
  ) {
    this.itemsMax = options.itemsMax ?? 10_000;
  }

  async read(feedId: string, after: Position, limit: number): Promise<FeedItem[]> {
    const tail = this.tails.get(feedId);
    const kept = tail?.after(after, limit);
    if (kept !== undefined) return kept;
    const seenUpTo = this.position;
    const items = await this.readOnce(feedId, after, limit);
    const isEnd = items.length < limit;
    // Unless the log was set back in the meantime.
    if (isEnd && seenUpTo !== undefined && comparePositions(this.position ?? '0', seenUpTo) >= 0)
      tail?.knowEmpty(items.at(-1)?.position ?? after, seenUpTo);
    return items;
  }

  onAdvance(listener: () => void): () => void {
    // Each subscription is an entry of its own, also when one function subscribes twice.
    const entry = (): void => listener();
    this.anyListeners.add(entry);
    return this.joined(() => this.anyListeners.delete(entry));
  }

  onNews(feedId: string, listener: () => void): () => void {
    const leave = this.joined(() => {
      tail.listeners.delete(entry);
      if (tail.listeners.size === 0 && this.tails.get(feedId) === tail) this.tails.delete(feedId);
    });
    const entry = (): void => listener();
    const tail = this.tails.get(feedId) ?? new FeedTail(this.position ?? nowhere);
    this.tails.set(feedId, tail);
    tail.listeners.add(entry);
    return leave;
  }

  haveMore(places: readonly FeedPlace[]): Promise<readonly boolean[]> {
    return placesWithMore(this.log, places);
  }

  private joined(leave: () => void): () => void {
    this.listenerCount += 1;
    if (this.unsubscribe === undefined) {
      this.position = this.log.reached();
      this.unsubscribe = this.log.onAdvance(() => this.advance());
    }
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      leave();
      this.listenerCount -= 1;
      if (this.listenerCount === 0) this.rest();
    };
  }

  private rest(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.following = false;
    this.position = undefined;
    this.tails.clear();
    this.kept = [];
  }

  /** Who is at the same place of the same feed shares a reading that is under way, unless something has come since it began. */
  private readOnce(feedId: string, after: Position, limit: number): Promise<FeedItem[]> {
    const key = JSON.stringify([feedId, after, limit]);
    const shared = this.readings.get(key);
    if (shared !== undefined) return shared;
    const reading = this.log.read(feedId, after, limit);
    this.readings.set(key, reading);
    const forget = (): void => {
      if (this.readings.get(key) === reading) this.readings.delete(key);
    };
    reading.then(forget, forget);
    return reading;
  }

  private advance(): void {
    // A reading under way may lack what has come.
    this.readings.clear();
    for (const listener of [...this.anyListeners]) listener();
    if (this.tails.size === 0) {
      this.position = this.log.reached();
      return;
    }
    this.advanced = true;
    if (!this.following) void this.follow();
  }

  /** Reads what has come, then pauses; goes on while there is more. */
  private async follow(): Promise<void> {
    const subscription = this.unsubscribe;
    const isOver = (): boolean => this.unsubscribe !== subscription || subscription === undefined;
    this.following = true;
    this.advanced = false;
    let pauseMs = paceMs(this.listenerCount);
    try {
      await this.catchUp(isOver);
    } catch (error) {
      if (isOver()) return;
      this.advanced = true;
      pauseMs = againMs;
      this.options.onError?.(error);
    }
    if (isOver()) return;
    this.timer = setTimeout(() => {
      this.following = false;
      if (this.advanced) void this.follow();
    }, pauseMs);
  }

  private async catchUp(isOver: () => boolean): Promise<void> {
    const reached = this.log.reached();
    if (reached === undefined) return;
    // Set back: the log was restored from an older copy. Or never known: everybody reads by themselves once.
    if (this.position === undefined || comparePositions(reached, this.position) < 0)
      return this.startOver(reached);
    let position: Position = this.position;
    for (let isMore = comparePositions(reached, position) > 0; isMore;) {
      const items: readonly AnyFeedItem[] = await this.log.readAll(position, pageItems);
      if (isOver()) return;
      isMore = items.length >= pageItems;
      this.take(items);
      position = items.at(-1)?.position ?? position;
      if (!isMore && comparePositions(position, reached) < 0) position = reached;
      this.position = position;
    }
  }

  private startOver(position: Position): void {
    this.position = position;
    this.kept = [];
    for (const tail of this.tails.values()) {
      tail.startOver(position);
      wake(tail);
    }
  }

  private take(items: readonly AnyFeedItem[]): void {
    const grown = new Set<FeedTail>();
    for (const { feedId, ...item } of items) {
      const tail = this.tails.get(feedId);
      if (tail === undefined) continue;
      tail.add(item);
      this.kept.push(tail);
      grown.add(tail);
    }
    for (const tail of this.kept.splice(0, Math.max(0, this.kept.length - this.itemsMax))) tail.drop();
    for (const tail of grown) wake(tail);
  }
}

/** Behind every position: a tail that begins here has nothing yet that anybody could be served from. */
const nowhere: Position = String(2n ** 63n - 1n);

function wake({ listeners }: FeedTail): void {
  for (const listener of [...listeners]) listener();
}
