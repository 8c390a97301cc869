import type { KeyObject } from 'node:crypto';
import type { Pool } from 'pg';
import type { MasterKeyInUse } from './master-key-in-use.js';
import { MasterKeyRefused } from './personal-data.errors.js';
import { unwrapKey, wrapKey } from './sealing.js';

/** A subject's key as it is used. */
export interface SubjectKey {
  readonly subjectId: string;
  readonly keyId: string;
  readonly key: Buffer;
}

/** As it is stored; without the key once it was forgotten. */
export interface StoredKey {
  readonly subjectId: string;
  readonly keyId: string;
  readonly key: Buffer | null;
}

interface Row {
  readonly subject_id: string;
  readonly key_id: string;
  readonly wrapped_key: Buffer | null;
  readonly master_key: string;
}

/** An exchange of the master key is noticed once; that another follows at once is a fault. */
const ATTEMPTS_MAX = 3;

/** FOR SHARE: an exchange of the master key waits for this statement, or this statement finds the new one in use. */
const IN_USE = 'WITH in_use AS (SELECT FROM personal_data.master_key WHERE fingerprint = $4 FOR SHARE)';

/**
 * As PostgreSQL writes arrays: ids and hex digits need none of the quoting that pg looks for in each element.
 * @returns ids of subjects, ids of keys, the keys wrapped, and by what
 */
function columnsOf(keys: readonly SubjectKey[], masterKey: KeyObject, fingerprint: string): string[] {
  const wrapped = keys.map(({ subjectId, keyId, key }) => wrapKey(masterKey, subjectId, keyId, key));
  return [
    `{${keys.map(({ subjectId }) => subjectId).join()}}`,
    `{${keys.map(({ keyId }) => keyId).join()}}`,
    `{${wrapped.map((bytes) => `"\\\\x${bytes.toString('hex')}"`).join()}}`,
    fingerprint,
  ];
}

/** The keys of subjects, each wrapped by the master key that its row names. */
export class SubjectKeyTable {
  constructor(
    private readonly pool: Pool,
    private readonly master: MasterKeyInUse,
  ) {}

  /**
   * Stores the key of every subject that has none, in one statement; gives back the ones that count, durable.
   * @throws MasterKeyRefused, and what PostgreSQL throws
   */
  async keep(candidates: readonly SubjectKey[]): Promise<Map<string, StoredKey>> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const kept = new Map((await this.insert(candidates)).map((key) => [key.subjectId, key]));
      const others = candidates.filter(({ subjectId }) => !kept.has(subjectId));
      if (others.length === 0) return kept;
      for (const found of await this.find(others.map(({ subjectId }) => subjectId)))
        kept.set(found.subjectId, found);
      if (kept.size === new Set(candidates.map(({ subjectId }) => subjectId)).size) return kept;
      // Neither stored nor there: another master key is in use by now.
      await this.master.refresh();
    }
    throw this.changesTooFast();
  }

  /**
   * Stores keys of subjects that were made up together with them, so that there is nothing to collide with. Durable.
   * @throws MasterKeyRefused, and what PostgreSQL throws
   */
  async add(fresh: readonly SubjectKey[]): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const { fingerprint, key: masterKey } = this.master.current;
      // Without ON CONFLICT and RETURNING, and with ids in order, it costs PostgreSQL a quarter less (docs/benchmarks.md).
      const { rowCount } = await this.pool.query({
        name: 'personal-data-add',
        text: `${IN_USE}
               INSERT INTO personal_data.subject_keys (subject_id, key_id, wrapped_key, master_key)
               SELECT k.*, $4::text FROM in_use, unnest($1::uuid[], $2::uuid[], $3::bytea[]) k`,
        values: columnsOf(fresh, masterKey, fingerprint),
      });
      if (rowCount === fresh.length) return;
      await this.master.refresh();
    }
    throw this.changesTooFast();
  }

  /** @throws MasterKeyRefused, SealBroken, and what PostgreSQL throws */
  async find(subjectIds: readonly string[]): Promise<StoredKey[]> {
    const { rows } = await this.pool.query<Row>({
      name: 'personal-data-key',
      text: `SELECT subject_id, key_id, wrapped_key, master_key FROM personal_data.subject_keys
             WHERE subject_id = ANY($1::uuid[])`,
      values: [subjectIds],
    });
    return Promise.all(rows.map((row) => this.unwrapped(row)));
  }

  /** Erases a subject's key for ever; one that has none gets no key any more. Idempotent. */
  async erase(subjectId: string, keyId: string): Promise<void> {
    await this.pool.query(
      `INSERT INTO personal_data.subject_keys AS existing (subject_id, key_id, wrapped_key, master_key, forgotten_at)
       VALUES ($1, $2, NULL, $3, now())
       ON CONFLICT (subject_id) DO UPDATE SET wrapped_key = NULL, forgotten_at = now()
       WHERE existing.forgotten_at IS NULL`,
      [subjectId, keyId, this.master.current.fingerprint],
    );
  }

  /** Deletes keys that nothing was ever sealed under. */
  async discard(unused: readonly Pick<SubjectKey, 'subjectId' | 'keyId'>[]): Promise<void> {
    await this.pool.query(
      'DELETE FROM personal_data.subject_keys WHERE subject_id = ANY($1::uuid[]) AND key_id = ANY($2::uuid[])',
      [unused.map(({ subjectId }) => subjectId), unused.map(({ keyId }) => keyId)],
    );
  }

  private async insert(candidates: readonly SubjectKey[]): Promise<StoredKey[]> {
    const { fingerprint, key: masterKey } = this.master.current;
    const { rows } = await this.pool.query<{ key_id: string }>({
      name: 'personal-data-keep',
      text: `${IN_USE}
             INSERT INTO personal_data.subject_keys (subject_id, key_id, wrapped_key, master_key)
             SELECT k.*, $4::text FROM in_use, unnest($1::uuid[], $2::uuid[], $3::bytea[]) k
             -- In one order everywhere, or two processes would wait for each other's rows.
             ORDER BY 1
             ON CONFLICT (subject_id) DO NOTHING
             RETURNING key_id`,
      values: columnsOf(candidates, masterKey, fingerprint),
    });
    const stored = new Set(rows.map(({ key_id }) => key_id));
    return candidates.filter(({ keyId }) => stored.has(keyId));
  }

  private changesTooFast(): MasterKeyRefused {
    return new MasterKeyRefused('the master key in use changes faster than keys can be stored');
  }

  private async unwrapped(row: Row): Promise<StoredKey> {
    const { subject_id: subjectId, key_id: keyId, wrapped_key: wrapped, master_key: fingerprint } = row;
    if (wrapped === null) return { subjectId, keyId, key: null };
    const masterKey = await this.master.named(fingerprint);
    return { subjectId, keyId, key: unwrapKey(masterKey, subjectId, keyId, wrapped) };
  }
}
