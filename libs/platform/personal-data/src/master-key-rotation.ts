import { advisoryLockKey, withTransaction } from '@shaoying/postgres';
import type { Pool, PoolClient } from 'pg';
import type { MasterKeyFolder, MasterKeys } from './master-key.js';
import { MasterKeyRefused } from './personal-data.errors.js';
import { unwrapKey, wrapKey } from './sealing.js';

/** Thrown when the master key is being exchanged by somebody else. */
export class MasterKeyRotationRunning extends Error {
  readonly code = 'MASTER_KEY_ROTATION_RUNNING';
  constructor() {
    super('the master key is being exchanged by another process already');
  }
}

export interface MasterKeyStatus {
  /** Fingerprint of the one that new keys are wrapped by. */
  readonly inUse: string;
  /** Of the one before it, while keys of subjects are still wrapped by that. */
  readonly previous: string | null;
  /** Keys of subjects, by the fingerprint of the master key that wraps them; forgotten subjects have none. */
  readonly wrappedBy: Readonly<Record<string, number>>;
}

export interface MasterKeyRotation extends MasterKeyStatus {
  /** Keys of subjects that this run has wrapped anew. */
  readonly rewrapped: number;
  /** Whether it went on with an exchange that had been stopped. */
  readonly resumed: boolean;
}

export interface MasterKeyRotationOptions {
  /** A key that is in the folder already; by default a new one is made. */
  readonly to?: string | null;
  /** Keys wrapped anew in one transaction. Default 500: some milliseconds, in which nobody of them can be forgotten. */
  readonly batch?: number;
  readonly onProgress?: (rewrapped: number) => void;
}

/** What the database says of its master keys. @throws what PostgreSQL throws */
export async function masterKeyStatus(pool: Pool): Promise<MasterKeyStatus> {
  const { inUse, previous } = await rowOf(pool);
  const { rows } = await pool.query<{ master_key: string; keys: number }>(
    `SELECT master_key, count(*)::integer AS keys FROM personal_data.subject_keys
     WHERE wrapped_key IS NOT NULL GROUP BY master_key`,
  );
  return { inUse, previous, wrappedBy: Object.fromEntries(rows.map((row) => [row.master_key, row.keys])) };
}

/**
 * Exchanges the master key while everything runs. The new key is on disk first; from one instant on new keys of subjects
 * are wrapped by it, and running processes read it where they meet it; then all others are wrapped anew, batch by batch.
 * Cut at any point, the next call goes on. The old key's file stays: backups from before need it.
 * @throws MasterKeyRotationRunning, MasterKeyRefused, and what PostgreSQL throws
 */
export async function rotateMasterKey(
  pool: Pool,
  keys: MasterKeyFolder,
  { to = null, batch = 500, onProgress = () => undefined }: MasterKeyRotationOptions = {},
): Promise<MasterKeyRotation> {
  const client = await pool.connect();
  const lock = advisoryLockKey('personal-data/master-key').toString();
  let held = false;
  try {
    const { rows } = await client.query<{ held: boolean }>(
      'SELECT pg_try_advisory_lock($1::bigint) AS held',
      [lock],
    );
    held = rows[0]?.held === true;
    if (!held) throw new MasterKeyRotationRunning();
    const { previous } = await rowOf(client);
    const resumed = previous !== null;
    if (!resumed) await putInUse(client, keys, to ?? (await keys.add()));
    const rewrapped = await rewrapAll(pool, keys, batch, onProgress);
    await client.query('UPDATE personal_data.master_key SET previous = NULL');
    return { ...(await masterKeyStatus(pool)), rewrapped, resumed };
  } finally {
    // Now, so that who asks for the next exchange is not told that this one is under way; a broken connection ends it, too.
    if (held) await client.query('SELECT pg_advisory_unlock($1::bigint)', [lock]).catch(() => undefined);
    client.release(true);
  }
}

async function rowOf(database: Pool | PoolClient): Promise<{ inUse: string; previous: string | null }> {
  const { rows } = await database.query<{ fingerprint: string; previous: string | null }>(
    'SELECT fingerprint, previous FROM personal_data.master_key',
  );
  const { fingerprint = '', previous = null } = rows[0] ?? {};
  return { inUse: fingerprint, previous };
}

/** Waits for statements that still store keys under the one before: after it there are none (`SubjectKeyTable.insert`). */
async function putInUse(client: PoolClient, keys: MasterKeys, fingerprint: string): Promise<void> {
  await keyOf(keys, fingerprint);
  await client.query(
    `UPDATE personal_data.master_key SET previous = fingerprint, fingerprint = $1 WHERE fingerprint <> $1`,
    [fingerprint],
  );
}

interface Wrapped {
  readonly subject_id: string;
  readonly key_id: string;
  readonly wrapped_key: Buffer;
  readonly master_key: string;
}

async function rewrapAll(
  pool: Pool,
  keys: MasterKeys,
  batch: number,
  onProgress: (rewrapped: number) => void,
): Promise<number> {
  const { inUse } = await rowOf(pool);
  const masterKey = await keyOf(keys, inUse);
  let done = 0;
  for (let after: string | null = null; ;) {
    const rows: Wrapped[] = await withTransaction(pool, async (client) => {
      const page = await lockedPage(client, inUse, after, batch);
      const anew = await Promise.all(
        page.map(async ({ subject_id, key_id, wrapped_key, master_key }) => {
          const key = unwrapKey(await keyOf(keys, master_key), subject_id, key_id, wrapped_key);
          return wrapKey(masterKey, subject_id, key_id, key);
        }),
      );
      await client.query(
        `UPDATE personal_data.subject_keys k SET wrapped_key = u.wrapped_key, master_key = $3
         FROM unnest($1::uuid[], $2::bytea[]) u (subject_id, wrapped_key) WHERE k.subject_id = u.subject_id`,
        [page.map(({ subject_id }) => subject_id), anew, inUse],
      );
      return page;
    });
    done += rows.length;
    onProgress(done);
    if (rows.length < batch) return done;
    after = rows.at(-1)?.subject_id ?? null;
  }
}

/** The next ones, held so that nobody of them is forgotten in between and comes back. */
async function lockedPage(
  client: PoolClient,
  inUse: string,
  after: string | null,
  batch: number,
): Promise<Wrapped[]> {
  const { rows } = await client.query<Wrapped>(
    `SELECT subject_id, key_id, wrapped_key, master_key FROM personal_data.subject_keys
     WHERE ($2::uuid IS NULL OR subject_id > $2) AND master_key <> $1 AND wrapped_key IS NOT NULL
     ORDER BY subject_id LIMIT $3 FOR UPDATE`,
    [inUse, after, batch],
  );
  return rows;
}

/** @throws MasterKeyRefused */
async function keyOf(keys: MasterKeys, fingerprint: string): Promise<Buffer> {
  const key = await keys.find(fingerprint);
  if (key === undefined)
    throw new MasterKeyRefused(`The master key ${fingerprint} is not among the files keys/master*.key.`);
  return key;
}
