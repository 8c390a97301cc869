import { comparePositions, isPosition, START, type Position } from '@shaoying/event-store';
import type { FeedItem, FeedSource } from '@shaoying/subscriptions';

export const redeliverItemsMax = 1_000;
/**
 * Items looked through at once for those of a time, some 20 µs each. The feed has no index by time, and is not in its order: what a clock
 * that was away says late lies behind what happened after it.
 */
export const redeliverWalkMax = 20_000;

/** Which items of a feed, by position, by the time that they tell, or both; all ends are included. */
export interface RedeliverRange {
  readonly fromPosition?: Position;
  readonly toPosition?: Position;
  /** ISO 8601. */
  readonly fromTime?: string;
  readonly toTime?: string;
  /** Of the range only what comes after it: what was said to go on with. */
  readonly after?: Position;
}

/** A range as it is asked for: `from` and `to` are each a position or a time, and stay as they are while it is gone on with. */
export interface AskedRange {
  readonly from: string;
  readonly to?: string | null;
  readonly after?: Position | null;
}

/** A position without an end is that one item, a time without an end all since. */
export function rangeOf({ from, to, after }: AskedRange): RedeliverRange {
  const begin = isPosition(from) ? { fromPosition: from } : { fromTime: from };
  const last = to ?? (isPosition(from) ? from : undefined);
  return {
    ...begin,
    ...(last !== undefined && (isPosition(last) ? { toPosition: last } : { toTime: last })),
    ...(typeof after === 'string' && { after }),
  };
}

/** The first items of a range, as far as `reached`. @returns with what to go on after, null when that was all */
export async function itemsWithin(
  feeds: Pick<FeedSource, 'read'>,
  feedId: string,
  range: RedeliverRange,
  reached: Position,
): Promise<{ readonly items: readonly FeedItem[]; readonly next: Position | null }> {
  const { fromPosition = START, toPosition = reached } = range;
  const begin = latest(beforePosition(fromPosition), range.after ?? START);
  const end = comparePositions(toPosition, reached) < 0 ? toPosition : reached;
  const items: FeedItem[] = [];
  let walked = 0;
  // One more than fits, to know whether there is more. Of the page on which it stops, the rest is read again when it is gone on with.
  const pageItems = redeliverItemsMax + 1;
  for (let after = begin, isEnd = false; !isEnd;) {
    const page = await feeds.read(feedId, after, pageItems);
    for (const item of page) {
      if (comparePositions(item.position, end) > 0) return { items, next: null };
      if (items.length >= redeliverItemsMax || walked >= redeliverWalkMax) return { items, next: after };
      walked += 1;
      if (isInTime(item, range)) items.push(item);
      after = item.position;
    }
    isEnd = page.length < pageItems;
  }
  return { items, next: null };
}

const latest = (a: Position, b: Position): Position => (comparePositions(a, b) < 0 ? b : a);

const beforePosition = (position: Position): Position =>
  BigInt(position) > 0n ? String(BigInt(position) - 1n) : START;

function isInTime({ cloudEvent }: FeedItem, { fromTime, toTime }: RedeliverRange): boolean {
  if (fromTime === undefined && toTime === undefined) return true;
  const atMs = Date.parse((JSON.parse(cloudEvent) as { time?: string }).time ?? '');
  return (
    (fromTime === undefined || atMs >= Date.parse(fromTime)) &&
    (toTime === undefined || atMs <= Date.parse(toTime))
  );
}
