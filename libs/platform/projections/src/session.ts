import type { Buffer } from 'node:buffer';
import { PrimaryClient } from '@shaoying/postgres';
import pg from 'pg';
import { copyRows } from './copied-rows.js';
import type { ProjectionTransaction } from './projection.js';
import { BatchRolledBack } from './projections.errors.js';

/** Told to every listener of a channel once the transaction it belongs to is committed. */
export interface Notice {
  readonly channel: string;
  readonly payload: string;
}

/** One batch may take this long before it is taken for stuck and halved. */
const statementTimeoutMs = 60_000;
/** A process frozen between two statements loses its transaction, so that its successor is not kept waiting. */
const idleInTransactionTimeoutMs = 30_000;
/** A server that is gone without a word, as behind a broken switch, is given up after this long. */
const answerTimeoutMs = statementTimeoutMs + 10_000;
const connectTimeoutMs = 5_000;
/** An index over all rows of a table: some 2 µs a row. */
const longStatementMs = 6 * 3_600_000;
const longAnswerMs = longStatementMs + 10_000;

export interface SessionLimits {
  /** A process frozen between two batches loses its session after this long, and its locks with it. Default 45,000 ms. */
  readonly idleMsMax?: number;
  /** An idle session says this often that its process is alive. Default 10,000 ms. */
  readonly signOfLifeMs?: number;
}
/** PostgreSQL silently truncates longer statement names, and two of them could then meet. */
const statementNameCharsMax = 63;
/**
 * Texts prepared per session; a projection has a handful, and texts made up anew each time stop being prepared here.
 * Measured: PostgreSQL's processor time per event in batches of 200 falls from 211 to 180 µs, since none is planned anew.
 */
const preparedTextsMax = 100;

/**
 * One connection of its own: it holds the advisory lock of a projection *and* writes its batches, so that losing the
 * lock and losing the ability to write are one and the same event. (A lock on a second connection can be lost while
 * the writer goes on; then only the fencing by position stands between two writers.)
 */
export class Session {
  /** Aborts when the connection is gone, by our hand or another's. */
  readonly lost: AbortSignal;
  private readonly preparedTexts = new Map<string, string>();
  /** Calls under way, or waiting for their turn. */
  private busy = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private readonly locks = new Set<string>();
  /** What `search_path` is set to. A session has one schema, or two: setting it per batch cost 3 % of a small one. */
  private searchPath: string | undefined;

  private constructor(
    private readonly client: pg.Client,
    lost: AbortController,
  ) {
    this.lost = lost.signal;
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
  }

  /** @throws when PostgreSQL does not answer within 5 s. */
  static async open(
    url: string,
    applicationName: string,
    { idleMsMax = 45_000, signOfLifeMs = 10_000 }: SessionLimits = {},
  ): Promise<Session> {
    const client = new PrimaryClient({
      connectionString: url,
      application_name: applicationName,
      keepAlive: true,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
      query_timeout: answerTimeoutMs,
    });
    const session = new Session(client, new AbortController());
    try {
      await client.connect();
      await session.prepare(idleMsMax);
    } catch (error) {
      await session.close();
      throw error;
    }
    session.showLife(signOfLifeMs);
    return session;
  }

  private async prepare(idleMsMax: number): Promise<void> {
    const { client } = this;
    // The server must notice within seconds that our machine is gone, or the lock outlives us by two hours.
    await client.query(
      'set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3',
    );
    // A prepared statement may keep the plan it got while its table was empty, which reads all of the table. Projections
    // find their rows by key, so an index is right for all of them.
    await client.query(
      'set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off',
    );
    // Not done: synchronous_commit off, since all of this is derived and can be applied again. It takes 14 to 24 % off
    // the processor time of a small batch, but a crash of PostgreSQL then takes rows that someone has already read: for
    // a moment an incident is not found that was shown before, although the reader said what position he has seen.
    // And, in the middle of a long statement, that our process is. Not every server platform can; those wait it out.
    await client.query('set client_connection_check_interval = 1000').catch(() => undefined);
    // A frozen process keeps its connection, which the kernel answers for: without this it would keep its locks, too.
    await client.query(`set idle_session_timeout = ${idleMsMax}`);
  }

  private showLife(everyMs: number): void {
    const timer = setInterval(() => {
      if (this.busy === 0) this.query('select 1').catch(() => undefined);
    }, everyMs).unref();
    if (this.lost.aborted) clearInterval(timer);
    this.lost.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.whileBusy(async () => (await this.client.query(text, [...values])).rows as Row[]);
  }

  /** One after the other: what is asked in the middle of somebody's transaction would be a part of it. */
  private whileBusy<T>(work: () => Promise<T>): Promise<T> {
    this.busy += 1;
    const done = this.turn.then(work).finally(() => (this.busy -= 1));
    this.turn = done.catch(() => undefined);
    return done;
  }

  /** Session-level advisory lock, held until the session closes. */
  async tryLock(name: string): Promise<boolean> {
    const rows = await this.query<{ locked: boolean }>(
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked',
      [name],
    );
    if (rows[0]?.locked !== true) return false;
    this.locks.add(name);
    return true;
  }

  /** Gives a lock of {@link tryLock} back. Does nothing without it. */
  async unlock(name: string): Promise<void> {
    if (!this.locks.delete(name)) return;
    await this.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]);
  }

  /**
   * Runs `work` in one transaction with `search_path` set to `schema` alone; commits and tells `notice` of the result, or
   * rolls back and rethrows.
   */
  inTransaction<T>(
    schema: string,
    work: (tx: ProjectionTransaction) => Promise<T>,
    notice?: (result: T) => Notice | undefined,
  ): Promise<T> {
    return this.whileBusy(() => this.transaction(schema, 'begin', work, notice));
  }

  /**
   * The same over one snapshot of the database, with statements of which each may take hours. Its own writes it sees; what it
   * writes must be nobody else's.
   */
  inLongSnapshot<T>(schema: string, work: (tx: ProjectionTransaction) => Promise<T>): Promise<T> {
    const begin = `begin isolation level repeatable read; set local statement_timeout = ${longStatementMs}`;
    return this.whileBusy(() => this.transaction(schema, begin, work, undefined, longAnswerMs));
  }

  private async transaction<T>(
    schema: string,
    begin: string,
    work: (tx: ProjectionTransaction) => Promise<T>,
    notice: ((result: T) => Notice | undefined) | undefined,
    answerMsMax?: number,
  ): Promise<T> {
    const tx = new SessionTransaction(this.client, schema, this.preparedTexts, answerMsMax);
    await this.setSearchPath(schema);
    await this.client.query(begin);
    try {
      const result = await work(tx);
      tx.end();
      await this.commit(tx, notice?.(result));
      return result;
    } catch (error) {
      tx.end();
      await this.client.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  /** The same for statements without values of which each may take hours. */
  inLongTransaction(schema: string, statements: string): Promise<void> {
    return this.whileBusy(async () => {
      await this.setSearchPath(schema);
      const text = `begin; set local statement_timeout = ${longStatementMs}; ${statements}; commit`;
      try {
        // Of pg's own, which its types do not tell.
        await this.client.query({ text, query_timeout: longAnswerMs } as pg.QueryConfig);
      } catch (error) {
        await this.client.query('rollback').catch(() => undefined);
        throw error;
      }
    });
  }

  private async setSearchPath(schema: string): Promise<void> {
    if (this.searchPath === schema) return;
    await this.client.query(`set search_path to ${pg.escapeIdentifier(schema)}`);
    this.searchPath = schema;
  }

  /**
   * The notice goes with the commit, in one message, but in a transaction of its own after it: a transaction that
   * notifies holds a lock over the whole database until its commit record is on disk, so six projections and the log
   * would sync one behind the other. A notice lost to a crash is covered by the listener's polling.
   */
  private async commit(tx: SessionTransaction, notice: Notice | undefined): Promise<void> {
    // A statement that failed and was caught inside `work` leaves a transaction that COMMIT quietly rolls back, and what
    // stands behind it in the message would be told all the same.
    const told = notice !== undefined && !tx.hadFailure ? `; ${notifying(notice)}` : '';
    const answer = (await this.client.query(`commit${told}`)) as pg.QueryResult | pg.QueryResult[];
    const command = Array.isArray(answer) ? answer[0]?.command : answer.command;
    if (command !== 'COMMIT') throw new BatchRolledBack(`commit of ${tx.schema} ended as ${command}`);
    if (notice !== undefined && tx.hadFailure) await this.client.query(notifying(notice));
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<void> {
    this.client.on('notification', (notice) => {
      if (notice.channel === channel && notice.payload !== undefined) onPayload(notice.payload);
    });
    await this.client.query(`listen ${pg.escapeIdentifier(channel)}`);
  }

  /** Ends the connection at once, also in the middle of a statement. */
  async close(): Promise<void> {
    await this.client.end().catch(() => undefined);
  }
}

function notifying({ channel, payload }: Notice): string {
  return `notify ${pg.escapeIdentifier(channel)}, ${pg.escapeLiteral(payload)}`;
}

class SessionTransaction implements ProjectionTransaction {
  /** Whether any statement has failed, also one whose error was caught. */
  hadFailure = false;
  private ended = false;

  constructor(
    private readonly client: pg.Client,
    readonly schema: string,
    /** Statement names by schema and text, of the whole session. */
    private readonly preparedTexts: Map<string, string>,
    /** Of one statement; default: that of the session. */
    private readonly answerMsMax?: number,
  ) {}

  async query<Row = Record<string, unknown>>(
    sql: string | { name: string; text: string },
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    this.requireOpen();
    const text = typeof sql === 'string' ? sql : sql.text;
    // A text without values may hold several statements, which cannot be prepared.
    const name = typeof sql !== 'string' ? sql.name : values.length > 0 ? this.nameFor(text) : undefined;
    const config = {
      ...{ text, ...(name === undefined ? {} : this.statementName(name)) },
      // Of pg's own, which its types do not tell.
      ...(this.answerMsMax !== undefined && { query_timeout: this.answerMsMax }),
    };
    try {
      return (await this.client.query({ ...config, values: [...values] })).rows as Row[];
    } catch (error) {
      this.hadFailure = true;
      throw error;
    }
  }

  async copy(sql: string, rows: Buffer): Promise<void> {
    this.requireOpen();
    try {
      await copyRows(this.client, sql, rows);
    } catch (error) {
      this.hadFailure = true;
      throw error;
    }
  }

  end(): void {
    this.ended = true;
  }

  private requireOpen(): void {
    if (this.ended) throw new Error('the transaction is over: a query was not awaited inside apply');
  }

  private nameFor(text: string): string | undefined {
    const known = this.preparedTexts.get(text);
    if (known !== undefined || this.preparedTexts.size >= preparedTextsMax) return known;
    const name = `text-${this.preparedTexts.size}`;
    this.preparedTexts.set(text, name);
    return name;
  }

  /** Prefixed with the schema: live and shadow tables share neither plan nor connection-wide name. */
  private statementName(name: string): { name?: string } {
    const prefixed = `${this.schema}/${name}`;
    return prefixed.length <= statementNameCharsMax ? { name: prefixed } : {};
  }
}
