import { createTestDatabase, OwnCluster } from '@shaoying/postgres/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { openAlarmClock } from './open-alarm-clock.js';
import { Watch } from './testing/index.js';

/** Ends every other session of the database. @returns how many there were */
async function cutSessions(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}

/** Side by side: most of a fault is waiting, and each has a database of its own. */
describe('faults of PostgreSQL', () => {
  it.concurrent(
    'all sessions of the clock ended, five times: nothing is lost, and it rings again',
    async () => {
      const database = await createTestDatabase();
      const watch = await Watch.over(await openAlarmClock({ url: database.url }));
      try {
        const deadlines = watch.put(200, { fromMs: 500, toMs: 2_500 });
        await watch.armed();
        for (let round = 0; round < 5; round += 1) {
          await sleep(400);
          expect(await cutSessions(database.url)).toBeGreaterThan(0);
        }
        await watch.ended();
        watch.expectEachOnce();
        expect(watch.latenessOf(deadlines)).toBeLessThan(Watch.oneSweepMs);
        await watch.expectAlarmsAgain();
      } finally {
        await watch.stop();
        await database.drop();
      }
    },
  );

  it.concurrent('killed -9 and started again: nothing is lost, and it rings again', async () => {
    const cluster = await OwnCluster.start();
    try {
      const watch = await Watch.over(await openAlarmClock({ url: cluster.url() }));
      try {
        const deadlines = watch.put(200, { fromMs: 500, toMs: 3_000 });
        await watch.armed();
        await cluster.kill();
        await sleep(500);
        await cluster.start();
        await watch.ended();
        watch.expectEachOnce();
        expect(watch.latenessOf(deadlines)).toBeLessThan(Watch.oneSweepMs);
        await watch.expectAlarmsAgain();
      } finally {
        await watch.stop();
      }
    } finally {
      await cluster.remove();
    }
  });

  it.concurrent(
    'two schedulers at once, one of them gone in the middle: each breach is written once',
    async () => {
      const database = await createTestDatabase();
      const open = () => openAlarmClock({ url: database.url });
      const watch = await Watch.over(await open(), await open());
      try {
        const deadlines = watch.put(400, { fromMs: 1_000, toMs: 3_000 });
        await watch.armed();
        await sleep(2_000);
        await watch.schedulers[0]?.stop();
        await watch.ended();
        watch.expectBreachedOnce();
        expect(watch.latenessOf(deadlines)).toBeLessThan(Watch.oneSweepMs);
      } finally {
        await watch.stop();
        await database.drop();
      }
    },
  );
});
