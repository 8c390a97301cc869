import type { Clock } from '@shaoying/config';
import { advisoryLockKey, withTransaction } from '@shaoying/postgres';
import { hash } from 'node:crypto';
import type { Pool } from 'pg';
import { FileStoreUnavailable, TooManyFiles } from './files.errors.js';

/*
 * One row per uploader: the day it counts and how many files of it. A new day begins the same row anew, so that nothing
 * has to be cleared away. The uploader is a hash: the table has no use for accounts.
 */
const SCHEMA = `
  CREATE SCHEMA IF NOT EXISTS files;
  CREATE TABLE IF NOT EXISTS files.uploads (
    uploader bytea PRIMARY KEY,
    day date NOT NULL,
    files integer NOT NULL
  );
`;

/** Counts and checks in one statement: two processes at once cannot both have the last one. */
const USE = `
  INSERT INTO files.uploads AS known (uploader, day, files) VALUES ($1, $2::date, 1)
  ON CONFLICT (uploader) DO UPDATE
    SET files = CASE WHEN known.day = EXCLUDED.day THEN known.files + 1 ELSE 1 END, day = EXCLUDED.day
    WHERE known.day <> EXCLUDED.day OR known.files < $3
  RETURNING files
`;

const DAY_MS = 86_400_000;
/** Days begin when they do in China; no summer time. */
const SHANGHAI_MS = 8 * 3_600_000;

/** How many new files one uploader may send in a day, counted in one place for all processes. */
export class UploadAllowance {
  private constructor(
    private readonly pool: Pool,
    private readonly filesPerDay: number,
    private readonly clock: Clock,
  ) {}

  /** Makes its table once. @param filesPerDay setting `FILES_PER_DAY` @throws what PostgreSQL throws */
  static async open(pool: Pool, filesPerDay: number, clock: Clock): Promise<UploadAllowance> {
    await withTransaction(pool, async (client) => {
      // CREATE … IF NOT EXISTS fails when two processes run it at once.
      const lock = advisoryLockKey('files/schema').toString();
      await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [lock]);
      await client.query(SCHEMA);
    });
    return new UploadAllowance(pool, filesPerDay, clock);
  }

  /** Counts one new file. @throws TooManyFiles, FileStoreUnavailable when nothing can be counted now */
  async use(uploaderId: string): Promise<void> {
    const localMs = this.clock.now().getTime() + SHANGHAI_MS;
    const day = new Date(localMs).toISOString().slice(0, 10);
    const uploader = hash('sha256', uploaderId, 'buffer');
    const counted = await this.pool.query(USE, [uploader, day, this.filesPerDay]).catch((cause: unknown) => {
      throw new FileStoreUnavailable({ cause });
    });
    if (counted.rowCount === 0) throw new TooManyFiles(Math.ceil((DAY_MS - (localMs % DAY_MS)) / 1_000));
  }
}
