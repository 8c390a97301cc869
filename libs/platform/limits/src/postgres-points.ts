import { createPool, withTransaction } from '@shaoying/postgres';
import type { Pool } from 'pg';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import type { LimiterOf } from './limiter-points.js';

/*
 * Unlogged: a counter that a crash takes away is one that begins anew, and the write-ahead log, which every command waits
 * for, is not burdened. Half-filled pages, so that counting up stays on its page. No index on `expire`: the table is swept
 * once a minute, and an index would cost every window that begins. Made by us, since the library makes an ordinary table.
 */
const SCHEMA = `
  SELECT pg_advisory_xact_lock(hashtext('shaoying limits'));
  CREATE SCHEMA IF NOT EXISTS limits;
  CREATE UNLOGGED TABLE IF NOT EXISTS limits.points (
    key varchar(255) PRIMARY KEY,
    points integer NOT NULL DEFAULT 0,
    expire bigint
  ) WITH (fillfactor = 50);
`;

const SWEEP_EVERY_MS = 60_000;
const CONNECTIONS_MAX = 2;

export interface OpenedStore {
  readonly limiterOf: LimiterOf;
  close(): Promise<void>;
}

/** Counters in a table of their own. @throws what PostgreSQL throws */
export async function openPostgresStore(url: string): Promise<OpenedStore> {
  const pool = createPool(url, { max: CONNECTIONS_MAX, applicationName: 'shaoying-limits' });
  try {
    await withTransaction(pool, (client) => client.query(SCHEMA));
  } catch (error) {
    await pool.end();
    throw error;
  }
  const sweeping = setInterval(() => void sweep(pool), SWEEP_EVERY_MS).unref();
  return {
    limiterOf: ({ name, points, windowSeconds }) =>
      new RateLimiterPostgres({
        ...{ storeClient: pool, storeType: 'pool', schemaName: 'limits', tableName: 'points' },
        ...{ tableCreated: true, clearExpiredByTimeout: false },
        ...{ keyPrefix: name, points, duration: windowSeconds },
      }),
    close: async () => {
      clearInterval(sweeping);
      await pool.end();
    },
  };
}

/** The library waits for an hour; a flood from ever new addresses would fill the disk meanwhile. */
async function sweep(pool: Pool): Promise<void> {
  // What was not swept now is swept in a minute.
  await pool.query('DELETE FROM limits.points WHERE expire < $1', [Date.now()]).catch(() => undefined);
}
