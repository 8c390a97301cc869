import { setTimeout as sleep } from 'node:timers/promises';
import { OwnCluster, until } from '@shaoying/postgres/testing';
import { PostgresEventStore } from './postgres-event-store.js';
import {
  AppendLoad,
  expectNothingLost,
  expectSameEvents,
  Follower,
  seededChance,
  wholeLog,
} from './testing/index.js';

const rounds = 8;

const onLinux = process.platform === 'linux';
const describeOnLinux = onLinux ? describe : describe.skip;

describeOnLinux(`PostgreSQL killed -9 under load${onLinux ? '' : ' (skipped: needs /proc)'}`, () => {
  test('with all its processes, in 8 rounds: writers are told to come back, subscribers wait; nothing lost, nothing doubled', async () => {
    const chance = seededChance();
    const cluster = await OwnCluster.start();
    const url = await cluster.createDatabase('shaoying');
    const store = await PostgresEventStore.open({ url, onWarning: () => undefined });
    const other = await PostgresEventStore.open({ url, onWarning: () => undefined });
    try {
      const loads = [new AppendLoad(store), new AppendLoad(other)];
      const acknowledged = (): number => loads.reduce((sum, load) => sum + load.acknowledged.length, 0);
      const steady = new Follower(store);
      const restless = new Follower(other);
      for (let round = 1; round <= rounds; round += 1) {
        const before = acknowledged();
        await until(`appends in round ${round}`, () => acknowledged() >= before + 50);
        await sleep(chance() * 300);
        await cluster.kill();
        if (chance() < 0.5) {
          // Nobody is answered while it is away; somebody is told so.
          const later = loads[0]?.later ?? 0;
          await until('a writer is told to come back', () => (loads[0]?.later ?? 0) > later);
        }
        if (chance() < 0.5) await restless.restart();
        await sleep(chance() * 300);
        await cluster.start();
      }
      const before = acknowledged();
      await until('appends after the last round', () => acknowledged() >= before + 50);
      await Promise.all(loads.map((load) => load.end()));

      const log = await wholeLog(store);
      expect(loads.flatMap((load) => load.strange)).toEqual([]);
      expectNothingLost(
        log,
        loads.flatMap((load) => load.acknowledged),
      );
      for (const follower of [steady, restless]) {
        await until('a subscriber sees the last event', () => follower.seen.length >= log.length);
        await follower.stop();
        expectSameEvents(follower.seen, log);
      }
    } finally {
      await Promise.all([store.close(), other.close()]);
      await cluster.remove();
    }
  }, 300_000);
});
