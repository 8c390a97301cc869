import { isUuid, systemClock, uuidV7 } from '@shaoying/config';
import { advisoryLockKey, createPool, withTransaction } from '@shaoying/postgres';
import { randomBytes } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { masterKeyFingerprint, masterKeysOf, type MasterKeys } from './master-key.js';
import { MasterKeyInUse } from './master-key-in-use.js';
import { FORGOTTEN, type PersonalDataVault } from './personal-data-vault.js';
import {
  MasterKeyRefused,
  SubjectForgotten,
  SubjectKeyMissing,
  unlessFaultOfStatement,
} from './personal-data.errors.js';
import { KEY_BYTES, sealJson, unsealJson, type SealedData } from './sealing.js';
import { SubjectKeyQueue } from './subject-key-queue.js';
import { SubjectKeyReserve } from './subject-key-reserve.js';
import { SubjectKeyTable } from './subject-key-table.js';

/*
 * One row per subject. A forgotten subject keeps its row without the key, so that neither a late command nor an import
 * brings it back. Each row names the master key that wraps it. `master_key` holds one row for ever: the fingerprint of the
 * one in use, so that a process with another data folder fails at its start instead of sealing what the others cannot
 * read; and while keys are being exchanged, that of the one before it.
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
  private readonly given: SubjectKeyQueue;
  private readonly reserve: SubjectKeyReserve;

  private constructor(
    private readonly pool: Pool,
    private readonly table: SubjectKeyTable,
    private readonly ownsPool: boolean,
  ) {
    this.given = new SubjectKeyQueue(table);
    this.reserve = new SubjectKeyReserve(table);
  }

  /**
   * Opens the vault, creating its tables once. A pool that is handed in stays the caller's.
   * @throws MasterKeyRefused when the database belongs to another master key, and what PostgreSQL throws
   */
  static async open(
    database: Pool | string,
    masterKeys: MasterKeys | Buffer,
    { connectionsMax = 4 }: PostgresPersonalDataVaultOptions = {},
  ): Promise<PostgresPersonalDataVault> {
    const keys = Buffer.isBuffer(masterKeys) ? masterKeysOf(masterKeys) : masterKeys;
    if (keys.first.length !== KEY_BYTES) throw new MasterKeyRefused(`a master key has ${KEY_BYTES} bytes`);
    const ownsPool = typeof database === 'string';
    const pool = ownsPool
      ? createPool(database, { max: connectionsMax, applicationName: 'shaoying personal-data' })
      : database;
    try {
      await withTransaction(pool, (client) => prepare(client, masterKeyFingerprint(keys.first)));
      const table = new SubjectKeyTable(pool, await MasterKeyInUse.open(pool, keys));
      return new PostgresPersonalDataVault(pool, table, ownsPool);
    } catch (error) {
      if (ownsPool) await pool.end();
      throw error;
    }
  }

  async sealNew(data: unknown): Promise<SealedData> {
    // Measured: the key's own statement was half of what a report with a reporter cost (docs/benchmarks.md).
    const taken = this.reserve.take();
    return (taken instanceof Promise ? await taken : taken).seal(data);
  }

  async seal(subjectId: string, data: unknown): Promise<SealedData> {
    const subject = normalised(subjectId);
    const candidate = { subjectId: subject, keyId: uuidV7(systemClock), key: randomBytes(KEY_BYTES) };
    // Sealed before the key is stored: too large data must not leave a key behind.
    const sealedAfresh = sealJson(candidate.key, subject, candidate.keyId, data);
    const { keyId, key } = await this.given.keep(candidate);
    if (key === null) throw new SubjectForgotten();
    return keyId === candidate.keyId ? sealedAfresh : sealJson(key, subject, keyId, data);
  }

  async unseal(sealed: SealedData): Promise<unknown> {
    const subject = normalised(sealed.subjectId);
    const [found] = await this.ask(() => this.table.find([subject]));
    if (found === undefined) throw new SubjectKeyMissing();
    if (found.key === null) return FORGOTTEN;
    if (found.keyId !== sealed.keyId) throw new SubjectKeyMissing();
    return unsealJson(found.key, { ...sealed, subjectId: subject });
  }

  async forget(subjectId: string): Promise<void> {
    const subject = normalised(subjectId);
    await this.ask(() => this.table.erase(subject, uuidV7(systemClock)));
  }

  async close(): Promise<void> {
    await this.given.idle();
    await this.reserve.close();
    if (this.ownsPool) await this.pool.end();
  }

  /** @throws PersonalDataUnavailable, and pg's errors for faults of the statement itself */
  private async ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question();
    } catch (cause) {
      throw unlessFaultOfStatement(cause);
    }
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
  await nameTheMasterKey(client);
}

/** Rows of a release that had one master key for ever are wrapped by that one. A default makes it no rewrite of the table. */
async function nameTheMasterKey(client: PoolClient): Promise<void> {
  const named = await client.query(
    `SELECT FROM information_schema.columns
     WHERE table_schema = 'personal_data' AND table_name = 'subject_keys' AND column_name = 'master_key'`,
  );
  if (named.rowCount !== 0) return;
  await client.query(`
    ALTER TABLE personal_data.master_key ADD COLUMN previous text;
    DO $$ BEGIN EXECUTE format(
      'ALTER TABLE personal_data.subject_keys ADD COLUMN master_key text NOT NULL DEFAULT %L',
      (SELECT fingerprint FROM personal_data.master_key)
    ); END $$;
    ALTER TABLE personal_data.subject_keys ALTER COLUMN master_key DROP DEFAULT;
  `);
}

/** Ciphertext is bound to the text of the id, so that text has one form. */
function normalised(subjectId: string): string {
  if (!isUuid(subjectId)) throw new TypeError('a subject id must be a UUID');
  return subjectId.toLowerCase();
}
