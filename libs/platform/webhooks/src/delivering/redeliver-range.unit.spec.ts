import type { FeedItem } from '@shaoying/subscriptions';
import {
  itemsWithin,
  rangeOf,
  redeliverItemsMax,
  redeliverWalkMax,
  type AskedRange,
  type RedeliverRange,
} from './redeliver-range.js';

const secondsLater = (seconds: number): string =>
  new Date(Date.UTC(2026, 1, 13, 10, 0, seconds)).toISOString();
const itemAt = (position: number, seconds: number): FeedItem => ({
  position: String(position),
  cloudEvent: JSON.stringify({ id: `event-${position}`, time: secondsLater(seconds) }),
});
const feedOf = (items: readonly FeedItem[]) => ({
  read: (_feed: string, after: string, limit: number) =>
    Promise.resolve(items.filter(({ position }) => Number(position) > Number(after)).slice(0, limit)),
});
const everything = '9000000000000000000';

/** Told at 0, 10, 20 … s; the fourth, late, by a clock that was away. */
const told = [0, 10, 20, 5, 30].map((seconds, index) => itemAt(index + 1, seconds));
const found = async (range: RedeliverRange, reached = everything) => {
  const { items, next } = await itemsWithin(feedOf(told), 'dp-water', range, reached);
  expect(next).toBeNull();
  return items.map(({ position }) => position);
};

describe('what of a feed is to be delivered again', () => {
  it.each<[RedeliverRange, readonly string[]]>([
    [{ fromPosition: '2', toPosition: '3' }, ['2', '3']],
    [{ fromPosition: '4' }, ['4', '5']],
    [{ fromTime: secondsLater(5), toTime: secondsLater(10) }, ['2', '4']],
    [{ fromTime: secondsLater(20) }, ['3', '5']],
    [{ fromPosition: '3', toTime: secondsLater(20) }, ['3', '4']],
    [{ fromTime: secondsLater(31) }, []],
    [{ fromTime: secondsLater(5), toPosition: '2' }, ['2']],
  ])('is by position, by the time each tells, and both: %j', async (range, positions) => {
    expect(await found(range)).toEqual(positions);
  });

  it('is nothing that the endpoint has not come to', async () => {
    expect(await found({ fromTime: secondsLater(0) }, '3')).toEqual(['1', '2', '3']);
  });

  it('is a thousand at once, and says where to go on', async () => {
    const many = Array.from({ length: redeliverItemsMax + 2 }, (_, index) => itemAt(index + 1, index));
    const range = { fromTime: secondsLater(0) };
    const { items, next } = await itemsWithin(feedOf(many), 'dp-water', range, everything);
    expect([items.length, next]).toEqual([redeliverItemsMax, String(redeliverItemsMax)]);
    const rest = await itemsWithin(feedOf(many), 'dp-water', { ...range, after: next ?? '' }, everything);
    expect(rest).toMatchObject({ items: [{ position: '1001' }, { position: '1002' }], next: null });
  });

  it('is looked for among so many and no more, however few of them are of the time', async () => {
    const many = Array.from({ length: redeliverWalkMax + 1 }, (_, index) => itemAt(index + 1, index));
    const range = { fromTime: secondsLater(redeliverWalkMax) };
    const first = await itemsWithin(feedOf(many), 'dp-water', range, everything);
    expect(first).toEqual({ items: [], next: String(redeliverWalkMax) });
    const going = await itemsWithin(
      feedOf(many),
      'dp-water',
      { ...range, after: first.next ?? '' },
      everything,
    );
    expect(going.items.map(({ position }) => position)).toEqual([String(redeliverWalkMax + 1)]);
  });

  // Every third one late: told up to 900 s after what comes behind it. Before the first cut, and behind it.
  const unordered = Array.from({ length: 3 * redeliverItemsMax }, (_, index) =>
    itemAt(index + 11, index % 3 === 0 ? index - 900 : index),
  );
  it.each<[AskedRange, number]>([
    [{ from: secondsLater(0) }, 3],
    [{ from: secondsLater(0), to: null, after: null }, 3],
    [{ from: secondsLater(100), to: secondsLater(2_500) }, 3],
    [{ from: secondsLater(100), to: '2900' }, 3],
    [{ from: '15', to: secondsLater(1_500) }, 2],
    [{ from: '15', to: '1900' }, 2],
    [{ from: '15' }, 1],
  ])(
    'is the same when it is asked for in goes, each with what was said of the one before: %j',
    async (asked, goesWanted) => {
      const goes: FeedItem[][] = [];
      let after: string | null = asked.after ?? null;
      do {
        const { items, next } = await itemsWithin(
          feedOf(unordered),
          'dp-water',
          rangeOf({ ...asked, ...(after !== null && { after }) }),
          everything,
        );
        goes.push([...items]);
        after = next;
      } while (after !== null);
      const { fromPosition = '0', toPosition = everything, fromTime = '', toTime = '9' } = rangeOf(asked);
      const wanted = unordered.filter(({ position, cloudEvent }) => {
        const { time } = JSON.parse(cloudEvent) as { time: string };
        const isThere = BigInt(position) >= BigInt(fromPosition) && BigInt(position) <= BigInt(toPosition);
        return isThere && time >= fromTime && time <= toTime;
      });
      const positions = (items: readonly FeedItem[]) => items.map(({ position }) => position);
      expect(positions(goes.flat())).toEqual(positions(wanted));
      expect(goes.length).toBe(goesWanted);
    },
  );
});
