import { setTimeout as sleep } from 'node:timers/promises';
import { openAlarmClock } from './open-alarm-clock.js';
import type { OpenDeadline } from './open-deadlines.js';
import { hasRedisServer, OwnRedis, Watch } from './testing/index.js';

const suite = hasRedisServer() ? describe : describe.skip;
const because = hasRedisServer() ? '' : ' (skipped: no redis-server on PATH)';

/** Longer than every time-out of a call, and than the lock of a job, which is 30 s. */
const pauseMs = 31_000;

interface Scene {
  readonly own: OwnRedis;
  readonly watch: Watch;
}

/** A Redis of its own, and a scheduler over it. */
async function scene(
  settings: Readonly<Record<string, string>>,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const own = await OwnRedis.start({ settings });
  try {
    const watch = await Watch.over(await openAlarmClock({ url: own.url }));
    await play({ own, watch }).finally(() => watch.stop());
  } finally {
    await own.remove();
  }
}

/** Side by side: most of a fault is waiting, and each has a Redis of its own. */
suite(`faults of Redis${because}`, () => {
  it.concurrent('FLUSHALL under 1,000 pending deadlines: all fire, once, at most one sweep late', () =>
    scene({}, async ({ own, watch }) => {
      const deadlines = watch.put(1_000, { fromMs: 4_000, toMs: 4_500 });
      await watch.armed();
      await own.ask((redis) => redis.flushall());
      expect(await own.ask((redis) => redis.dbsize())).toBeLessThan(10);
      await watch.ended();
      watch.expectEachOnce();
      expect(await watch.lostAndFound()).toBe(1_000);
      expect(watch.latenessOf(deadlines)).toBeLessThan(Watch.oneSweepMs);
      await watch.expectAlarmsAgain();
    }),
  );

  it.concurrent('kill -9, and back without its data: all fire, once, at most one sweep late', () =>
    scene({}, async ({ own, watch }) => {
      const deadlines = watch.put(200, { fromMs: 500, toMs: 3_000 });
      await watch.armed();
      await own.kill();
      await sleep(1_000);
      await own.start();
      await watch.ended();
      watch.expectEachOnce();
      expect(watch.latenessOf(deadlines)).toBeLessThan(Watch.oneSweepMs);
      await watch.expectAlarmsAgain();
    }),
  );

  it.concurrent('kill -9, and back with its data: what it still holds rings', () =>
    scene({ appendonly: 'yes' }, async ({ own, watch }) => {
      const meanwhile = watch.put(100, { fromMs: 1_000, toMs: 1_500 });
      const afterwards = watch.put(100, { fromMs: 6_000, toMs: 6_500 });
      await watch.armed();
      await own.kill();
      await sleepUntil(meanwhile[99], 0);
      await own.start();
      await sleepUntil(meanwhile[99], Watch.oneSweepMs);
      const swept = await watch.lostAndFound();
      await watch.ended();
      watch.expectEachOnce();
      expect(watch.latenessOf([...meanwhile, ...afterwards])).toBeLessThan(Watch.oneSweepMs);
      expect((await watch.lostAndFound()) - swept).toBeLessThan(afterwards.length);
    }),
  );

  it.concurrent(
    `paused for ${pauseMs / 1_000} s: deadlines are kept meanwhile, and it rings again`,
    () =>
      scene({}, async ({ own, watch }) => {
        const deadlines = watch.put(200, { fromMs: 500, toMs: pauseMs });
        await watch.armed();
        own.pause();
        await sleep(pauseMs);
        own.goOn();
        await watch.ended();
        watch.expectEachOnce();
        expect(watch.latenessOf(deadlines)).toBeLessThan(Watch.oneSweepMs);
        await watch.expectAlarmsAgain();
      }),
    pauseMs + 90_000,
  );

  it.concurrent('full, and with room again: all fire, once, at most one sweep late', () =>
    scene({}, async ({ own, watch }) => {
      const before = watch.put(200, { fromMs: 500, toMs: 3_000 });
      await watch.armed();
      await own.ask((redis) => redis.config('SET', 'maxmemory', '1'));
      // What cannot be armed is swept, and what rings cannot be ended there.
      const meanwhile = watch.put(200, { fromMs: 500, toMs: 3_000 });
      await sleep(4_000);
      await own.ask((redis) => redis.config('SET', 'maxmemory', '0'));
      await watch.ended();
      watch.expectEachOnce();
      expect(watch.latenessOf([...before, ...meanwhile])).toBeLessThan(Watch.oneSweepMs);
      await watch.expectAlarmsAgain();
    }),
  );

  it.concurrent(
    'kill -9, and back with older data, without what was armed since: all fire, once, at most one sweep late',
    () =>
      scene({ appendonly: 'yes' }, async ({ own, watch }) => {
        const first = watch.put(100, { fromMs: 3_000, toMs: 5_000 });
        await watch.armed();
        const kept = await own.ask((redis) => redis.dbsize());
        expect(kept).toBeGreaterThan(100);
        await own.ask((redis) => redis.config('SET', 'appendonly', 'no'));
        const second = watch.put(100, { fromMs: 3_000, toMs: 5_000 });
        await watch.armed();
        await own.kill();
        await own.start();
        expect(await own.ask((redis) => redis.dbsize())).toBeLessThan(kept + second.length);
        await watch.ended();
        watch.expectEachOnce();
        expect(watch.latenessOf([...first, ...second])).toBeLessThan(Watch.oneSweepMs);
        await watch.expectAlarmsAgain();
      }),
  );

  it.concurrent('all connections cut by CLIENT KILL, five times: nothing is lost, and it rings again', () =>
    scene({}, async ({ own, watch }) => {
      const deadlines = watch.put(200, { fromMs: 500, toMs: 2_500 });
      await watch.armed();
      for (let round = 0; round < 5; round += 1) {
        await sleep(400);
        const cut = await own.ask((redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
        expect(cut).toBeGreaterThan(0);
      }
      await watch.ended();
      watch.expectEachOnce();
      expect(watch.latenessOf(deadlines)).toBeLessThan(Watch.oneSweepMs);
      await watch.expectAlarmsAgain();
    }),
  );
});

suite(`a node of Redis Cluster${because}`, () => {
  it('runs the clock, with all its keys in one slot', async () => {
    const own = await OwnRedis.start({ settings: { 'cluster-enabled': 'yes' } });
    try {
      await own.ask((redis) => redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383'));
      const up = async (): Promise<boolean> =>
        String(await own.ask((redis) => redis.cluster('INFO'))).includes('cluster_state:ok');
      while (!(await up())) await sleep(50);
      const watch = await Watch.over(await openAlarmClock({ url: own.url }));
      const near = watch.put(20, { fromMs: 500, toMs: 1_000 });
      const [far] = watch.put(1, { fromMs: 600_000, toMs: 600_000 }) as [OpenDeadline];
      await watch.armed();
      const keys = await own.ask((redis) => redis.keys('*'));
      expect(keys).toContain(`{shaoying}:deadlines:${far.deadlineId}-BREACH`);
      const slots = await own.ask((redis) => Promise.all(keys.map((key) => redis.cluster('KEYSLOT', key))));
      expect(new Set(slots).size).toBe(1);
      watch.truth.remove(far.deadlineId);
      await watch.ended();
      expect(watch.breaches).toHaveLength(near.length);
      // A script over two slots would have been refused, and all this left to the sweeper.
      expect(await watch.lostAndFound()).toBeLessThan(near.length);
      await watch.stop();
    } finally {
      await own.remove();
    }
  });
});

async function sleepUntil(deadline: OpenDeadline | undefined, afterMs: number): Promise<void> {
  await sleep(Math.max(0, Date.parse(deadline?.dueAt ?? '') + afterMs - Date.now()));
}
