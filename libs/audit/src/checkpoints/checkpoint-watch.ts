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
const askedChannel = 'audit_checkpoint_asked';
/** So many looks an asking lasts: the tree must have the event first that it is about, and under load is late by 390 ms. */
const looksPerAsking = 4;

/**
 * Asks whichever process signs for a checkpoint over what is in the log now, for who cannot wait a minute for it. Nobody signs
 * but that one; where none does, nothing comes of it. @throws what the pool throws
 */
export async function askForCheckpoint(pool: Pick<Pool, 'query'>): Promise<void> {
  await pool.query(`notify ${askedChannel}`);
}

/**
 * Looks at the tree every second, in one of the processes that would: whoever holds the lock. That two of them signed the
 * same would do no harm (the stream takes one checkpoint at a revision), but each might have a key of its own.
 */
export class CheckpointWatch {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private holder: PoolClient | undefined;
  private looksAsked = 0;
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
        if (await this.isHolder()) await this.look();
      } catch (error) {
        if (signal.aborted) break;
        const reason = error instanceof Error ? error.message : String(error);
        const what = `checkpoints cannot be signed now: ${reason}`;
        // So begins every first start, and nothing is wrong.
        if (isBeingBuilt(error)) this.sayOnce('info', {}, what);
        else this.sayOnce('warn', { err: error }, what);
      }
      await sleep(this.options.everyMs ?? 1_000, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    const left = this.looksAsked - 1;
    this.looksAsked = Math.max(0, left);
    const report = await this.options.signer.look(left >= 0);
    this.tell(report);
    // Who asked meanwhile asked for another one.
    if (report.outcome.state === 'signed' && this.looksAsked === left) this.looksAsked = 0;
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
      client.on('notification', ({ channel }) => {
        if (channel === askedChannel) this.looksAsked = looksPerAsking;
      });
      await client.query(`listen ${askedChannel}`);
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

  private sayOnce(level: 'info' | 'warn' | 'error', fields: object, what: string): void {
    const nowMs = performance.now();
    if (this.said?.what === what && nowMs - this.said.atMs < remindMs) return;
    this.said = { what, atMs: nowMs };
    this.options.log[level](fields, what);
  }
}

/** The tree of the audit is a read model: before it is there, and while a release makes another one, there is none to sign. */
const isBeingBuilt = (error: unknown): boolean =>
  (error as { readonly code?: unknown } | null)?.code === 'READ_MODELS_BEING_REBUILT';
