import { propertyParameters } from '@shaoying/event-store/testing';
import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { FeedItem, FeedSource } from '../feed.js';
import { ConsumerGroups, groupsPerFeedMax } from './consumer-groups.js';
import { isDeliveryId, type Delivery } from './delivery.js';
import type { LeaseSql } from './lease.tables.js';

/** A feed in memory: items of one department, each about one incident. */
class GrowingFeed implements FeedSource {
  readonly items: FeedItem[] = [];
  private readonly listeners = new Set<() => void>();

  add(...subjects: string[]): void {
    for (const subject of subjects) {
      // Past 9: positions are numbers, not words.
      const position = String(this.items.length + 5);
      this.items.push({ position, cloudEvent: JSON.stringify({ id: `event-${position}`, subject }) });
    }
    for (const listener of [...this.listeners]) listener();
  }

  read(_feedId: string, after: string, limit: number): Promise<FeedItem[]> {
    return Promise.resolve(
      this.items.filter(({ position }) => BigInt(position) > BigInt(after)).slice(0, limit),
    );
  }

  onAdvance(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get listening(): number {
    return this.listeners.size;
  }
}

const never = new AbortController().signal;
const idOf = ({ cloudEvent }: Pick<Delivery, 'cloudEvent'>): string =>
  (JSON.parse(cloudEvent) as { id: string }).id;
const subjectOf = ({ cloudEvent }: Delivery): string =>
  (JSON.parse(cloudEvent) as { subject: string }).subject;
const deliveryIds = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ deliveryId }) => deliveryId);

describe('groups of consumers', () => {
  let database: TestDatabase;
  let pool: Pool;
  let feed: GrowingFeed;
  let groups: ConsumerGroups;
  let department = 0;
  let name: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, { max: 6 });
  });
  beforeEach(async () => {
    feed = new GrowingFeed();
    name = `dp-${(department += 1)}`;
    groups = await ConsumerGroups.open(pool, feed);
    await groups.create(name, 'system', '0', 3);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const lease = (
    max = 10,
    { visibilityMs = 60_000, waitMs = 0, signal = never, group = 'system', by = groups } = {},
  ): Promise<Delivery[]> => by.lease(name, group, { max, visibilityMs, waitMs, signal });
  const acknowledge = (deliveries: readonly Delivery[]) =>
    groups.acknowledge(name, 'system', deliveryIds(deliveries));
  const group = async () => (await groups.list(name))[0];

  it('share the work in the order of the feed: nobody gets what another one has', async () => {
    feed.add('a', 'b', 'c', 'd', 'e');
    const first = await lease(2);
    const second = await lease(2);
    expect([...first, ...second].map(idOf)).toEqual(['event-5', 'event-6', 'event-7', 'event-8']);
    expect(first[0]?.deliveries).toBe(1);
    expect(Date.parse(first[0]?.leasedUntil ?? '')).toBeGreaterThan(Date.now() + 30_000);
    expect(deliveryIds(first).every(isDeliveryId)).toBe(true);
    expect(await group()).toMatchObject({ position: '9', leased: 4, waiting: 1, dead: 0 });
    expect(await acknowledge([...first, ...second])).toEqual({
      ...{ settled: deliveryIds([...first, ...second]), lost: [] },
    });
    expect((await lease()).map(idOf)).toEqual(['event-9']);
    expect(await lease()).toEqual([]);
  });

  it('get the items of one incident one after the other, each once the one before is done', async () => {
    feed.add('a', 'a', 'b', 'a');
    const [first, ofAnother] = await lease();
    expect([first, ofAnother].map((delivery) => delivery && idOf(delivery))).toEqual(['event-5', 'event-7']);
    expect(await lease()).toEqual([]);
    await acknowledge(first ? [first] : []);
    const [second] = await lease();
    expect(second && idOf(second)).toBe('event-6');
    // Given back, it is still before the next one.
    await groups.giveBack(name, 'system', second ? [second.deliveryId] : [], 0);
    expect((await lease()).map(idOf)).toEqual(['event-6']);
  });

  it.each([
    // What was lent then is hidden by its lease, and by ten minutes more.
    ['10 minutes', ['event-6', 'event-7']],
    ['2 days', ['event-5', 'event-6', 'event-7']],
  ])('get what was taken in while the clock of the database was %s ahead', async (ahead, ids) => {
    feed.add('a', 'b', 'c');
    expect((await lease(1)).map(idOf)).toEqual(['event-5']);
    const setBack = `update leases.deliveries set visible_at = visible_at + $2::interval where feed = $1`;
    await pool.query(setBack, [name, ahead]);
    expect(await group()).toMatchObject({ leased: 3 - ids.length, waiting: ids.length });
    expect((await lease()).map(idOf)).toEqual(ids);
    expect(await lease()).toEqual([]);
  });

  it('get an item again when its lease has run out, and the former holder can no longer end it', async () => {
    feed.add('a');
    const late = await lease(1, { visibilityMs: 30 });
    await sleep(60);
    const [again] = await lease(1);
    expect(again).toMatchObject({ deliveries: 2 });
    expect(await acknowledge(late)).toEqual({ settled: [], lost: deliveryIds(late) });
    // Of two leases of one item in one answer, each by itself.
    const both = [...late, ...(again ? [again] : [])];
    expect(await acknowledge(both)).toEqual({ settled: [again?.deliveryId], lost: deliveryIds(late) });
    expect(await lease()).toEqual([]);
  });

  it.each([-3_600_000, 3_600_000])(
    'go by the clock of the database, where that of a server is %i ms off',
    async (offMs) => {
      const now = Date.now.bind(Date);
      const skewed = jest.spyOn(Date, 'now').mockImplementation(() => now() + offMs);
      try {
        feed.add('a');
        const [mine] = await lease(1, { visibilityMs: 1_500 });
        expect(Math.abs(Date.parse(mine?.leasedUntil ?? '') - now())).toBeLessThan(60_000);
        expect(await lease(1)).toEqual([]);
        expect(await lease(1, { waitMs: 10_000 })).toMatchObject([{ deliveries: 2 }]);
      } finally {
        skewed.mockRestore();
      }
    },
  );

  it('keep an item for as long again when they ask in time, or late but before another one has it', async () => {
    feed.add('a');
    const mine = await lease(1, { visibilityMs: 50 });
    expect(await groups.extend(name, 'system', deliveryIds(mine), 60_000)).toMatchObject({ lost: [] });
    await sleep(80);
    expect(await lease()).toEqual([]);
    expect(await acknowledge(mine)).toMatchObject({ lost: [] });
  });

  it('get what was given back after its delay, not before', async () => {
    feed.add('a');
    await groups.giveBack(name, 'system', deliveryIds(await lease()), 1_500);
    expect(await lease()).toEqual([]);
    const [again] = await lease(1, { waitMs: 5_000 });
    expect(again).toMatchObject({ deliveries: 2 });
  });

  it('give up an item after its deliveries: a dead letter, which holds up nothing and can be delivered again', async () => {
    feed.add('a', 'b', 'a');
    const other = (await lease(2)).filter((delivery) => subjectOf(delivery) === 'b');
    await acknowledge(other);
    await groups.giveBack(name, 'system', deliveryIds(await lease(0)), 0);
    await pool.query(`update leases.deliveries set visible_at = now() where feed = $1`, [name]);
    for (const deliveries of [2, 3]) {
      const taken = await lease();
      expect(taken).toMatchObject([{ deliveries }]);
      expect(taken.map(idOf)).toEqual(['event-5']);
      await groups.giveBack(name, 'system', deliveryIds(taken), 0);
    }
    const next = await lease();
    expect(next.map(idOf)).toEqual(['event-7']);
    const [letter, ...more] = await groups.deadLetters(name, 'system', '0', 10);
    expect(more).toEqual([]);
    expect(letter).toMatchObject({ position: '5', deliveries: 3 });
    expect(await groups.deadLetters(name, 'system', '5', 10)).toEqual([]);
    expect(await group()).toMatchObject({ dead: 1, leased: 1 });
    expect(await groups.redrive(name, 'system', ['5', '7', '999'])).toMatchObject({ redriven: ['5'] });
    await acknowledge(next);
    const [redriven] = await lease();
    expect(redriven).toMatchObject({ deliveries: 1 });
    expect(redriven && idOf(redriven)).toBe('event-5');
    expect(await groups.redrive(name, 'system', null)).toMatchObject({ redriven: [] });
  });

  it('deliver a thousand dead letters again at once, the first ones', async () => {
    await pool.query(
      `insert into leases.deliveries (feed, group_name, position, subject, item, dead_at)
       select $1, 'system', n, n::text, '{}', now() from generate_series(1, 1001) n`,
      [name],
    );
    const { redriven } = await groups.redrive(name, 'system', null);
    expect([redriven.length, redriven[0], redriven.at(-1)]).toEqual([1_000, '1', '1000']);
    expect(await groups.redrive(name, 'system', null)).toMatchObject({ redriven: ['1001'] });
  });

  it('share what little there is, in the order in which they asked, and are told together what they have done', async () => {
    feed.add('a', 'b', 'c', 'd', 'e');
    const taken = await Promise.all([lease(100), lease(1), lease(100)]);
    expect(taken.map((deliveries) => deliveries.map(idOf))).toEqual([
      ['event-5', 'event-6'],
      ['event-7'],
      ['event-8', 'event-9'],
    ]);
    const [mine = [], other = [], third = []] = taken;
    const all = [acknowledge(mine), acknowledge([...mine, ...other]), acknowledge(third)];
    // Who acknowledges the same at the same moment is told the same: it is done, by that lease.
    expect(await Promise.all(all)).toEqual([
      { settled: deliveryIds(mine), lost: [] },
      { settled: deliveryIds([...mine, ...other]), lost: [] },
      { settled: deliveryIds(third), lost: [] },
    ]);
    expect(await group()).toMatchObject({ leased: 0, waiting: 0 });
  });

  it('ask the database a few times for all of them, however many ask at once', async () => {
    feed.add(...Array.from({ length: 64 }, (_, index) => `incident-${index}`));
    const asked: string[] = [];
    const counted: LeaseSql = {
      query: (text, values) => {
        asked.push(typeof text === 'string' ? text : (text.name ?? ''));
        return pool.query(text, values);
      },
    };
    const by = await ConsumerGroups.open(pool, feed, counted);
    const taken = await Promise.all(Array.from({ length: 32 }, () => lease(2, { by })));
    expect(taken.every(({ length }) => length === 2)).toBe(true);
    await Promise.all(taken.map((deliveries) => by.acknowledge(name, 'system', deliveryIds(deliveries))));
    expect(asked).toEqual(
      ['lease', 'look', 'take-in', 'lease', 'acknowledge'].map((statement) => `leases/${statement}`),
    );
    // Nothing more in the feed: once is enough to know.
    asked.length = 0;
    expect(await lease(2, { by })).toEqual([]);
    expect(asked).toEqual(['leases/lease', 'leases/look']);
  });

  it('get nothing that nobody would hear of, when they have gone away before their turn', async () => {
    feed.add('a');
    const gone = new AbortController();
    const leaving = lease(1, { waitMs: 5_000, signal: gone.signal });
    gone.abort();
    expect(await leaving).toEqual([]);
    expect((await lease(1)).map(idOf)).toEqual(['event-5']);
  });

  it('of two systems each get everything', async () => {
    await groups.create(name, 'map', '6', 5);
    feed.add('a', 'b', 'c');
    await acknowledge(await lease());
    expect(await lease()).toEqual([]);
    // Begins after 6.
    expect((await lease(10, { group: 'map' })).map(idOf)).toEqual(['event-7']);
  });

  it('wait for what comes, and end the wait with nothing, or when they are told to', async () => {
    const waiting = lease(10, { waitMs: 20_000 });
    await sleep(50);
    feed.add('a');
    expect((await waiting).map(idOf)).toEqual(['event-5']);
    expect(await lease(10, { waitMs: 50 })).toEqual([]);
    const stopping = new AbortController();
    const stopped = lease(10, { waitMs: 60_000, signal: stopping.signal });
    await sleep(20);
    stopping.abort();
    expect(await stopped).toEqual([]);
    expect(feed.listening).toBe(0);
  });

  it('wake up when somebody else’s lease runs out', async () => {
    feed.add('a');
    await lease(1, { visibilityMs: 100 });
    expect((await lease(1, { waitMs: 10_000 })).map(({ deliveries }) => deliveries)).toEqual([2]);
  });

  it('are made once, stay where they are when made again, and are refused when there are too many', async () => {
    feed.add('a');
    await acknowledge(await lease());
    expect(await groups.create(name, 'system', '0', 9)).toBe(false);
    expect(await group()).toMatchObject({ position: '5', maxDeliveries: 3 });
    const names = Array.from({ length: groupsPerFeedMax - 1 }, (_, index) => `group-${index}`);
    for (const other of names) expect(await groups.create(name, other, '0', 3)).toBe(true);
    await expect(groups.create(name, 'one-more', '0', 3)).rejects.toMatchObject({
      code: 'TOO_MANY_CONSUMER_GROUPS',
    });
    expect(await groups.create(name, 'system', '0', 3)).toBe(false);
    await groups.remove(name, 'group-0');
    expect(await groups.create(name, 'one-more', '0', 3)).toBe(true);
    expect((await groups.list(name)).map((one) => one.name)).toContain('one-more');
  });

  it('that are not there are told so, whatever is asked of them', async () => {
    const asked = [
      () => lease(1, { group: 'nobody' }),
      () => groups.acknowledge(name, 'nobody', ['1-00000000-0000-0000-0000-000000000000']),
      () => groups.deadLetters(name, 'nobody', '0', 1),
      () => groups.redrive(name, 'nobody', null),
      () => groups.remove(name, 'nobody'),
    ];
    for (const ask of asked) await expect(ask()).rejects.toMatchObject({ code: 'CONSUMER_GROUP_NOT_FOUND' });
  });

  it.each([
    '',
    '5',
    '5-x',
    'x-00000000-0000-0000-0000-000000000000',
    '99999999999999999999-00000000-0000-0000-0000-000000000000',
    '9223372036854775808-00000000-0000-0000-0000-000000000000',
  ])('know that %j is the id of no delivery', (text) => expect(isDeliveryId(text)).toBe(false));

  it('take in more than their window, and lose and double nothing, whoever dies with a lease', async () => {
    // Without fast-check's fondness for extremes: here they are as likely as anything else.
    const dice = fc.sample(fc.noBias(fc.nat(999_999)), propertyParameters({ numRuns: 20_000 }));
    let throws = 0;
    const chance = (): number => (dice[throws++ % dice.length] ?? 0) / 1_000_000;
    const total = 2_400;
    feed.add(...Array.from({ length: total }, () => `incident-${Math.floor(chance() * 300)}`));
    await groups.remove(name, 'system');
    await groups.create(name, 'system', '0', 100);
    const done: Delivery[] = [];
    // As by two processes, each with several consumers.
    const other = await ConsumerGroups.open(pool, feed);
    const consume = async (by: ConsumerGroups): Promise<void> => {
      while (done.length < total) {
        const taken = await lease(40, { visibilityMs: 150, by });
        const fate = chance();
        // Dies with what it has.
        if (fate < 0.1) continue;
        if (fate < 0.2) await by.giveBack(name, 'system', deliveryIds(taken), chance() * 20);
        else {
          const { settled } = await by.acknowledge(name, 'system', deliveryIds(taken));
          done.push(...taken.filter(({ deliveryId }) => settled.includes(deliveryId)));
        }
        if (taken.length === 0) await sleep(5);
      }
    };
    await Promise.all([consume(groups), consume(other), consume(groups), consume(other)]);
    expect(new Set(done.map(idOf)).size).toBe(total);
    expect(done).toHaveLength(total);
    const bySubject = Map.groupBy(done, subjectOf);
    for (const items of bySubject.values()) {
      const positions = items.map((item) => Number(idOf(item).slice('event-'.length)));
      expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    }
    expect(done.some(({ deliveries }) => deliveries > 1)).toBe(true);
    expect(await group()).toMatchObject({ leased: 0, waiting: 0, dead: 0 });
  }, 120_000);
});
