import { SimulatedClock } from '@shaoying/config';
import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import type { Pool } from 'pg';
import { FileStoreUnavailable, TooManyFiles } from './files.errors.js';
import { UploadAllowance } from './upload-allowance.js';

const clock = new SimulatedClock('2026-02-13T15:00:00Z');
let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url, { max: 4 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test('so many a day for one, whatever the others send; counted once for two processes that start and count at once', async () => {
  const opened = await Promise.all([1, 2, 3, 4].map(() => UploadAllowance.open(pool, 5, clock)));
  const uses = Array.from({ length: 12 }, (_, index) => opened[index % 4]!.use('worker-1'));
  const outcomes = await Promise.allSettled(uses);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(refused).toHaveLength(7);
  // 23:00 in Shanghai: an hour is left of the day.
  expect(refused[0]?.reason).toMatchObject({ code: 'TOO_MANY_FILES', retryAfterSeconds: 3_600 });
  await opened[0]!.use('worker-2');
  clock.advanceMs(3_600_000);
  await opened[0]!.use('worker-1');
});

test('tells nobody’s account, and keeps one row for each', async () => {
  const { rows } = await pool.query<{ row: string }>('SELECT u::text AS row FROM files.uploads u');
  expect(rows).toHaveLength(2);
  expect(JSON.stringify(rows)).not.toContain('worker');
});

test('without its database nothing is counted, and so nothing new is taken', async () => {
  const away = createPool(database.url);
  const allowance = await UploadAllowance.open(away, 5, clock);
  await away.end();
  const refused = allowance.use('worker-3');
  await expect(refused).rejects.toBeInstanceOf(FileStoreUnavailable);
  await expect(allowance.use('worker-3')).rejects.not.toBeInstanceOf(TooManyFiles);
});
