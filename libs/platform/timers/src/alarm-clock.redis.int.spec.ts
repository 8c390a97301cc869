import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { awaitAlarmClock } from './awaited-alarm-clock.js';
import { openAlarmClock } from './open-alarm-clock.js';
import { REDIS_PREFIX } from './redis-engine.js';
import { alarmClockContract, OwnRedis } from './testing/index.js';

const url = process.env['TEST_REDIS_URL'] ?? '';
const skipReason = url ? undefined : (process.env['TEST_REDIS_SKIP_REASON'] ?? 'TEST_REDIS_URL is not set');
const suite = skipReason === undefined ? describe : describe.skip;
const because = skipReason === undefined ? '' : ` (skipped: ${skipReason})`;

async function withRedis<T>(at: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(at, { disconnectTimeout: 100 });
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

const keysOf = (redis: Redis, name: string) => redis.keys(`${REDIS_PREFIX}:${name}:*`);

alarmClockContract(
  'the alarm clock on Redis',
  async () => {
    const name = `test-${randomBytes(6).toString('hex')}`;
    return {
      open: (options) => openAlarmClock({ url, name, ...options }),
      // Not FLUSHALL: other specs share this Redis, and REDIS_URL may be somebody's.
      wipe: () =>
        withRedis(url, async (redis) => {
          await redis.del(...(await keysOf(redis, name)));
        }),
    };
  },
  skipReason,
);

suite(`opening on Redis${because}`, () => {
  it('keeps all keys under one hash tag, so that Redis Cluster has them in one slot', async () => {
    const name = `slot-${randomBytes(6).toString('hex')}`;
    const clock = await openAlarmClock({ url, name });
    try {
      await clock.arm([{ deadlineId: 'd', tier: 'BREACH', dueAt: '2999-01-01T00:00:00Z' }]);
      await withRedis(url, async (redis) => {
        const keys = await keysOf(redis, name);
        expect(keys).toContain(`{shaoying}:${name}:d-BREACH`);
        expect(keys.every((key) => key.startsWith('{shaoying}:'))).toBe(true);
        expect(JSON.parse((await redis.hget(`{shaoying}:${name}:d-BREACH`, 'data')) ?? '')).toEqual({
          deadlineId: 'd',
          tier: 'BREACH',
          dueAt: '2999-01-01T00:00:00.000Z',
          attempt: 1,
        });
        await redis.del(...keys);
      });
    } finally {
      await clock.close();
    }
  });

  it('says that it is not available when nobody answers', async () => {
    await expect(openAlarmClock({ url: 'redis://:secret-word@127.0.0.1:1' })).rejects.toMatchObject({
      code: 'ALARM_CLOCK_UNAVAILABLE',
      message: expect.not.stringContaining('secret-word'),
    });
  });
});

suite(`an own Redis${because}`, () => {
  let own: OwnRedis;

  beforeEach(async () => {
    own = await OwnRedis.start();
  });

  afterEach(() => own.remove());

  it('is refused, with a sentence that says why, when it evicts keys', async () => {
    for (const policy of ['allkeys-lru', 'volatile-ttl']) {
      await own.ask((redis) => redis.config('SET', 'maxmemory-policy', policy));
      await expect(openAlarmClock({ url: own.url })).rejects.toMatchObject({
        code: 'REDIS_EVICTS_KEYS',
        policy,
        message: expect.stringMatching(/silently drop armed deadlines.*noeviction/),
      });
    }
    await own.ask((redis) => redis.config('SET', 'maxmemory-policy', 'noeviction'));
    await (await openAlarmClock({ url: own.url })).close();
  });

  it('may be away as a clock is opened: nothing is armed, and it rings once Redis is there', async () => {
    const clockOf = () => openAlarmClock({ url: own.url });
    const alarm = { deadlineId: 'd', tier: 'BREACH', dueAt: '2026-01-01T00:00:00.000Z' };
    await own.kill();
    const clock = await awaitAlarmClock(clockOf, { againMs: 50 });
    try {
      const rung = new Promise((resolve) => void clock.listen(async (fired) => resolve(fired)));
      await expect(clock.arm([alarm])).rejects.toMatchObject({ code: 'ALARM_CLOCK_UNAVAILABLE' });
      await own.start();
      while (
        !(await clock.arm([alarm]).then(
          () => true,
          () => false,
        ))
      )
        await sleep(20);
      expect(await rung).toMatchObject(alarm);
    } finally {
      await clock.close();
    }
  });

  it('is not waited for where it refuses for good', async () => {
    await own.ask((redis) => redis.config('SET', 'requirepass', 'a-password'));
    const clockOf = () => openAlarmClock({ url: own.url.replace('redis://', 'redis://:another@') });
    await expect(awaitAlarmClock(clockOf)).rejects.toMatchObject({ code: 'ALARM_CLOCK_UNAVAILABLE' });
  });

  it.each(['killed', 'paused'] as const)('may be %s: arming gives up, and closing ends', async (how) => {
    const clock = await openAlarmClock({ url: own.url });
    await clock.listen(async () => {});
    if (how === 'killed') await own.kill();
    else own.pause();
    const started = Date.now();
    await expect(
      clock.arm([{ deadlineId: 'd', tier: 'BREACH', dueAt: '2999-01-01T00:00:00Z' }]),
    ).rejects.toThrow();
    expect(Date.now() - started).toBeLessThan(8_000);
    const closing = Date.now();
    await clock.close();
    expect(Date.now() - closing).toBeLessThan(5_000);
  });
});
