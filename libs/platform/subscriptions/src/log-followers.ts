import {
  comparePositions,
  START,
  UnreadableEvent,
  type EventStore,
  type Position,
} from '@shaoying/event-store';
import type { QueryResultRow } from 'pg';

/*
 * What beside the log remembers the log: how far consumers have come in the feeds, and the feeds themselves. Where a log is restored from
 * an older copy, and they are not, it goes on with other events at positions that consumers have passed: what is dispatched there would reach
 * nobody. So they remember which item they had where, and are set back to where the log and they still agree. Not done: least(position, head) at
 * some start. The feeds' tables are of the log before until they are filled anew, and would lead whoever reads them past the head again; nor done at a start
 * by itself, since a URL that leads to the log of another installation looks the same.
 */

/** Asks the database that the tables lie in; within a transaction where it changes them. */
export interface FollowerSql {
  query<Row extends QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>;
}

/** An item where somebody has seen it. */
export interface SeenItem {
  readonly position: Position;
  /** Of the CloudEvent: it begins with the id of the event that it tells of. */
  readonly id: string;
}

/** What was set back: whoever follows, and items that were still to be done, of events that are gone. */
export interface SetBack {
  readonly followers: number;
  readonly items: number;
}

/** Tables of one kind of consumers. */
export interface Followers {
  readonly kind: 'GROUPS' | 'WEBHOOKS';
  /** The last item that any of them was given; undefined where none is known. */
  lastGiven(sql: FollowerSql): Promise<SeenItem | undefined>;
  /** How many stand beyond a position. */
  beyond(sql: FollowerSql, position: Position): Promise<number>;
  /** Those that stand beyond it, to it. */
  setBack(sql: FollowerSql, position: Position): Promise<SetBack>;
}

/** The feeds' items, of all departments together. */
export interface KeptFeed {
  /** The last one up to a position, or of all; undefined where there is none, or no feed. */
  lastItem(sql: FollowerSql, upTo: Position | null): Promise<SeenItem | undefined>;
  /** @returns how many it removed */
  removeAfter(sql: FollowerSql, position: Position): Promise<number>;
}

export type LogEnd = Pick<EventStore, 'head' | 'eventAt'>;

export interface FollowersOfLog {
  readonly log: LogEnd;
  readonly sql: FollowerSql;
  readonly feed: KeptFeed;
  readonly followers: readonly Followers[];
}

/** Who remembers an event that the log does not have. */
export interface Disagreement extends SeenItem {
  readonly of: Followers['kind'] | 'FEED';
  readonly head: Position;
}

/** Null where the log has what they remember of it. @throws what the log and the database throw */
export async function disagreementWith({
  log,
  sql,
  feed,
  followers,
}: FollowersOfLog): Promise<Disagreement | null> {
  const seen = [
    ...(await Promise.all(
      followers.map(async (each) => ({ of: each.kind, event: await each.lastGiven(sql) })),
    )),
    { of: 'FEED' as const, event: await feed.lastItem(sql, null) },
  ];
  for (const { of, event } of seen)
    if (event !== undefined && !(await has(log, event))) return { ...event, of, head: await log.head() };
  return null;
}

/** How many consumers stand beyond the end of the log; callers may have begun there. @throws what log and database throw */
export async function followersBeyond({ log, sql, followers }: FollowersOfLog): Promise<number> {
  const head = await log.head();
  const counts = await Promise.all(followers.map((each) => each.beyond(sql, head)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Up to where the log and what was made of it before agree: the last item of the feeds that it still has, where it lacks one; else its
 * end. Null where that cannot be told: consumers were given what it does not have, and the feeds say nothing of it any more.
 * @throws what the log and the database throw
 */
export async function agreedUpTo(of: FollowersOfLog): Promise<Position | null> {
  const { log, sql, feed, followers } = of;
  const head = await log.head();
  const last = await feed.lastItem(sql, null);
  if (last !== undefined && !(await has(log, last))) return lastCommon(of, last.position);
  for (const each of followers) {
    const given = await each.lastGiven(sql);
    const isWithin = given !== undefined && comparePositions(given.position, head) <= 0;
    if (isWithin && !(await has(log, given))) return null;
  }
  return head;
}

/** Halves what lies between an item that the log has and one that it has not; after the first one it lacks it has none. */
async function lastCommon({ log, sql, feed }: FollowersOfLog, lacking: Position): Promise<Position> {
  let common = START;
  let [from, to] = [0n, BigInt(lacking)];
  while (to - from > 1n) {
    const middle = (from + to) / 2n;
    const item = await feed.lastItem(sql, String(middle));
    if (item === undefined || BigInt(item.position) <= from) from = middle;
    else if (await has(log, item)) {
      common = item.position;
      from = middle;
    } else to = BigInt(item.position);
  }
  return common;
}

async function has(log: LogEnd, { position, id }: SeenItem): Promise<boolean> {
  const event = await log.eventAt(position).catch((error: unknown) => {
    if (error instanceof UnreadableEvent) return error;
    throw error;
  });
  return event !== undefined && id.startsWith(event.eventId);
}
