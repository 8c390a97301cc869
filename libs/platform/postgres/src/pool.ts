import { Pool, type PoolClient } from 'pg';
import { type Log, logToStderr } from './log-line.js';
import { PrimaryClient } from './primary-client.js';

export interface PoolOptions {
  /** Connections at the most. Default 10, 1 to 100: all pools together must stay below the server's 200. */
  readonly max?: number;
  /** Shown in `pg_stat_activity`, so that a stuck query names its owner. */
  readonly applicationName?: string;
  /** How long a statement waits for its answer. Default 20,000 ms, at least 100; the server itself stops after 15,000. */
  readonly answerMsMax?: number;
  readonly log?: Log;
}

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
/** The server gives up a statement first, so that the client normally hears why. */
const STATEMENT_TIMEOUT_MS = 15_000;
/** For a server that says nothing any more: without it callers would wait as long as TCP does, some 15 minutes. */
const ANSWER_TIMEOUT_MS = 20_000;

/**
 * A `pg` pool that survives the loss of an idle connection: it logs a warning and connects anew at the next use.
 * Without that handler, one restart of PostgreSQL would end the process. Its connections leave a server that can only be
 * read ({@link PrimaryClient}). Statements may be named: no statement-level pooler stands between.
 */
export function createPool(url: string, options: PoolOptions = {}): Pool {
  const max = options.max ?? 10;
  if (!Number.isInteger(max) || max < 1 || max > 100)
    throw new RangeError(`pool max ${max} is not within 1 to 100`);
  const answerMsMax = options.answerMsMax ?? ANSWER_TIMEOUT_MS;
  if (!(answerMsMax >= 100)) throw new RangeError(`answerMsMax ${answerMsMax} is not at least 100`);
  const log = options.log ?? logToStderr;
  const pool = new Pool({
    Client: PrimaryClient,
    connectionString: url,
    max,
    application_name: options.applicationName ?? 'shaoying',
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: answerMsMax,
  });
  // A connection that breaks while checked out reports it twice: to the query that waits on it, and here. Without a
  // listener the second would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', (error) => {
    log({
      level: 'warn',
      msg: `lost an idle connection: ${error.message}`,
      applicationName: options.applicationName,
    });
  });
  return pool;
}

/**
 * Runs `work` in one transaction: commits what it did, or rolls back and rethrows what it threw. A connection on
 * which even the rollback fails is closed, not returned to the pool, so that nobody inherits its open transaction.
 */
export async function withTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
