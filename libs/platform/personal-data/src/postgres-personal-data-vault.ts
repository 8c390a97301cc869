import { isUuid, uuidV7, systemClock } from '@shaoying/config';
import { advisoryLockKey, createPool, withTransaction } from '@shaoying/postgres';
import { randomBytes } from 'node:crypto';
import type { Pool, PoolClient, QueryConfig } from 'pg';
import { masterKeyFingerprint } from './master-key.js';
import { FORGOTTEN, type PersonalDataVault } from './personal-data-vault.js';
import {
  MasterKeyRefused,
  SubjectForgotten,
  SubjectKeyMissing,
  unlessFaultOfStatement,
} from './personal-data.errors.js';
import { KEY_BYTES, sealJson, unsealJson, unwrapKey, wrapKey, type SealedData } from './sealing.js';
import { SubjectKeyQueue } from './subject-key-queue.js';

/*
 * One row per subject. A forgotten subject keeps its row without the key, so that neither a late command nor an import
 * brings it back. `master_key` holds one row for ever: the fingerprint of the key the database was first opened with,
 * so that a process with another data folder fails at its start instead of sealing what the others cannot read.
 * Not done: a cache of unwrapped keys. It would make reading faster and forgetting a promise of one process only.
 */
const SCHEMA = `
  CREATE SCHEMA IF NOT EXISTS personal_data;
  CREATE TABLE IF NOT EXISTS personal_data.master_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    fingerprint text NOT NULL
  );
  CREATE TABLE IF NOT EXISTS personal_data.subject_keys (
    subject_id uuid PRIMARY KEY,
    key_id uuid NOT NULL,
    wrapped_key bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    forgotten_at timestamptz,
    CHECK ((wrapped_key IS NULL) = (forgotten_at IS NOT NULL))
  );
`;

export interface PostgresPersonalDataVaultOptions {
  /** Connections when a URL is given. Default 4: seals share statements, unseals are rare. */
  readonly connectionsMax?: number;
}

/** The vault on PostgreSQL. Needs synchronous_commit on, which is the default. */
export class PostgresPersonalDataVault implements PersonalDataVault {
  private readonly newKeys: SubjectKeyQueue;

  private constructor(
    private readonly pool: Pool,
    private readonly masterKey: Buffer,
    private readonly ownsPool: boolean,
  ) {
    this.newKeys = new SubjectKeyQueue(pool);
  }

  /**
   * Opens the vault, creating its tables once. A pool that is handed in stays the caller's.
   * @throws MasterKeyRefused when the database belongs to another master key, and what PostgreSQL throws
   */
  static async open(
    database: Pool | string,
    masterKey: Buffer,
    { connectionsMax = 4 }: PostgresPersonalDataVaultOptions = {},
  ): Promise<PostgresPersonalDataVault> {
    if (masterKey.length !== KEY_BYTES) throw new MasterKeyRefused(`a master key has ${KEY_BYTES} bytes`);
    const ownsPool = typeof database === 'string';
    const pool = ownsPool
      ? createPool(database, { max: connectionsMax, applicationName: 'shaoying personal-data' })
      : database;
    try {
      await withTransaction(pool, (client) => prepare(client, masterKeyFingerprint(masterKey)));
      return new PostgresPersonalDataVault(pool, masterKey, ownsPool);
    } catch (error) {
      if (ownsPool) await pool.end();
      throw error;
    }
  }

  async seal(subjectId: string, data: unknown): Promise<SealedData> {
    const subject = normalised(subjectId);
    const keyId = uuidV7(systemClock);
    const fresh = randomBytes(KEY_BYTES);
    const wrapped = wrapKey(this.masterKey, subject, keyId, fresh);
    // Sealed before the key is stored: too large data must not leave a key behind.
    const sealedAfresh = sealJson(fresh, subject, keyId, data);
    const stored = await this.newKeys.keep({ subjectId: subject, keyId, wrappedKey: wrapped });
    if (stored.wrappedKey === null) throw new SubjectForgotten();
    if (stored.keyId === keyId) return sealedAfresh;
    return sealJson(this.unwrap(stored.wrappedKey, subject, stored.keyId), subject, stored.keyId, data);
  }

  async unseal(sealed: SealedData): Promise<unknown> {
    const subject = normalised(sealed.subjectId);
    const [row] = await this.ask<{ key_id: string; wrapped_key: Buffer | null }>({
      name: 'personal-data-key',
      text: 'SELECT key_id, wrapped_key FROM personal_data.subject_keys WHERE subject_id = $1',
      values: [subject],
    });
    if (row === undefined) throw new SubjectKeyMissing();
    if (row.wrapped_key === null) return FORGOTTEN;
    if (row.key_id !== sealed.keyId) throw new SubjectKeyMissing();
    return unsealJson(this.unwrap(row.wrapped_key, subject, row.key_id), { ...sealed, subjectId: subject });
  }

  async forget(subjectId: string): Promise<void> {
    await this.ask({
      text: `INSERT INTO personal_data.subject_keys AS existing (subject_id, key_id, wrapped_key, forgotten_at)
             VALUES ($1, $2, NULL, now())
             ON CONFLICT (subject_id) DO UPDATE SET wrapped_key = NULL, forgotten_at = now()
             WHERE existing.forgotten_at IS NULL`,
      values: [normalised(subjectId), uuidV7(systemClock)],
    });
  }

  async close(): Promise<void> {
    await this.newKeys.idle();
    if (this.ownsPool) await this.pool.end();
  }

  /** @throws PersonalDataUnavailable, and pg's errors for faults of the statement itself */
  private async ask<Row extends object>(statement: QueryConfig): Promise<Row[]> {
    try {
      return (await this.pool.query<Row>(statement)).rows;
    } catch (cause) {
      throw unlessFaultOfStatement(cause);
    }
  }

  private unwrap(wrapped: Buffer, subjectId: string, keyId: string): Buffer {
    return unwrapKey(this.masterKey, subjectId, keyId, wrapped);
  }
}

async function prepare(client: PoolClient, fingerprint: string): Promise<void> {
  // CREATE … IF NOT EXISTS fails when two processes run it at once.
  const lock = advisoryLockKey('personal-data/schema').toString();
  await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [lock]);
  await client.query(SCHEMA);
  await client.query(
    'INSERT INTO personal_data.master_key (fingerprint) VALUES ($1) ON CONFLICT DO NOTHING',
    [fingerprint],
  );
  const { rows } = await client.query<{ fingerprint: string }>(
    'SELECT fingerprint FROM personal_data.master_key',
  );
  if (rows[0]?.fingerprint !== fingerprint) {
    throw new MasterKeyRefused(
      'This database was first opened with another master key: give every process the same keys/master.key.',
    );
  }
}

/** Ciphertext is bound to the text of the id, so that text has one form. */
function normalised(subjectId: string): string {
  if (!isUuid(subjectId)) throw new TypeError('a subject id must be a UUID');
  return subjectId.toLowerCase();
}
