import { unlessFaultOfStatement } from './personal-data.errors.js';
import type { StoredKey, SubjectKey, SubjectKeyTable } from './subject-key-table.js';

interface Waiting {
  readonly candidate: SubjectKey;
  resolve(stored: StoredKey): void;
  reject(error: unknown): void;
}

/** 500 rows are some 60 KB; a burst larger than that takes another round. */
const BATCH_MAX = 500;

/**
 * Stores keys of given subjects by group commit: what arrives while one statement is under way goes into the next one, so
 * that a burst pays one flush to disk together instead of one each.
 */
export class SubjectKeyQueue {
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | undefined;

  constructor(private readonly table: Pick<SubjectKeyTable, 'keep'>) {}

  /**
   * Stores the candidate unless the subject has a key; gives back the one that counts, durable.
   * @throws PersonalDataUnavailable, MasterKeyRefused, and pg's errors for faults of the statement itself
   */
  keep(candidate: SubjectKey): Promise<StoredKey> {
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
        const stored = await this.table.keep(batch.map(({ candidate }) => candidate));
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
}
