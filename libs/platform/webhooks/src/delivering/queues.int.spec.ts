import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import { openAlarmClock } from '@shaoying/timers';
import { hasRedisServer, OwnRedis } from '@shaoying/timers/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { answers, DeliveryPlace, Receiver, until } from '../testing/index.js';
import { deliveryStateOf } from './delivery-log.js';

const redisSuite = hasRedisServer() ? describe : describe.skip;

describe('deliveries woken by a queue', () => {
  let database: TestDatabase;
  let pool: Pool;
  let place: DeliveryPlace;
  let receiver: Receiver;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, { max: 8 });
  });
  beforeEach(async () => {
    place = await DeliveryPlace.open(pool);
    receiver = await Receiver.start();
  });
  afterEach(async () => {
    await place.close();
    await receiver.close();
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const incidents = (from: number, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `inc-${(from + n) % 7}`);
  const allDelivered = async (id: string, ids: readonly string[]): Promise<void> => {
    await until('all are delivered', () => new Set(receiver.ids).size === ids.length);
    await until('all are settled', async () => (await deliveryStateOf(pool, id))?.waiting === 0);
    expect(new Set(receiver.ids)).toEqual(new Set(ids));
  };

  it('on PostgreSQL go on when the queue is emptied under them', async () => {
    const open = () => openAlarmClock({ url: database.url, name: 'webhooks', concurrency: 4 });
    const { id } = await place.register(receiver.url);
    // The looks are far apart: what comes in between, the queue has woken.
    await place.notifier(await open(), { lookEveryMs: 2_000 });
    const ids = place.add(...incidents(0, 10));
    await allDelivered(id, ids);
    receiver.behaviour = answers(500);
    ids.push(...place.add(...incidents(10, 10)));
    await until('some fail', () => receiver.received.length > 15);
    const { rows } = await pool.query<{ name: string }>(
      `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
       where schemaname = 'shaoying_timers' and tablename like '%job%'`,
    );
    expect(rows.length).toBeGreaterThan(0);
    await pool.query(`truncate ${rows.map(({ name }) => name).join(', ')} cascade`);
    receiver.behaviour = answers(204);
    await allDelivered(id, ids);
  });

  redisSuite('on Redis', () => {
    let redis: OwnRedis;
    beforeAll(async () => {
      redis = await OwnRedis.start();
    });
    afterAll(() => redis.remove());

    it('lose nothing when it is flushed, and nothing when it is killed and stays away', async () => {
      const { id } = await place.register(receiver.url);
      const alarms = await openAlarmClock({ url: redis.url, name: 'webhooks', concurrency: 4 });
      await place.notifier(alarms, { lookEveryMs: 500 });
      const ids = place.add(...incidents(0, 10));
      await allDelivered(id, ids);
      receiver.behaviour = answers(503);
      ids.push(...place.add(...incidents(10, 10)));
      await until('some fail', () => receiver.received.length > 15);
      await redis.ask((client) => client.flushall());
      receiver.behaviour = answers(204);
      ids.push(...place.add(...incidents(20, 10)));
      await allDelivered(id, ids);
      await redis.kill();
      ids.push(...place.add(...incidents(30, 10)));
      await allDelivered(id, ids);
      await redis.start();
      await sleep(300);
      ids.push(...place.add(...incidents(40, 5)));
      await allDelivered(id, ids);
    });
  });
});
