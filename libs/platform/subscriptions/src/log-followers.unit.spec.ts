import type { Position } from '@shaoying/event-store';
import { propertyParameters } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import {
  agreedUpTo,
  disagreementWith,
  followersBeyond,
  type Followers,
  type FollowersOfLog,
  type SeenItem,
} from './log-followers.js';

/** Event ids by position; positions need not be dense. */
type Log = ReadonlyMap<number, string>;

const head = (log: Log): number => Math.max(0, ...log.keys());
const itemId = (eventId: string): string => `${eventId}-dp-water`;

function logOf(events: Log): FollowersOfLog['log'] {
  return {
    head: () => Promise.resolve(String(head(events))),
    eventAt: (position: Position) => {
      const eventId = events.get(Number(position));
      return Promise.resolve(
        eventId === undefined
          ? undefined
          : ({ eventId } as Awaited<ReturnType<FollowersOfLog['log']['eventAt']>>),
      );
    },
  };
}

const nothing = { query: () => Promise.reject(new Error('nobody asks')) };

/** @param items positions of the log before that the feeds tell of @param given the last item that a group has taken */
function following(now: Log, before: Log, items: readonly number[], given: number | null): FollowersOfLog {
  const seenAt = (position: number): SeenItem => ({
    position: String(position),
    id: itemId(before.get(position) ?? ''),
  });
  const groups: Followers = {
    kind: 'GROUPS',
    lastGiven: () => Promise.resolve(given === null ? undefined : seenAt(given)),
    beyond: (_, position) => Promise.resolve(given !== null && given > Number(position) ? 1 : 0),
    setBack: () => Promise.reject(new Error('nobody sets it back')),
  };
  const lastItem = (_: unknown, upTo: Position | null): Promise<SeenItem | undefined> => {
    const last = items.filter((position) => upTo === null || position <= Number(upTo)).at(-1);
    return Promise.resolve(last === undefined ? undefined : seenAt(last));
  };
  const feed = { lastItem, removeAfter: () => Promise.reject(new Error('nobody removes any')) };
  return { log: logOf(now), sql: nothing, feed, followers: [groups] };
}

interface Restored {
  readonly before: Log;
  readonly now: Log;
  readonly items: readonly number[];
  /** The last position that both logs have. */
  readonly kept: number;
}

/** A log, restored up to some event of it, and gone on with by others. */
const restored: fc.Arbitrary<Restored> = fc
  .record({
    steps: fc.array(fc.record({ by: fc.integer({ min: 1, max: 900 }), isTold: fc.boolean() }), {
      maxLength: 60,
    }),
    keptShare: fc.double({ min: 0, max: 1, noNaN: true }),
    grown: fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 60 }),
  })
  .map(({ steps, keptShare, grown }) => {
    const before = new Map<number, string>();
    const items: number[] = [];
    let at = 0;
    for (const { by, isTold } of steps) {
      at += by;
      before.set(at, `before-${at}`);
      if (isTold) items.push(at);
    }
    const positions = [...before.keys()];
    const kept = positions.slice(0, Math.floor(positions.length * keptShare));
    const now = new Map(kept.map((position) => [position, `before-${position}`]));
    at = kept.at(-1) ?? 0;
    for (const by of grown) {
      at += by;
      now.set(at, `since-${at}`);
    }
    return { before, now, items, kept: kept.at(-1) ?? 0 };
  });

test('whatever was lost and however far the log has gone on, consumers are set back to the last item that it still has', async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(restored, async ({ before, now, items, kept }) => {
      const of = following(now, before, items, null);
      const common = items.filter((position) => position <= kept).at(-1) ?? 0;
      const isSame = items.every((position) => position <= kept);
      if (!isSame) lost += 1;
      expect(await agreedUpTo(of)).toBe(String(isSame ? head(now) : common));
      expect(await disagreementWith(of)).toEqual(isSame ? null : expect.objectContaining({ of: 'FEED' }));
    }),
    propertyParameters({ numRuns: 300 }),
  );
  expect(lost).toBeGreaterThan(30);
});

const log = (...ids: string[]): Log => new Map(ids.map((id, index) => [index + 1, id]));

test('a log that has only grown is agreed with to its end, and nobody stands beyond it', async () => {
  const of = following(log('a', 'b', 'c', 'd'), log('a', 'b', 'c'), [1, 3], 3);
  expect(await disagreementWith(of)).toBeNull();
  expect([await agreedUpTo(of), await followersBeyond(of)]).toEqual(['4', 0]);
});

test('feeds that were filled anew since cannot tell where a log was restored that has grown past what a group was given', async () => {
  const of = following(log('a', 'x', 'y'), log('a', 'b', 'c'), [], 3);
  expect(await disagreementWith(of)).toEqual({ of: 'GROUPS', position: '3', id: 'c-dp-water', head: '3' });
  expect(await agreedUpTo(of)).toBeNull();
});

test('without feeds a log that ends before what a group was given is gone back to at its end', async () => {
  const of = following(log('a'), log('a', 'b', 'c'), [], 3);
  expect([await agreedUpTo(of), await followersBeyond(of)]).toEqual(['1', 1]);
});

test('a log that is empty agrees with nothing that was given', async () => {
  const of = following(log(), log('a', 'b'), [1, 2], 2);
  expect(await disagreementWith(of)).not.toBeNull();
  expect(await agreedUpTo(of)).toBe('0');
});
