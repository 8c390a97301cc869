import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import type { Pool } from 'pg';
import { ReadModelReader, ReadModelsBeingRebuilt, ReadModelsUnavailable } from './read-model-reader.js';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url, { max: 1 });
  await pool.query(
    'create schema board; create table board.incidents (incident_id text, filed_at text, parts text)',
  );
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test.each([
  ['a schema', 'select 1 from nobody.incidents'],
  ['a table', 'select 1 from board.reports'],
  ['a column', 'select reported_at from board.incidents'],
  ['columns of a type to compare', 'select 1 from board.incidents where filed_at < now()'],
  ['columns of a type to choose from', 'select coalesce(filed_at, now()) from board.incidents'],
  ['columns of a type to calculate with', 'select unnest(parts) from board.incidents'],
])('tables of another release, which lack %s, are being rebuilt, which passes by itself', async (_, text) => {
  await expect(new ReadModelReader(pool).query(text)).rejects.toBeInstanceOf(ReadModelsBeingRebuilt);
});

test('a question that takes too long cannot be answered now, which passes by itself', async () => {
  const slow = createPool(database.url, { max: 1, answerMsMax: 100 });
  try {
    await expect(new ReadModelReader(slow).query('select pg_sleep(5)')).rejects.toBeInstanceOf(
      ReadModelsUnavailable,
    );
  } finally {
    await slow.end();
  }
});

test.each(['selec 1', 'select 1 / 0'])(
  'a fault of the question itself is told as it is: %s',
  async (text) => {
    const failure: unknown = await new ReadModelReader(pool).query(text).catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(ReadModelsUnavailable);
    expect(failure).toBeInstanceOf(Error);
  },
);
