import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { InMemoryFeedSource } from '../testing/index.js';
import { ConsumerGroups } from './consumer-groups.js';
import type { Delivery } from './delivery.js';
import { ACKNOWLEDGE, EXTEND, GIVE_BACK, type LeaseSql, type Prepared } from './lease.tables.js';

const never = new AbortController().signal;
const deliveryIds = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ deliveryId }) => deliveryId);
const subjectsOf = (deliveries: readonly Delivery[]): unknown[] =>
  deliveries.map(({ cloudEvent }) => (JSON.parse(cloudEvent) as { subject: unknown }).subject);

describe('groups of consumers, when something fails or many come at once', () => {
  let database: TestDatabase;
  let pool: Pool;
  let feed: InMemoryFeedSource;
  let groups: ConsumerGroups;
  let department = 0;
  let name: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, { max: 6 });
  });
  beforeEach(async () => {
    feed = new InMemoryFeedSource();
    name = `dp-${(department += 1)}`;
    groups = await ConsumerGroups.open(pool, feed);
    await groups.create(name, 'system', '0', 3);
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const add = (...subjects: string[]): void =>
    feed.add(name, ...subjects.map((subject) => JSON.stringify({ subject })));
  const lease = (
    max = 10,
    { visibilityMs = 60_000, waitMs = 0, signal = never, by = groups } = {},
  ): Promise<Delivery[]> => by.lease(name, 'system', { max, visibilityMs, waitMs, signal });
  const acknowledge = (deliveries: readonly Delivery[]) =>
    groups.acknowledge(name, 'system', deliveryIds(deliveries));
  const group = async () => (await groups.list(name))[0];
  /** As through a database that `before` is asked about: of each statement, before it. */
  const watched = (before: (statement: string) => void | Promise<void>): Promise<ConsumerGroups> => {
    const sql: LeaseSql = {
      query: async (text, values) => {
        await before((text as Prepared).name);
        return pool.query(text, values);
      },
    };
    return ConsumerGroups.open(pool, feed, sql);
  };

  it('get what is lent, also where what is to come cannot be read; an error only where nothing is lent', async () => {
    add('a', 'b', 'b');
    await lease(1);
    feed.failure = new Error('the feed is away');
    expect(subjectsOf(await lease())).toEqual(['b']);
    await expect(lease()).rejects.toThrow('the feed is away');
    expect(await group()).toMatchObject({ leased: 2, waiting: 1, dead: 0 });
  });

  it.each(['leases/look', 'leases/take-in', 'leases/lease'])(
    'get what is lent where %s fails after that',
    async (failing) => {
      add('a');
      await lease(1, { visibilityMs: 30 });
      add('b');
      await sleep(60);
      let lent = false;
      const by = await watched((statement) => {
        if (lent && statement === failing) throw new Error('PostgreSQL is away');
        lent ||= statement === 'leases/lease';
      });
      expect(subjectsOf(await lease(10, { by }))).toEqual(['a']);
      expect(subjectsOf(await lease())).toEqual(['b']);
    },
  );

  it('get nothing when they go away while it is lent: the others get it, and what is left is as it was', async () => {
    add('a', 'b', 'c', 'd');
    const gone = new AbortController();
    const by = await watched((statement) => {
      if (statement === 'leases/take-in') gone.abort();
    });
    const both = [lease(2, { by, signal: gone.signal }), lease(1, { by })];
    expect((await Promise.all(both)).map(subjectsOf)).toEqual([[], ['a']]);
    expect(await group()).toMatchObject({ leased: 1, waiting: 3 });
    expect((await lease()).map(({ deliveries }) => deliveries)).toEqual([1, 1, 1]);
  });

  it('get what is theirs also where what another one left cannot be taken back', async () => {
    add('a', 'b', 'c');
    const gone = new AbortController();
    const by = await watched((statement) => {
      if (statement === 'leases/take-in') gone.abort();
      if (statement === 'leases/take-back') throw new Error('PostgreSQL is away');
    });
    const both = [lease(2, { by, signal: gone.signal }), lease(1, { by })];
    expect((await Promise.all(both)).map(subjectsOf)).toEqual([[], ['a']]);
    expect(await group()).toMatchObject({ leased: 3, waiting: 0 });
  });

  it.each([ACKNOWLEDGE, GIVE_BACK, EXTEND])(
    'are told of a thousand items at once without each being compared with each: $name',
    async ({ name: statement, text }) => {
      const { rows: held } = await pool.query<{ position: string; lease_id: string }>(
        `insert into leases.deliveries (feed, group_name, position, subject, item, lease_id)
         select $1, 'system', n, n::text, '{}', gen_random_uuid() from generate_series(1, 1000) n
         returning position::text, lease_id::text`,
        [name],
      );
      const client = await pool.connect();
      try {
        await client.query('begin');
        // As where the plan is kept.
        await client.query('set local plan_cache_mode = force_generic_plan');
        const more = statement === ACKNOWLEDGE.name ? [] : [1_000];
        const types = ['text', 'text', 'bigint[]', 'uuid[]', 'uuid[]', 'text[]', ...more.map(() => 'float8')];
        await client.query(`prepare settling (${types.join(', ')}) as ${text}`);
        const positions = held.map(({ position }) => position).join(',');
        const leaseIds = held.map((row) => row.lease_id).join(',');
        // Each by a request of its own, and with a key.
        const commands = [`'{${leaseIds}}'`, `'{${positions}}'`];
        const values = [`'${name}'`, `'system'`, `'{${positions}}'`, `'{${leaseIds}}'`, ...commands, ...more];
        const { rows } = await client.query<Record<'QUERY PLAN', string>>(
          `explain (analyze, timing off) execute settling (${values.join(', ')})`,
        );
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).toMatch(/^CTE Scan on held .*actual rows=1000/);
        expect(plan).toContain('hashed SubPlan');
        expect(plan).not.toContain('Nested Loop');
      } finally {
        await client.query('rollback');
        await client.query('deallocate settling');
        client.release();
      }
    },
  );

  it('settle from the first item to the last, in whatever order they are told, and so do not stop each other', async () => {
    add('a', 'b', 'c');
    const taken = await lease(3);
    const client = await pool.connect();
    const free = async () => {
      const { rows } = await pool.query<{ position: string }>(
        'select position::text from leases.deliveries where feed = $1 order by position for update skip locked',
        [name],
      );
      return rows.map(({ position }) => position);
    };
    try {
      await client.query('begin');
      await client.query('select 1 from leases.deliveries where feed = $1 and position = 2 for update', [
        name,
      ]);
      const settled = acknowledge(taken.toReversed());
      for (const untilMs = performance.now() + 10_000; (await free()).includes('1');) {
        expect(performance.now()).toBeLessThan(untilMs);
        await sleep(10);
      }
      expect(await free()).toEqual(['3']);
      await client.query('commit');
      expect((await settled).settled).toHaveLength(3);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});
