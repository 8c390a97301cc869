import { propertyParameters } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FeedItem } from './feed.js';
import { SharedFeeds } from './shared-feeds.js';
import { InMemoryFeedSource } from './testing/index.js';

const positionsOf = (items: readonly FeedItem[]): number[] => items.map(({ position }) => Number(position));

/** Follows one feed as a stream does: reads to its end, then whenever it is told of news. */
class Reader {
  readonly seen: number[] = [];
  private position: string;
  private hasNews = true;
  private reading: Promise<void> | undefined;
  private readonly leave: () => void;

  constructor(
    private readonly feeds: SharedFeeds,
    private readonly feedId: string,
    after: string,
  ) {
    this.position = after;
    this.leave = feeds.onNews(feedId, () => {
      this.hasNews = true;
      this.reading ??= this.read();
    });
    this.reading = this.read();
  }

  async close(): Promise<void> {
    this.leave();
    await this.reading;
  }

  private async read(): Promise<void> {
    while (this.hasNews) {
      this.hasNews = false;
      for (let isMore = true; isMore;) {
        const items = await this.feeds.read(this.feedId, this.position, 3);
        this.seen.push(...positionsOf(items));
        this.position = items.at(-1)?.position ?? this.position;
        isMore = items.length >= 3;
      }
    }
    this.reading = undefined;
  }
}

async function until(check: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 5_000; !check();) {
    if (Date.now() > endMs) throw new Error('it did not come about');
    await sleep(2);
  }
}

describe('feeds that many follow', () => {
  let log: InMemoryFeedSource;
  beforeEach(() => (log = new InMemoryFeedSource()));

  it('are read once for all who begin at the same place', async () => {
    log.add('a', '{}');
    const feeds = new SharedFeeds(log);
    const reads = await Promise.all(Array.from({ length: 50 }, () => feeds.read('a', '0', 10)));
    expect(log.reads).toBe(1);
    for (const items of reads) expect(items).toHaveLength(1);
  });

  it('cost one reading for an advance, however many follow, and wake only those with news', async () => {
    const feeds = new SharedFeeds(log);
    const [ofA, ofB] = [jest.fn(), jest.fn()];
    const leave = [
      ...Array.from({ length: 200 }, () => feeds.onNews('a', ofA)),
      ...Array.from({ length: 200 }, () => feeds.onNews('b', ofB)),
    ];
    await feeds.read('a', '0', 10);
    const before = { reads: log.reads, all: log.readingsOfAll };
    log.add('a', '{}', '{}');
    await until(() => ofA.mock.calls.length === 200);
    const served = await Promise.all(Array.from({ length: 200 }, () => feeds.read('a', '0', 10)));
    for (const items of served) expect(positionsOf(items)).toEqual([1, 2]);
    expect(log.reads).toBe(before.reads);
    expect(log.readingsOfAll).toBe(before.all + 1);
    expect(ofB).not.toHaveBeenCalled();
    for (const unsubscribe of leave) unsubscribe();
    expect(log.listeners.size).toBe(0);
  });

  it('are one subscription for any number of followers, each of whom leaves once', () => {
    const feeds = new SharedFeeds(log);
    const count = jest.fn();
    const leave = Array.from({ length: 100 }, () => feeds.onAdvance(count));
    expect(log.listeners.size).toBe(1);
    log.add('a', '{}');
    expect(count).toHaveBeenCalledTimes(100);
    leave[0]?.();
    leave[0]?.();
    expect(log.listeners.size).toBe(1);
    for (const unsubscribe of leave) unsubscribe();
    expect(log.listeners.size).toBe(0);
  });

  it('are never told from a reading that began before the advance', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const read = log.read.bind(log);
    jest.spyOn(log, 'read').mockImplementationOnce(async (...args) => {
      const before = await read(...args);
      await held;
      return before;
    });
    const feeds = new SharedFeeds(log);
    const leave = feeds.onAdvance(() => undefined);
    const stale = feeds.read('a', '0', 10);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    log.add('a', '{}');
    const fresh = feeds.read('a', '0', 10);
    release();
    expect([await stale, await fresh].map((items) => items.length)).toEqual([0, 1]);
    leave();
  });

  it('are read again after a reading that failed, by itself', async () => {
    const errors: unknown[] = [];
    const feeds = new SharedFeeds(log, { onError: (error) => errors.push(error) });
    const reader = new Reader(feeds, 'a', '0');
    log.failure = new Error('database away');
    log.add('a', '{}');
    await until(() => errors.length > 0);
    expect(errors[0]).toBe(log.failure);
    log.failure = undefined;
    await until(() => reader.seen.length === 1);
    await reader.close();
    await expect(feeds.read('b', '0', 10)).resolves.toEqual([]);
  });

  it('that were set back are read from where everybody is', async () => {
    const feeds = new SharedFeeds(log);
    log.add('a', ...Array.from({ length: 9 }, () => '{}'));
    const reader = new Reader(feeds, 'a', '0');
    await until(() => reader.seen.length === 9);
    const reached = jest.spyOn(log, 'reached').mockReturnValue('4');
    const late = new Reader(feeds, 'b', '4');
    log.addAt('b', '5', '{}');
    reached.mockReturnValue('5');
    log.addAt('b', '6', '{}');
    reached.mockRestore();
    await until(() => late.seen.length === 2);
    expect(late.seen).toEqual([5, 6]);
    await Promise.all([reader.close(), late.close()]);
  });

  it('keep no more than they may: who falls behind reads by itself', async () => {
    const feeds = new SharedFeeds(log, { itemsMax: 5 });
    const leave = feeds.onNews('a', () => undefined);
    await feeds.read('a', '0', 10);
    const reads = log.reads;
    log.add('a', ...Array.from({ length: 20 }, () => '{}'));
    await until(() => log.readingsOfAll === 1);
    await sleep(20);
    expect(positionsOf(await feeds.read('a', '15', 10))).toEqual([16, 17, 18, 19, 20]);
    expect(log.reads).toBe(reads);
    expect(positionsOf(await feeds.read('a', '14', 10))).toEqual([15, 16, 17, 18, 19, 20]);
    expect(log.reads).toBe(reads + 1);
    leave();
  });

  it('give every follower everything once and in order, whenever it comes and wherever it begins', async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ add: fc.nat(2), times: fc.integer({ min: 1, max: 7 }) }),
        fc.record({ join: fc.nat(2), back: fc.nat(12) }),
        fc.record({ pauseMs: fc.integer({ min: 0, max: 4 }) }),
        fc.record({ leave: fc.nat(20) }),
      ),
      { minLength: 5, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const own = new InMemoryFeedSource();
        const feeds = new SharedFeeds(own, { itemsMax: 6 });
        const readers: { reader: Reader; feedId: string; after: number }[] = [];
        const all = async (feedId: string, after: number): Promise<number[]> =>
          positionsOf(await own.read(feedId, String(after), 10_000));
        for (const step of taken) {
          if ('add' in step) own.add(`feed-${step.add}`, ...Array.from({ length: step.times }, () => '{}'));
          else if ('pauseMs' in step) await sleep(step.pauseMs);
          else if ('join' in step) {
            const [feedId, after] = [`feed-${step.join}`, Math.max(0, Number(own.reached()) - step.back)];
            readers.push({ reader: new Reader(feeds, feedId, String(after)), feedId, after });
          } else {
            const [gone] = readers.splice(step.leave, 1);
            if (gone === undefined) continue;
            await gone.reader.close();
            // A prefix, without a gap.
            const whole = await all(gone.feedId, gone.after);
            expect(gone.reader.seen).toEqual(whole.slice(0, gone.reader.seen.length));
          }
        }
        for (const { reader, feedId, after } of readers) {
          const whole = await all(feedId, after);
          await until(() => reader.seen.length >= whole.length);
          expect(reader.seen).toEqual(whole);
        }
        await Promise.all(readers.map(({ reader }) => reader.close()));
        expect(own.listeners.size).toBe(0);
      }),
      propertyParameters({ numRuns: 60 }),
    );
  }, 60_000);
});
