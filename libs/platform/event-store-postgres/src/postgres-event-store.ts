import {
  admitAppend,
  isExpected,
  requireLimit,
  requirePosition,
  requireRevision,
  requireStreamId,
  requireTypes,
  RevisionConflict,
  START,
  StoreUnavailable,
  untilAborted,
} from '@shaoying/event-store';
import type {
  AdmittedAppend,
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  Position,
  ReadAllOptions,
  RecordedEvent,
  StoredRecord,
  StoredTexts,
  SubscribeOptions,
} from '@shaoying/event-store';
import { Client } from 'pg';
import { AppendQueue } from './append.queue.js';
import { AppendWriter } from './append.writer.js';
import { endConnection, listenerConfig, readerConfig, setupConfig, writerConfig } from './log.connection.js';
import type { Warn } from './log.connection.js';
import { LogListener } from './log.listener.js';
import { LogReader } from './log.reader.js';
import type { PageRequest } from './log.reader.js';
import { ensureLogSchema } from './log.schema.js';
import { follow } from './log.subscription.js';

export interface PostgresEventStoreOptions {
  /** `postgres://…`; the database must be in UTF-8. The log lives in its schema `log`. */
  readonly url: string;
  /** Connections for reading. Default 8, 1 to 100. One more writes, one more listens. */
  readonly poolSize?: number;
  /** Appends that may wait for their batch; beyond it callers get `Overloaded`. Default 5,000, 1 to 100,000. */
  readonly queueMax?: number;
  /** How late a subscriber is at the most when a notification is lost. Default 1,000 ms, 10 to 60,000. */
  readonly pollIntervalMs?: number;
  /** Hears of lost connections and of a server that does not fsync. Default: `process.emitWarning`. */
  readonly onWarning?: Warn;
}

function within(what: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${what} must be a whole number from ${min} to ${max}, not ${value}`);
}

/** The event log on PostgreSQL. Why it is built so: docs/adr/0002-event-store-on-postgresql.md. */
export class PostgresEventStore implements EventStore, StoredTexts {
  private readonly queue: AppendQueue;
  private readonly writer: AppendWriter;
  private readonly reader: LogReader;
  private readonly listener: LogListener;
  private readonly closing = new AbortController();
  private closed: Promise<void> | undefined;

  /** Reaches the server, creates the schema where it is missing. @throws StoreUnavailable, RangeError */
  static async open(options: PostgresEventStoreOptions): Promise<PostgresEventStore> {
    const store = new PostgresEventStore(options);
    await prepare(options.url, store.warn).catch(async (cause: unknown) => {
      await store.close();
      throw cause instanceof StoreUnavailable
        ? cause
        : new StoreUnavailable('the event log cannot be opened', { cause });
    });
    return store;
  }

  private readonly warn: Warn;

  private constructor(options: PostgresEventStoreOptions) {
    const { url } = options;
    const poolSize = within('poolSize', options.poolSize ?? 8, 1, 100);
    const queueMax = within('queueMax', options.queueMax ?? 5_000, 1, 100_000);
    const pollIntervalMs = within('pollIntervalMs', options.pollIntervalMs ?? 1_000, 10, 60_000);
    this.warn = options.onWarning ?? ((message) => process.emitWarning(message, 'EventStoreWarning'));
    this.writer = new AppendWriter(writerConfig(url), this.warn, (error) => this.queue.failWaiting(error));
    this.queue = new AppendQueue((batch) => this.writer.write(batch), queueMax);
    this.reader = new LogReader({ ...readerConfig(url), max: poolSize }, this.warn);
    this.listener = new LogListener(listenerConfig(url), pollIntervalMs, this.warn);
  }

  async append(
    streamId: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    this.requireOpen();
    const admitted = admitAppend(streamId, expected, events);
    return events.length === 0 ? this.appendNothing(admitted) : this.queue.add(admitted);
  }

  async readStream(streamId: string, fromRevision = 0): Promise<RecordedEvent[]> {
    this.requireOpen();
    requireStreamId(streamId);
    requireRevision(fromRevision);
    return this.reader.stream(streamId, fromRevision);
  }

  async readAll(after: Position, options: ReadAllOptions = {}): Promise<RecordedEvent[]> {
    this.requireOpen();
    requirePosition(after);
    const { limit, types } = options;
    return (await this.reader.page(after, pageRequest(limit, types))).events;
  }

  async readAllStored<Taken extends object>(
    after: Position,
    limit: number,
    take: (record: StoredRecord) => Taken,
    types?: readonly string[],
  ): Promise<Taken[]> {
    this.requireOpen();
    requirePosition(after);
    return this.reader.storedPage(after, pageRequest(limit, types), take);
  }

  async eventAt(position: Position): Promise<RecordedEvent | undefined> {
    this.requireOpen();
    requirePosition(position);
    return this.reader.at(position);
  }

  async head(): Promise<Position> {
    this.requireOpen();
    return this.reader.head();
  }

  subscribe(after: Position, options: SubscribeOptions = {}): AsyncIterable<RecordedEvent[]> {
    this.requireOpen();
    requirePosition(after);
    const request = pageRequest(options.batchSize, options.types);
    const { reader, listener, warn } = this;
    listener.start();
    return untilAborted([options.signal, this.closing.signal], (ended) =>
      follow(after, { reader, listener, warn, request, ended }),
    );
  }

  close(): Promise<void> {
    this.closed ??= this.drainAndRelease();
    return this.closed;
  }

  private async drainAndRelease(): Promise<void> {
    this.closing.abort();
    await this.queue.drained();
    await Promise.all([this.writer.close(), this.listener.close(), this.reader.close()]);
  }

  /** Nothing to order and nothing to write: a read is enough, and the writers need not wait for it. */
  private async appendNothing({ streamId, expected }: AdmittedAppend): Promise<AppendResult> {
    const revision = await this.reader.streamRevision(streamId);
    if (!isExpected(expected, revision)) throw new RevisionConflict(streamId, expected, revision);
    return { revision, position: START, duplicate: false };
  }

  private requireOpen(): void {
    if (this.closing.signal.aborted) throw new StoreUnavailable('the event store is closed');
  }
}

function pageRequest(limit: number | undefined, types: readonly string[] | undefined): PageRequest {
  return { limit: requireLimit(limit), types: requireTypes(types) };
}

async function prepare(url: string, warn: Warn): Promise<void> {
  const client = new Client(setupConfig(url));
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ fsync: string }>('SHOW fsync');
    if (rows[0]?.fsync !== 'on')
      warn('PostgreSQL runs with fsync off: a power failure loses acknowledged events');
    await ensureLogSchema(client);
  } finally {
    await endConnection(client);
  }
}
