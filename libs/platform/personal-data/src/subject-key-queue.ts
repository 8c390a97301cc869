import type { Pool } from 'pg';
import { unlessFaultOfStatement } from './personal-data.errors.js';

/** A subject's key as it is stored; without the key once it was forgotten. */
export interface SubjectKey {
  readonly subjectId: string;
  readonly keyId: string;
  readonly wrappedKey: Buffer | null;
}

interface Waiting {
  readonly candidate: SubjectKey;
  resolve(stored: SubjectKey): void;
  reject(error: unknown): void;
}

interface Row {
  readonly subject_id: string;
  readonly key_id: string;
  readonly wrapped_key: Buffer | null;
}

/** 500 rows are some 60 KB; a burst larger than that takes another round. */
const BATCH_MAX = 500;

/**
 * Stores new keys by group commit: what arrives while one statement is under way goes into the next one, so that a
 * burst of reports pays one flush to disk together instead of one each.
 */
export class SubjectKeyQueue {
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | undefined;

  constructor(private readonly pool: Pool) {}

  /**
   * Stores the candidate unless the subject has a key; gives back the one that counts, durable.
   * @throws PersonalDataUnavailable, and pg's errors for faults of the statement itself
   */
  keep(candidate: SubjectKey): Promise<SubjectKey> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ candidate, resolve, reject });
      this.flushing ??= this.flush();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.flushing;
  }

  private async flush(): Promise<void> {
    // What is asked for in the same turn of the event loop goes together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, BATCH_MAX);
      try {
        const stored = await this.store(batch.map(({ candidate }) => candidate));
        for (const { candidate, resolve, reject } of batch) {
          const key = stored.get(candidate.subjectId);
          if (key === undefined) reject(new Error('a subject key was neither stored nor found'));
          else resolve(key);
        }
      } catch (cause) {
        const error = unlessFaultOfStatement(cause);
        for (const { reject } of batch) reject(error);
      }
    }
    this.flushing = undefined;
  }

  private async store(candidates: readonly SubjectKey[]): Promise<Map<string, SubjectKey>> {
    const stored = new Map<string, SubjectKey>();
    const inserted = await this.pool.query<Row>({
      name: 'personal-data-keep',
      text: `INSERT INTO personal_data.subject_keys (subject_id, key_id, wrapped_key)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[])
             -- In one order everywhere, or two processes would wait for each other's rows.
             ORDER BY 1
             ON CONFLICT (subject_id) DO NOTHING
             RETURNING subject_id, key_id, wrapped_key`,
      values: [
        candidates.map(({ subjectId }) => subjectId),
        candidates.map(({ keyId }) => keyId),
        candidates.map(({ wrappedKey }) => wrappedKey),
      ],
    });
    collect(stored, inserted.rows);
    const missing = candidates
      .map(({ subjectId }) => subjectId)
      .filter((subjectId) => !stored.has(subjectId));
    if (missing.length > 0) {
      const found = await this.pool.query<Row>(
        'SELECT subject_id, key_id, wrapped_key FROM personal_data.subject_keys WHERE subject_id = ANY($1::uuid[])',
        [missing],
      );
      collect(stored, found.rows);
    }
    return stored;
  }
}

function collect(into: Map<string, SubjectKey>, rows: readonly Row[]): void {
  for (const row of rows) {
    into.set(row.subject_id, { subjectId: row.subject_id, keyId: row.key_id, wrappedKey: row.wrapped_key });
  }
}
