import { sampleEvent, sampleStreamId } from '@shaoying/event-store/testing';
import { noSmallDisk, OwnCluster, SmallDisk, until } from '@shaoying/postgres/testing';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';
import { AppendLoad, expectNothingLost, expectSameEvents, Follower, wholeLog } from './testing/index.js';

const mib = 1024 * 1024;
const diskMib = 192;

interface Case {
  readonly maxWalSize: string;
  /** What is left when the ballast is in. */
  readonly leftBytes: readonly number[];
  /** What the server must have said, or the test has not seen what it is about. */
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  // A small log that is used again and again: the tables run out of room, and one statement fails.
  {
    maxWalSize: '32MB',
    leftBytes: [0, 2 * mib, 20 * mib],
    says: /ERROR: {2}could not extend file.*No space left/,
  },
  // A log that grows: its next segment of 16 MiB finds no room, and the whole server panics and must recover.
  { maxWalSize: '1GB', leftBytes: [12 * mib, 6 * mib], says: /PANIC: {2}could not write.*No space left/ },
];

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'fulfilled',
    (error: { code?: unknown }) => error.code,
  );

const reason = noSmallDisk();
const describeOnSmallDisk = reason === null ? describe : describe.skip;

describeOnSmallDisk(`a full disk under PostgreSQL${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  test.each(cases)(
    'with $maxWalSize of write-ahead log: writers are told to come back; with space again they go on; nothing lost, nothing doubled, nothing corrupt',
    async ({ maxWalSize, leftBytes, says }) => {
      const settings = { max_wal_size: maxWalSize, min_wal_size: '32MB', shared_buffers: '16MB' };
      const disk = await SmallDisk.mount(diskMib);
      const cluster = await OwnCluster.start({ parent: disk.path, settings }).catch(
        async (error: unknown) => {
          await disk.remove();
          throw error;
        },
      );
      const url = await cluster.createDatabase('shaoying');
      const store = await PostgresEventStore.open({ url, onWarning: () => undefined });
      try {
        const load = new AppendLoad(store, { dataBytes: 4_000 });
        const follower = new Follower(store);
        const told = new Set<unknown>();
        for (const left of leftBytes) {
          const before = load.acknowledged.length;
          await until('appends with space', () => load.acknowledged.length >= before + 50);
          await disk.fill(left);
          const later = load.later;
          await until(`the ${left} bytes left are used up`, () => load.later >= later + 20);
          for (let attempt = 1; attempt <= 5; attempt += 1) {
            // What others freed at this instant may let one through.
            const code = await codeOf(
              store.append(sampleStreamId(), 'none', [sampleEvent({ data: 'x'.repeat(500_000) })]),
            );
            if (code !== 'fulfilled') told.add(code);
          }
          await disk.relieve();
          // A server that cannot write its log panics, and cannot recover without space: then it has to be started again.
          const sinceThen = load.acknowledged.length;
          await until('appends with space again', async () => {
            if (await cluster.died()) await cluster.start();
            return load.acknowledged.length >= sinceThen + 50;
          });
        }
        await load.end();
        expect(await cluster.log()).toMatch(says);
        expect(load.strange).toEqual([]);
        expect(
          [...told].filter((code) => code !== 'STORE_UNAVAILABLE' && code !== 'UNKNOWN_OUTCOME'),
        ).toEqual([]);
        expect(told).toContain('STORE_UNAVAILABLE');

        const log = await wholeLog(store);
        expectNothingLost(log, load.acknowledged);
        await until('the subscriber sees the last event', () => follower.seen.length >= log.length);
        await follower.stop();
        expectSameEvents(follower.seen, log);
        expect(await rowsByEveryPath(url)).toEqual([log.length, log.length, log.length, log.length]);
        // And once more after an orderly end, from what is on the disk.
        await cluster.stop();
        await cluster.start();
        expectSameEvents(await wholeLog(store), log);
      } finally {
        await store.close();
        await cluster.remove();
        await disk.remove();
      }
    },
    300_000,
  );
});

/** Rows of the table itself and of each of its indexes: a torn write would make them differ, or fail its checksum. */
async function rowsByEveryPath(url: string): Promise<number[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const count = async (order: string, settingsOff: readonly string[]): Promise<number> => {
      for (const setting of settingsOff) await client.query(`SET ${setting} = off`);
      const { rows } = await client.query<{ n: string }>(
        `SELECT count(n) AS n FROM (SELECT length(data) AS n FROM log.events ${order} OFFSET 0) e`,
      );
      await client.query('RESET ALL');
      return Number(rows[0]?.n);
    };
    const byIndex = ['enable_seqscan', 'enable_sort', 'enable_bitmapscan'];
    return [
      await count('', ['enable_indexscan', 'enable_indexonlyscan', 'enable_bitmapscan']),
      await count('ORDER BY position', byIndex),
      await count('ORDER BY event_id', byIndex),
      await count('ORDER BY stream_id, revision', byIndex),
    ];
  } finally {
    await client.end();
  }
}
