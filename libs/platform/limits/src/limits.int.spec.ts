import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { OwnRedis } from '@shaoying/timers/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { openLimits, type Limits } from './open-limits.js';
import type { Limit } from './shared-points.js';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const skipReason = redisUrl
  ? undefined
  : (process.env['TEST_REDIS_SKIP_REASON'] ?? 'TEST_REDIS_URL is not set');
const redisSuite = skipReason === undefined ? describe : describe.skip;
const because = skipReason === undefined ? '' : ` (skipped: ${skipReason})`;

const secret = randomBytes(32);
const silent = { warn: () => undefined, info: () => undefined };
const opened: Limits[] = [];

async function processes(url: string, count: number): Promise<Limits[]> {
  const all = await Promise.all(
    Array.from({ length: count }, () => openLimits({ url, secret, log: silent })),
  );
  opened.push(...all);
  return all;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((limits) => limits.close()));
});

async function race(limits: readonly Limits[], limit: Limit, key: string, requests: number): Promise<number> {
  const shared = limits.map((each) => each.of(limit));
  const verdicts = await Promise.all(
    Array.from({ length: requests }, (_, index) => shared[index % shared.length]!.take(key)),
  );
  return verdicts.filter(({ admitted }) => admitted).length;
}

/** What every store must do. */
function limitsContract(urlOf: () => string): void {
  it('admits in four racing processes together exactly its points', async () => {
    const limit = { name: 'token', points: 500, windowSeconds: 60 };
    expect(await race(await processes(urlOf(), 4), limit, randomUUID(), 2_000)).toBe(500);
  });

  it('admits as many again when the window has passed, and not before', async () => {
    const limit = { name: 'token', points: 40, windowSeconds: 2 };
    const limits = await processes(urlOf(), 2);
    const key = randomUUID();
    expect(await race(limits, limit, key, 100)).toBe(40);
    expect(await race(limits, limit, key, 100)).toBe(0);
    await sleep(2_100);
    expect(await race(limits, limit, key, 100)).toBe(40);
  });

  it('counts limits of another name and other callers apart', async () => {
    const limits = await processes(urlOf(), 1);
    const limit = { name: 'token', points: 1, windowSeconds: 60 };
    const key = randomUUID();
    expect(await race(limits, limit, key, 2)).toBe(1);
    expect(await race(limits, { ...limit, name: 'address' }, key, 2)).toBe(1);
    expect(await race(limits, limit, randomUUID(), 2)).toBe(1);
  });
}

describe('limits on PostgreSQL', () => {
  let database: TestDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new Pool({ connectionString: database.url, max: 1 });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  limitsContract(() => database.url);

  it('keeps them unlogged, and neither an address nor an account', async () => {
    const [limits] = await processes(database.url, 1);
    await race([limits!], { name: 'address', points: 5, windowSeconds: 60 }, '203.0.113.77', 1);
    const { rows } = await pool.query<{ kind: string }>(
      `select relpersistence as kind from pg_class where oid = 'limits.points'::regclass`,
    );
    expect(rows).toEqual([{ kind: 'u' }]);
    const { rows: kept } = await pool.query<{ key: string }>('select key from limits.points');
    expect(kept.length).toBeGreaterThan(0);
    for (const { key } of kept) expect(key).toMatch(/^[a-z]+:[\w-]{22}$/);
  });

  it('refuse nobody for a window that a clock two days ahead has begun, and count again from then on', async () => {
    const limit = { name: 'anonymous', points: 3, windowSeconds: 60 };
    const key = randomUUID();
    expect(await race(await processes(database.url, 1), limit, key, 5)).toBe(3);
    await pool.query(`update limits.points set expire = expire + 172800000`);
    const limits = await processes(database.url, 2);
    expect(await race([limits[0]!], limit, key, 5)).toBe(3);
    expect(await race([limits[1]!], limit, key, 5)).toBe(0);
  });

  it('count together by clocks ten minutes apart', async () => {
    const limit = { name: 'anonymous', points: 3, windowSeconds: 60 };
    const key = randomUUID();
    expect(await race(await processes(database.url, 1), limit, key, 5)).toBe(3);
    await pool.query(`update limits.points set expire = expire + 600000`);
    expect(await race(await processes(database.url, 1), limit, key, 5)).toBe(0);
  });

  it('goes on by itself when the table cannot be reached', async () => {
    const limits = await processes(database.url, 2);
    const limit = { name: 'anonymous', points: 3, windowSeconds: 60 };
    await pool.query('alter schema limits rename to away');
    try {
      const key = randomUUID();
      expect(await race([limits[0]!], limit, key, 5)).toBe(3);
      expect(await race([limits[1]!], limit, key, 5)).toBe(3);
    } finally {
      await pool.query('alter schema away rename to limits');
    }
  });
});

redisSuite(`limits on Redis${because}`, () => {
  limitsContract(() => redisUrl);

  it('survive a Redis that is killed, or held still, or was never there, and find it again', async () => {
    const own = await OwnRedis.start();
    try {
      const limits = await processes(own.url, 1);
      const limit = { name: 'token', points: 4, windowSeconds: 60 };
      expect(await race(limits, limit, 'before', 8)).toBe(4);
      own.pause();
      const startedMs = performance.now();
      expect(await race(limits, limit, 'paused', 8)).toBe(4);
      expect(performance.now() - startedMs).toBeLessThan(5_000);
      own.goOn();
      await own.kill();
      expect(await race(limits, limit, 'killed', 8)).toBe(4);
      limits.push(...(await processes(own.url, 1)));
      expect(await race(limits, limit, 'never-there', 8)).toBe(8);
      await own.start();
      // Told from counting alone by this: both processes count together again.
      for (const endMs = Date.now() + 60_000; Date.now() < endMs; await sleep(200)) {
        if ((await race(limits, limit, randomUUID(), 8)) === 4) break;
      }
      expect(await race(limits, limit, 'again', 8)).toBe(4);
    } finally {
      await own.remove();
    }
  }, 120_000);
});
