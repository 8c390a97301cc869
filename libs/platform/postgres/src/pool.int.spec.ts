import type { Pool } from 'pg';
import { advisoryLockKey } from './advisory-lock.js';
import { createPool, withTransaction } from './pool.js';
import { type TestDatabase, createTestDatabase } from './testing/index.js';

describe('a pool', () => {
  let database: TestDatabase;
  let pool: Pool;
  const warnings: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, {
      max: 2,
      applicationName: 'pool spec',
      log: (line) => warnings.push(line.msg),
    });
    await pool.query('CREATE TABLE note (id int PRIMARY KEY)');
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('keeps what a transaction wrote', async () => {
    const answer = await withTransaction(pool, async (client) => {
      await client.query('INSERT INTO note VALUES (1)');
      return 'done';
    });
    expect(answer).toBe('done');
    expect((await pool.query('SELECT id FROM note')).rows).toEqual([{ id: 1 }]);
  });

  it('keeps nothing of a transaction that threw, and rethrows', async () => {
    const failing = withTransaction(pool, async (client) => {
      await client.query('INSERT INTO note VALUES (2)');
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect((await pool.query('SELECT id FROM note WHERE id = 2')).rows).toEqual([]);
  });

  it('gives up an answer that does not come, and the connection with it', async () => {
    const impatient = createPool(database.url, { max: 1, answerMsMax: 200 });
    await expect(impatient.query('SELECT pg_sleep(10)')).rejects.toThrow('timeout');
    expect((await impatient.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await impatient.end();
  });

  it('does not hand a broken connection to the next caller', async () => {
    const failing = withTransaction(pool, async (client) => {
      await client.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await expect(failing).rejects.toThrow();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('survives the loss of its idle connections with a warning', async () => {
    await pool.query('SELECT 1');
    const other = createPool(database.url, { max: 1 });
    await other.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pool spec'`,
    );
    await other.end();
    for (let i = 0; warnings.length === 0 && i < 100; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(warnings[0]).toContain('lost an idle connection');
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('takes an advisory lock by name', async () => {
    const key = advisoryLockKey('projection/incident-board').toString();
    const { rows } = await pool.query('SELECT pg_try_advisory_lock($1::bigint) AS got', [key]);
    expect(rows).toEqual([{ got: true }]);
  });

  it('runs with fsync, synchronous commit, full page writes, UTF-8 and UTC', async () => {
    const { rows } = await pool.query(
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
              current_setting('full_page_writes') AS pages, current_setting('server_encoding') AS encoding,
              current_setting('timezone') AS zone, current_setting('data_checksums') AS checksums`,
    );
    expect(rows).toEqual([
      { fsync: 'on', commit: 'on', pages: 'on', encoding: 'UTF8', zone: 'UTC', checksums: 'on' },
    ]);
  });

  it.each([0, 101, 1.5])('refuses %d connections', (max) => {
    expect(() => createPool(database.url, { max })).toThrow(RangeError);
  });
});
