import { StoreUnavailable, UnknownOutcome } from '@shaoying/event-store';
import type { AdmittedAppend } from '@shaoying/event-store';
import { Client, DatabaseError } from 'pg';
import type { ClientConfig } from 'pg';
import type { Settled } from './append.queue.js';
import { sendBatch } from './append.statement.js';
import { backoffMs, pause } from './backoff.js';
import { endConnection } from './log.connection.js';
import type { Warn } from './log.connection.js';

/** Nothing was sent yet: three attempts within about 0.2 s, then the callers hear 503 and come back. */
const unsentAttemptsMax = 3;
/** Something was sent: waits of 50, 100, 200 … 3,200 ms make about 5 s, a restart of PostgreSQL with recovery. */
const settleAttemptsMax = 8;
const retryBackoff = { baseMs: 50, maxMs: 3_200 };

/**
 * True when the server itself said no: the call was its own transaction, so nothing is written. The exceptions end the
 * connection (57P01 terminated, 57P02 crash, 57P05 idle too long, 25P04 too long; class 08) and may come after the
 * commit.
 */
function isDefinite(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && !/^(57P|08|25P04)/.test(error.code ?? '08');
}

/**
 * The one connection that writes. A batch whose connection is lost after it was sent is sent again with the same event
 * ids over a new one: if the first attempt was written, the log answers as it would have answered then.
 */
export class AppendWriter {
  private client: Client | undefined;

  constructor(
    private readonly config: ClientConfig,
    private readonly warn: Warn,
    /** Called when the server cannot be reached, so that those who wait behind the batch need not try each anew. */
    private readonly onUnreachable: (error: Error) => void,
  ) {}

  async write(batch: readonly AdmittedAppend[]): Promise<readonly Settled[]> {
    let sent = false;
    let lastError: unknown;
    for (let attempt = 0; attempt < (sent ? settleAttemptsMax : unsentAttemptsMax); attempt += 1) {
      if (attempt > 0) await pause(backoffMs(attempt, retryBackoff));
      const client = await this.connected().catch((error: unknown) => {
        lastError = error;
      });
      if (!client) continue;
      try {
        return await sendBatch(client, batch);
      } catch (error) {
        lastError = error;
        if (isDefinite(error)) return this.refused(batch, error);
        sent = true;
        this.drop(client);
        this.warn(`an append of ${batch.length} lost its connection and is sent again`, error);
      }
    }
    return this.gaveUp(batch, sent, lastError);
  }

  async close(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client) await endConnection(client);
  }

  /** One refused append would take its whole batch with it: each gets its own call, and the guilty fails alone. */
  private async refused(batch: readonly AdmittedAppend[], error: DatabaseError): Promise<readonly Settled[]> {
    const [only, ...more] = batch;
    if (only && more.length === 0) {
      this.warn(`PostgreSQL refused an append to ${only.streamId}`, error);
      return [new StoreUnavailable(`PostgreSQL refused an append (${error.code})`, { cause: error })];
    }
    const settled: Settled[] = [];
    for (const append of batch) settled.push(...(await this.write([append])));
    return settled;
  }

  private gaveUp(batch: readonly AdmittedAppend[], sent: boolean, cause: unknown): readonly Settled[] {
    const unreachable = new StoreUnavailable('the event log cannot be reached', { cause });
    this.warn(unreachable.message, cause);
    this.onUnreachable(unreachable);
    if (!sent) return batch.map(() => unreachable);
    const unknown = new UnknownOutcome('the connection to the event log was lost after an append was sent', {
      cause,
    });
    return batch.map(() => unknown);
  }

  private async connected(): Promise<Client> {
    if (this.client) return this.client;
    const client = new Client(this.config);
    // Also after the client was dropped: an 'error' event that nobody hears would end the process.
    client.on('error', (error) => {
      if (this.client === client) this.warn('the idle writer lost its connection', error);
      this.forget(client);
    });
    client.on('end', () => this.forget(client));
    try {
      await client.connect();
      await requireDurableCommits(client);
    } catch (error) {
      this.drop(client);
      throw error;
    }
    this.client = client;
    return client;
  }

  private forget(client: Client): void {
    if (this.client === client) this.client = undefined;
  }

  private drop(client: Client): void {
    this.forget(client);
    // Closes the socket at once when a query hangs on it; nothing is left to hear about a connection already lost.
    void client.end().catch(() => undefined);
  }
}

/** Acknowledged means durable, whatever the database's or the role's default is. Stricter settings are left alone. */
async function requireDurableCommits(client: Client): Promise<void> {
  await client.query(
    `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
  );
}
