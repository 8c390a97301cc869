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
  await expect(new ReadModelReader(pool, []).query(text)).rejects.toBeInstanceOf(ReadModelsBeingRebuilt);
});

test('a question that takes too long cannot be answered now, which passes by itself', async () => {
  const slow = createPool(database.url, { max: 1, answerMsMax: 100 });
  try {
    await expect(new ReadModelReader(slow, []).query('select pg_sleep(5)')).rejects.toBeInstanceOf(
      ReadModelsUnavailable,
    );
  } finally {
    await slow.end();
  }
});

test.each(['selec 1', 'select 1 / 0'])(
  'a fault of the question itself is told as it is: %s',
  async (text) => {
    const failure: unknown = await new ReadModelReader(pool, []).query(text).catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(ReadModelsUnavailable);
    expect(failure).toBeInstanceOf(Error);
  },
);

describe('tables of one version', () => {
  const board = { name: 'tally', version: 3 };
  const sum = 'with all_of_them as (select n from tally.rows) select sum(n)::int as sum from all_of_them';
  const questions = [
    sum,
    'select sum(n)::int as sum from tally.rows',
    `\n  (${sum}) union (${sum})`,
    `with recursive one as (select 1 as n union select n from one) select sum(r.n)::int as sum from tally.rows r, one`,
  ];

  beforeEach(async () => {
    await pool.query(
      'create schema tally; create table tally.rows (n int); insert into tally.rows values (1), (2); create domain tally.version_3 as boolean',
    );
  });
  afterEach(() => pool.query('drop schema tally cascade'));

  const become = (version: number, of: number) =>
    pool.query(`alter domain tally.version_${of} rename to version_${version}`);

  test.each(questions)(
    'answer what was written for it, and nothing else, though it fits: %s',
    async (text) => {
      const reader = new ReadModelReader(pool, [board]);
      expect((await reader.query(text)).rows).toEqual([{ sum: 3 }]);
      const named = { name: `sum-${text.length}`, text };
      expect((await reader.query(named)).rows).toEqual([{ sum: 3 }]);
      for (const [other, before] of [
        [2, 3],
        [4, 2],
      ] as const) {
        await become(other, before);
        await expect(reader.query(text)).rejects.toBeInstanceOf(ReadModelsBeingRebuilt);
        // What PostgreSQL has prepared is only looked at anew when schemas change, as they do where others are swapped in.
        await pool.query('create schema elsewhere; drop schema elsewhere');
        await expect(reader.query(named)).rejects.toBeInstanceOf(ReadModelsBeingRebuilt);
        const connection = await reader.connect();
        await expect(connection.query(text)).rejects.toBeInstanceOf(ReadModelsBeingRebuilt);
        connection.release();
      }
      await become(3, 4);
      expect((await reader.query(text)).rows).toEqual([{ sum: 3 }]);
    },
  );

  test('what is asked of none of them is asked as it is', async () => {
    const reader = new ReadModelReader(pool, [board]);
    expect((await reader.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('an earlier version answers where the read model says so, until its own is there, and no older one', async () => {
    const reader = new ReadModelReader(pool, [{ ...board, readableFrom: 2 }]);
    const named = { name: 'sum', text: sum };
    expect((await reader.query(named)).rows).toEqual([{ sum: 3 }]);
    for (const [other, before] of [
      [2, 3],
      [3, 2],
    ] as const) {
      await become(other, before);
      expect((await reader.query(sum)).rows).toEqual([{ sum: 3 }]);
      expect((await reader.query(named)).rows).toEqual([{ sum: 3 }]);
    }
    await become(1, 3);
    await expect(reader.query(sum)).rejects.toBeInstanceOf(ReadModelsBeingRebuilt);
    await become(4, 1);
    await expect(reader.query(sum)).rejects.toBeInstanceOf(ReadModelsBeingRebuilt);
  });
});
