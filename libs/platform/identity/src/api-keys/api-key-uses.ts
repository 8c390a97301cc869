import type { Clock } from '@shaoying/config';
import { advisoryLockKey, withTransaction } from '@shaoying/postgres';
import type { Pool } from 'pg';
import type { Reader } from './api-key-index.js';

/*
 * The day each key was last used. No event: 365 a year for each key would say less than the events of what it did. One
 * row per key, written once a day by each process that sees it.
 */
const SCHEMA = `
  CREATE SCHEMA IF NOT EXISTS api_key_uses;
  CREATE TABLE IF NOT EXISTS api_key_uses.last_days (key_id text PRIMARY KEY, last_used_on date NOT NULL);
`;

/** Last days of use, for whoever looks for keys that nobody needs any more. */
export class ApiKeyUses {
  private readonly noted = new Map<string, string>();

  private constructor(
    private readonly pool: Pool,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Creates its table once. @throws what PostgreSQL throws */
  static async open(pool: Pool, clock: Clock, onError: (error: unknown) => void): Promise<ApiKeyUses> {
    await withTransaction(pool, async (client) => {
      // CREATE … IF NOT EXISTS fails when two processes run it at once.
      const lock = advisoryLockKey('api-key-uses/schema').toString();
      await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [lock]);
      await client.query(SCHEMA);
    });
    return new ApiKeyUses(pool, clock, onError);
  }

  /** Notes a use of a key that exists, in the background: a request does not wait for it, nor fail by it. */
  note(keyId: string): void {
    const today = this.clock.now().toISOString().slice(0, 10);
    if (this.noted.get(keyId) === today) return;
    this.noted.set(keyId, today);
    this.write(keyId, today).catch((error: unknown) => {
      this.noted.delete(keyId);
      this.onError(error);
    });
  }

  private async write(keyId: string, day: string): Promise<void> {
    await this.pool.query(
      `INSERT INTO api_key_uses.last_days AS kept VALUES ($1, $2)
       ON CONFLICT (key_id) DO UPDATE SET last_used_on = greatest(kept.last_used_on, excluded.last_used_on)`,
      [keyId, day],
    );
  }
}

/** UTC days, by key; keys that were never used are absent. @throws what PostgreSQL throws, before any process made the table */
export async function lastDaysOfUse(
  reader: Reader,
  keyIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await reader.query<{ key_id: string; day: string }>(
    'SELECT key_id, last_used_on::text AS day FROM api_key_uses.last_days WHERE key_id = ANY($1::text[])',
    [keyIds],
  );
  return new Map(rows.map(({ key_id, day }) => [key_id, day]));
}
