import { systemClock, uuidV7 } from '@shaoying/config';
import { randomBytes, randomUUID } from 'node:crypto';
import { unlessFaultOfStatement } from './personal-data.errors.js';
import { KEY_BYTES, PreparedSeal } from './sealing.js';
import type { SubjectKey, SubjectKeyTable } from './subject-key-table.js';

interface Waiting {
  resolve(seal: PreparedSeal): void;
  reject(error: unknown): void;
}

/** Rows of one statement. At 256 the statement, its commit and its flush cost each report a few microseconds. */
const BATCH_MAX = 256;

/**
 * How long keys are kept for use. They are durable in the database they were stored in: one that was restored from a backup
 * since does not have them, and no backup is restored within seconds under a running process.
 */
const KEPT_MS_MAX = 10_000;

interface Kept {
  readonly seal: PreparedSeal;
  readonly untilMs: number;
}

/**
 * Keys of subjects that are not anybody yet, durable before they are asked for. A subject's id is of nobody, so it is
 * drawn together with its key, and a report waits for no statement of its own.
 *
 * As many are made at once as the last ones were used up: a quiet night makes one per report, a storm 256 at a time. What
 * nobody used is deleted. A process that is killed leaves a batch behind, under which nothing was ever sealed.
 */
export class SubjectKeyReserve {
  private readonly ready: Kept[] = [];
  private stale: PreparedSeal[] = [];
  private size = 1;
  private filledAtMs = -KEPT_MS_MAX;
  private waiting: Waiting[] = [];
  private filling: Promise<void> | undefined;

  constructor(
    private readonly table: Pick<SubjectKeyTable, 'add' | 'discard'>,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** A seal under a key of its own, for a new subject. @throws PersonalDataUnavailable, MasterKeyRefused */
  take(): PreparedSeal | Promise<PreparedSeal> {
    const seal = this.next();
    if (seal === undefined) {
      return new Promise((resolve, reject) => {
        this.waiting.push({ resolve, reject });
        this.filling ??= this.fill();
      });
    }
    // The next ones are on their way before these are used up.
    if (this.size > 1 && this.ready.length < this.size / 2) this.filling ??= this.fill();
    return seal;
  }

  /** Gives back what is left. */
  async close(): Promise<void> {
    await this.filling;
    await this.discard([...this.stale, ...this.ready.splice(0).map(({ seal }) => seal)]);
  }

  /** The oldest one that is good still. */
  private next(): PreparedSeal | undefined {
    const now = this.nowMs();
    for (let kept = this.ready.shift(); kept !== undefined; kept = this.ready.shift()) {
      if (now < kept.untilMs) return kept.seal;
      this.stale.push(kept.seal);
    }
    return undefined;
  }

  private async fill(): Promise<void> {
    // What is asked for in the same turn of the event loop goes together.
    await Promise.resolve();
    do {
      const made = freshKeys(this.nextSize());
      try {
        await this.table.add(made);
        this.filledAtMs = this.nowMs();
        const untilMs = this.filledAtMs + KEPT_MS_MAX;
        for (const { key, subjectId, keyId } of made)
          this.ready.push({ seal: new PreparedSeal(key, subjectId, keyId), untilMs });
        for (const { resolve } of this.waiting.splice(0, this.ready.length))
          resolve(this.ready.shift()!.seal);
        await this.discard(this.stale.splice(0));
      } catch (cause) {
        const error = unlessFaultOfStatement(cause);
        for (const { reject } of this.waiting.splice(0)) reject(error);
      }
    } while (this.waiting.length > 0);
    this.filling = undefined;
  }

  /** Twice as many where the last ones were used up at once, half as many where not, never fewer than are waited for. */
  private nextSize(): number {
    const quick = this.nowMs() < this.filledAtMs + KEPT_MS_MAX;
    const next = quick ? this.size * 2 : Math.ceil(this.size / 2);
    this.size = Math.min(BATCH_MAX, Math.max(next, this.waiting.length));
    return this.size;
  }

  private async discard(unused: readonly PreparedSeal[]): Promise<void> {
    // Rows that nobody needs are no reason to fail.
    if (unused.length > 0) await this.table.discard(unused).catch(() => undefined);
  }
}

/** Ids in the order of time: rows and their index are written side by side, here and wherever the id goes. */
function freshKeys(count: number): SubjectKey[] {
  const random = randomBytes(KEY_BYTES * count);
  return Array.from({ length: count }, (_, n) => ({
    ...{ subjectId: uuidV7(systemClock), keyId: randomUUID() },
    key: random.subarray(n * KEY_BYTES, (n + 1) * KEY_BYTES),
  }));
}
