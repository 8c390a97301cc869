import { StoreUnavailable, UnknownOutcome } from '@shaoying/event-store';
import type { AdmittedAppend } from '@shaoying/event-store';
import { Client, DatabaseError } from 'pg';
import type { ClientConfig } from 'pg';
import type { Settled } from './append.queue.js';
import { asFirstAnswered, sendBatch } from './append.statement.js';
import { backoffMs, pause } from '@shaoying/event-store';
import { endConnection, ReadOnlyServer, requireWritable } from './log.connection.js';
import type { Warn } from './log.connection.js';

/** Nothing was sent yet: three attempts within about 0.2 s, then the callers hear 503 and come back. */
const unsentAttemptsMax = 3;
/** Something was sent: waits of 50, 100, 200 … 3,200 ms make about 5 s, a restart of PostgreSQL with recovery. */
const settleAttemptsMax = 8;
/** No new attempt after this long, where a server takes connections and says nothing: each waits 15 s for its answer. */
const settleMsMax = 30_000;
/** A restart of PostgreSQL is waited out by all; a server that hangs for longer is waited for by the batch in doubt alone. */
const waitingPatienceMs = 10_000;
const retryBackoff = { baseMs: 50, maxMs: 3_200 };

/**
 * Codes with which a server ends the connection (57P01 terminated, 57P02 crash, 57P05 idle too long, 25P04 too long;
 * class 08): they may come after the commit.
 */
const endsConnection = /^(57P|08|25P04)/;

/**
 * Classes of faults that one append's own data can cause: bad data (22), a broken constraint (23), an index entry or a
 * value too large (54), a trigger that says no (P0). Such an append fails alone. Every other fault (locks, time-outs,
 * disk, memory, privileges) would meet its neighbours as well, each after a wait of up to 10 s.
 */
const causedByOneAppend = /^(22|23|54|P0)/;

/** What a server that can only be read answers to whatever would write. */
const readOnlyTransaction = '25006';

/** Part of a batch. In doubt: it was sent before and may be written, because the answer was lost. */
interface Part {
  readonly appends: readonly AdmittedAppend[];
  readonly inDoubt: boolean;
}

type Sent =
  | { readonly kind: 'settled'; readonly settled: readonly Settled[] }
  | { readonly kind: 'refused'; readonly error: DatabaseError; readonly inDoubt: boolean }
  | { readonly kind: 'unreachable'; readonly error: unknown; readonly inDoubt: boolean };

/** What a test need not wait for. */
export interface WriterTime {
  /** Milliseconds since any moment. */
  nowMs(): number;
  pause(ms: number): Promise<void>;
}

/**
 * The one connection that writes. A batch whose connection is lost after it was sent is sent again with the same event
 * ids over a new one: if the first attempt was written, the log answers as it would have answered then, and it is a first answer.
 */
export class AppendWriter {
  private client: Client | undefined;

  constructor(
    private readonly config: ClientConfig,
    private readonly warn: Warn,
    /**
     * Called when the server cannot be reached, or refuses for a reason that is no append's own, so that those who wait
     * behind the batch need not try each anew.
     */
    private readonly onUnavailable: (error: Error) => void,
    private readonly time: WriterTime = { nowMs: () => performance.now(), pause },
  ) {}

  /** A batch that is refused because of one append is halved until that one is found: it fails alone. */
  async write(batch: readonly AdmittedAppend[]): Promise<readonly Settled[]> {
    const parts: Part[] = [{ appends: batch, inDoubt: false }];
    const settled: Settled[] = [];
    for (let part = parts.shift(); part; part = parts.shift()) {
      const sent = await this.send(part);
      if (sent.kind === 'settled') {
        settled.push(...sent.settled);
        continue;
      }
      const tried = { ...part, inDoubt: sent.inDoubt };
      if (sent.kind === 'refused' && causedByOneAppend.test(sent.error.code ?? '')) {
        if (part.appends.length > 1) parts.unshift(...halvesOf(tried));
        else settled.push(this.guilty(part, sent.error));
        continue;
      }
      const unavailable = this.unavailable(sent);
      for (const left of [tried, ...parts.splice(0)]) settled.push(...failed(left, unavailable));
    }
    return settled;
  }

  async close(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client) await endConnection(client);
  }

  /** Sends until the log has answered, or the attempts are used up. Never rejects. */
  private async send({ appends, inDoubt }: Part): Promise<Sent> {
    const startedMs = this.time.nowMs();
    let doubt = inDoubt;
    let lastError: unknown;
    for (let attempt = 0; attempt < (doubt ? settleAttemptsMax : unsentAttemptsMax); attempt += 1) {
      if (attempt > 0) {
        const waitedMs = this.time.nowMs() - startedMs;
        if (waitedMs > settleMsMax) break;
        // Those who wait have sent nothing: they need not hear as late as this batch, whose answer is worth waiting for.
        if (waitedMs > waitingPatienceMs) this.onUnavailable(silent(lastError));
        await this.time.pause(backoffMs(attempt, retryBackoff));
      }
      const client = await this.connected().catch((error: unknown) => {
        lastError = error;
      });
      if (!client) continue;
      try {
        const settled = await sendBatch(client, appends);
        return {
          kind: 'settled',
          settled: doubt ? await asFirstAnswered(client, appends, settled) : settled,
        };
      } catch (error) {
        lastError = error;
        const refusal = await definite(error, client);
        if (refusal instanceof ReadOnlyServer) {
          // Nothing of it is written there: it is not in doubt for that.
          this.drop(client);
          continue;
        }
        if (refusal) return { kind: 'refused', error: refusal, inDoubt: doubt };
        doubt = true;
        this.drop(client);
        this.warn(`an append of ${appends.length} lost its connection and is sent again`, error);
      }
    }
    return { kind: 'unreachable', error: lastError, inDoubt: doubt };
  }

  private guilty({ appends }: Part, error: DatabaseError): StoreUnavailable {
    this.warn(`PostgreSQL refused an append to ${appends[0]?.streamId}`, error);
    return new StoreUnavailable(`PostgreSQL refused an append (${error.code})`, { cause: error });
  }

  private unavailable({ kind, error: cause }: Exclude<Sent, { kind: 'settled' }>): StoreUnavailable {
    const message =
      kind === 'refused' ? `PostgreSQL cannot append now (${cause.code})` : 'the event log cannot be reached';
    const unavailable = new StoreUnavailable(message, { cause });
    this.warn(message, cause);
    this.onUnavailable(unavailable);
    return unavailable;
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
      await requireWritable(client);
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

const silent = (cause: unknown): StoreUnavailable =>
  new StoreUnavailable('the event log does not answer', { cause });

/** Acknowledged means durable, whatever the database's or the role's default is. Stricter settings are left alone. */
async function requireDurableCommits(client: Client): Promise<void> {
  await client.query(
    `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
  );
}

/**
 * The error, when the server itself said no and lives on: the call was its own transaction, so nothing of it is written. An
 * error with which the connection or the server ends (FATAL, PANIC: a full disk under the write-ahead log) may come after
 * the commit, and its severity is a word in the server's language; so the server is asked whether it is still there.
 */
async function definite(error: unknown, client: Client): Promise<DatabaseError | ReadOnlyServer | undefined> {
  if (error instanceof ReadOnlyServer) return error;
  if (!(error instanceof DatabaseError) || endsConnection.test(error.code ?? '08')) return undefined;
  return client.query('SELECT 1').then(
    () => (error.code === readOnlyTransaction ? new ReadOnlyServer(error) : error),
    () => undefined,
  );
}

function halvesOf({ appends, inDoubt }: Part): Part[] {
  const half = appends.length >> 1;
  return [appends.slice(0, half), appends.slice(half)].map((some) => ({ appends: some, inDoubt }));
}

/** What was sent and never answered may be written, whatever the server says now. */
function failed({ appends, inDoubt }: Part, unavailable: StoreUnavailable): Settled[] {
  const error = inDoubt
    ? new UnknownOutcome('the connection to the event log was lost after an append was sent', {
        cause: unavailable.cause,
      })
    : unavailable;
  return appends.map(() => error);
}
