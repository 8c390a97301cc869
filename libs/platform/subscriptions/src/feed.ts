import { type Position, START, isPosition } from '@shaoying/event-store';
import { InvalidFeedPosition } from './subscriptions.errors.js';

export interface FeedItem {
  /** Unique within the feed and rising; what a consumer resumes from. */
  readonly position: Position;
  /** One CloudEvents 1.0 JSON text. */
  readonly cloudEvent: string;
}

/** How far a consumer has come in a feed. */
export interface FeedPlace {
  readonly feedId: string;
  readonly after: Position;
}

/** What every transport (SSE, pull, webhooks) reads. One implementation per feed kind, usually over a read model. */
export interface FeedSource {
  /** The items of `feedId` after `after` in rising order, at most `limit`; fewer than `limit` means: no more now. */
  read(feedId: string, after: Position, limit: number): Promise<FeedItem[]>;
  /** Calls `listener` whenever any feed may have grown; too often is allowed, too seldom is not. @returns unsubscribe */
  onAdvance(listener: () => void): () => void;
  /** True once everything was read of a feed that ends: a stream of it ends then. */
  readonly isOver?: boolean;
  /** Which of many places have items behind them, in one question; for whoever looks after many feeds. */
  haveMore?(places: readonly FeedPlace[]): Promise<readonly boolean[]>;
  /** As {@link onAdvance}, for whoever minds one feed alone. */
  onNews?(feedId: string, listener: () => void): () => void;
}

/** {@link FeedSource.haveMore}, of a source that cannot be asked for many at once by reading each. */
export async function placesWithMore(
  source: FeedSource,
  places: readonly FeedPlace[],
): Promise<readonly boolean[]> {
  if (places.length === 0) return [];
  if (source.haveMore !== undefined) return source.haveMore(places);
  const reads = places.map(({ feedId, after }) => source.read(feedId, after, 1));
  return (await Promise.all(reads)).map((items) => items.length > 0);
}

export interface AnyFeedItem extends FeedItem {
  readonly feedId: string;
}

/** Feeds that lie in one log: what {@link SharedFeeds} follows for everybody. */
export interface FeedLog extends FeedSource {
  /**
   * The items of all feeds after `after`, by position. At least `limit` where there are as many, and whole positions: of
   * items that share one, all or none. Fewer than `limit` means: no more now.
   */
  readAll(after: Position, limit: number): Promise<AnyFeedItem[]>;
  /** How far the feeds are, as of the last advance: whoever reads now sees everything up to here. Undefined: not known yet. */
  reached(): Position | undefined;
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
