import { setTimeout as sleep } from 'node:timers/promises';
import { advisoryLockKey } from '@shaoying/postgres';
import type { Pool, PoolClient } from 'pg';
import type { CheckpointSigner, SignerReport } from './checkpoint-signer.js';

/** What the watch needs of a logger; pino's fits. */
export interface WatchLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface CheckpointWatchOptions {
  readonly signer: Pick<CheckpointSigner, 'look'>;
  /** One of its connections is kept while this process is the one that signs. */
  readonly pool: Pool;
  readonly log: WatchLog;
  readonly onReport: (report: SignerReport) => void;
  /** Default 1,000 ms. */
  readonly everyMs?: number;
}

/** A look that waits for whoever gets checkpoints is not waited for when the process ends: it must within 5 s. */
const stopMsMax = 1_500;
/** What goes on being wrong is said again this often. */
const remindMs = 60_000;
const lockName = 'audit/checkpoint-signer';

/**
 * Looks at the tree every second, in one of the processes that would: whoever holds the lock. That two of them signed the
 * same would do no harm (the stream takes one checkpoint at a revision), but each might have a key of its own.
 */
export class CheckpointWatch {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private holder: PoolClient | undefined;
  private said: { readonly what: string; readonly atMs: number } | undefined;

  constructor(private readonly options: CheckpointWatchOptions) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Waits 1.5 s at the most for the look that is under way; what it has signed by then is exported by the next process. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const over = new AbortController();
    const patience = sleep(stopMsMax, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([this.running, patience]);
    over.abort();
    this.letGo();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        if (await this.isHolder()) this.tell(await this.options.signer.look());
      } catch (error) {
        if (signal.aborted) break;
        const reason = error instanceof Error ? error.message : String(error);
        this.sayOnce('warn', { err: error }, `checkpoints cannot be signed now: ${reason}`);
      }
      await sleep(this.options.everyMs ?? 1_000, undefined, { signal }).catch(() => undefined);
    }
  }

  private async isHolder(): Promise<boolean> {
    if (this.holder) return true;
    const client = await this.options.pool.connect();
    try {
      const { rows } = await client.query<{ locked: boolean }>(
        'select pg_try_advisory_lock($1::bigint) as locked',
        [advisoryLockKey(lockName).toString()],
      );
      if (rows[0]?.locked !== true) {
        client.release();
        return false;
      }
    } catch (error) {
      client.release(true);
      throw error;
    }
    // The lock goes with the connection, and another process may be signing from then on.
    client.on('error', () => this.letGo());
    this.holder = client;
    return true;
  }

  private letGo(): void {
    const { holder } = this;
    this.holder = undefined;
    holder?.release(true);
  }

  private tell(report: SignerReport): void {
    this.options.onReport(report);
    const { outcome, exportFailure, exportLag } = report;
    if (outcome.state === 'refusing') {
      this.sayOnce('error', {}, `no checkpoint is signed: ${outcome.reason}`);
    } else if (exportFailure !== null) {
      this.sayOnce('warn', { exportLag }, `checkpoints are not exported: ${exportFailure}`);
    } else {
      this.said = undefined;
    }
    if (outcome.state === 'signed') this.options.log.info({ size: outcome.size }, 'checkpoint signed');
  }

  private sayOnce(level: 'warn' | 'error', fields: object, what: string): void {
    const nowMs = performance.now();
    if (this.said?.what === what && nowMs - this.said.atMs < remindMs) return;
    this.said = { what, atMs: nowMs };
    this.options.log[level](fields, what);
  }
}
