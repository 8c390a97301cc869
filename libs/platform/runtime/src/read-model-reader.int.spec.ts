import { createPool } from '@shaoying/postgres';
import { createTestDatabase, type TestDatabase } from '@shaoying/postgres/testing';
import type { Pool } from 'pg';
import { ReadModelReader, ReadModelsUnavailable } from './read-model-reader.js';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool(database.url, { max: 1 });
  await pool.query('create schema board; create table board.incidents (incident_id text)');
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test.each([
  ['a schema', 'select 1 from nobody.incidents'],
  ['a table', 'select 1 from board.reports'],
  ['a column, as where the tables are those of another release', 'select reported_at from board.incidents'],
])('what lacks %s cannot be asked now, which passes by itself', async (_, text) => {
  await expect(new ReadModelReader(pool).query(text)).rejects.toBeInstanceOf(ReadModelsUnavailable);
});

test.each(['selec 1', 'select 1 / 0'])(
  'a fault of the question itself is told as it is: %s',
  async (text) => {
    const failure: unknown = await new ReadModelReader(pool).query(text).catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(ReadModelsUnavailable);
    expect(failure).toBeInstanceOf(Error);
  },
);
