import {
  admitAppend,
  InvalidArgument,
  isExpected,
  LIMITS,
  requireLimit,
  requirePosition,
  requireRevision,
  requireStreamId,
  requireTypes,
  RevisionConflict,
  START,
  StoreUnavailable,
  StreamNotFound,
  StreamTooLong,
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
  TellsForeignEvents,
  SubscribeOptions,
} from '@shaoying/event-store';
import { BatchAppendPath } from './append.batch-path.js';
import { PlainAppendPath } from './append.call.js';
import type { AppendPath } from './append.call.js';
import { AppendWriter } from './append.writer.js';
import { AppendsInFlight } from './appends.in-flight.js';
import { pause } from '@shaoying/event-store';
import { LogClient } from './eventstoredb.client.js';
import type { Connection } from './eventstoredb.client.js';
import { KnownIds } from './known-ids.js';
import type { Warn } from './log.errors.js';
import { LogReader } from './log.reader.js';
import { follow } from './log.subscription.js';

export interface EventStoreDbEventStoreOptions {
  /** `esdb://` or `esdb+discover://` (also `kurrentdb://`, `kdb://`), with credentials and options as the client reads them. */
  readonly url: string;
  /** To reach a server, discovery included. Default 10,000 ms, 10 to 120,000. */
  readonly connectTimeoutMs?: number;
  /** For the answer to one attempt of an append. Default 10,000 ms, 10 to 120,000. */
  readonly appendTimeoutMs?: number;
  /** For a whole page. Default 30,000 ms, 10 to 600,000. */
  readonly readTimeoutMs?: number;
  /** Appends under way; beyond it callers get `Overloaded`. Default 5,000, 1 to 100,000. */
  readonly appendsMax?: number;
  /** `'plain'` makes a call of each append even where the server takes many over one. Default `'batch'`. */
  readonly appendPath?: 'batch' | 'plain';
  /** Hears of lost connections and of events that are not ours. Default: `process.emitWarning`. */
  readonly onWarning?: Warn;
}

/** Given to appends under way when the store is closed; then they are cancelled, and their outcome is unknown. */
const closeGraceMs = 5_000;

function within(what: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${what} must be a whole number from ${min} to ${max}, not ${value}`);
}

/**
 * The event log on EventStoreDB or KurrentDB. Why it is built so: docs/adr/0008-eventstoredb-engine-and-its-client.md.
 *
 * Revisions are the server's. Where somebody else has written into one of our streams, his event has taken a revision that
 * no reader is told: ours then go up with a gap there, the same gap for every reader, and are dense otherwise.
 */
export class EventStoreDbEventStore implements EventStore, StoredTexts, TellsForeignEvents {
  private readonly client: LogClient;
  private readonly reader: LogReader;
  private readonly writer: AppendWriter;
  private readonly inFlight: AppendsInFlight;
  private readonly known = new KnownIds();
  private readonly paths = new WeakMap<Connection, Promise<AppendPath>>();
  /** First no more calls are taken, then those under way are cancelled. */
  private readonly closing = new AbortController();
  private readonly ended = new AbortController();
  private closed: Promise<void> | undefined;
  private readonly warn: Warn;
  private readonly appendTimeoutMs: number;
  private readonly readTimeoutMs: number;

  /** Reaches the server. @throws StoreUnavailable, InvalidArgument, RangeError */
  static async open(options: EventStoreDbEventStoreOptions): Promise<EventStoreDbEventStore> {
    const store = new EventStoreDbEventStore(options);
    try {
      await store.head();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  private constructor(private readonly options: EventStoreDbEventStoreOptions) {
    const connectTimeoutMs = within('connectTimeoutMs', options.connectTimeoutMs ?? 10_000, 10, 120_000);
    this.appendTimeoutMs = within('appendTimeoutMs', options.appendTimeoutMs ?? 10_000, 10, 120_000);
    this.readTimeoutMs = within('readTimeoutMs', options.readTimeoutMs ?? 30_000, 10, 600_000);
    this.inFlight = new AppendsInFlight(within('appendsMax', options.appendsMax ?? 5_000, 1, 100_000));
    this.warn = options.onWarning ?? ((message) => process.emitWarning(message, 'EventStoreWarning'));
    this.client = new LogClient(options.url, connectTimeoutMs);
    this.reader = new LogReader(this.client, this.readTimeoutMs, this.warn, this.ended.signal);
    this.writer = new AppendWriter({
      path: () => this.path(),
      reader: this.reader,
      known: this.known,
      warn: this.warn,
      closing: this.closing.signal,
    });
  }

  async append(
    streamId: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    this.requireOpen();
    const admitted = admitAppend(streamId, expected, events);
    requireNoSystemName('a stream id', streamId);
    for (const { type } of admitted.events) requireNoSystemName('an event type', type);
    if (events.length === 0) return this.appendNothing(admitted);
    return this.inFlight.run(admitted.bytes, () => this.writer.append(admitted));
  }

  async readStream(streamId: string, fromRevision = 0): Promise<RecordedEvent[]> {
    this.requireOpen();
    requireStreamId(streamId);
    requireRevision(fromRevision);
    const events: RecordedEvent[] = [];
    let bytes = 0;
    for (let from = fromRevision; ;) {
      const page = await this.reader.stream(streamId, from, LIMITS.readEventsMax);
      const last = page.events.at(-1);
      if (!last) break;
      events.push(...page.events);
      bytes += page.bytes;
      if (events.length > LIMITS.streamReadEventsMax || bytes > LIMITS.streamReadBytesMax) {
        throw new StreamTooLong(streamId);
      }
      from = last.revision + 1;
    }
    // Events of others alone are no stream of ours: who begins it expects none.
    if (fromRevision === 0 && events.length === 0) throw new StreamNotFound(streamId);
    if (fromRevision === 0) this.known.remember(streamId, idsByRevision(events));
    return events;
  }

  async foreignRevisions(streamId: string): Promise<number[]> {
    this.requireOpen();
    requireStreamId(streamId);
    return this.reader.foreignRevisions(streamId, LIMITS.readEventsMax);
  }

  async readAll(after: Position, options: ReadAllOptions = {}): Promise<RecordedEvent[]> {
    this.requireOpen();
    return this.reader.page(admittedPosition(after), {
      limit: requireLimit(options.limit),
      types: requireTypes(options.types),
    });
  }

  async readAllStored<Taken extends object>(
    after: Position,
    limit: number,
    take: (record: StoredRecord) => Taken,
    types?: readonly string[],
  ): Promise<Taken[]> {
    this.requireOpen();
    const bounds = { limit: requireLimit(limit), types: requireTypes(types) };
    return this.reader.storedPage(admittedPosition(after), bounds, take);
  }

  async eventAt(position: Position): Promise<RecordedEvent | undefined> {
    this.requireOpen();
    return this.reader.at(admittedPosition(position));
  }

  async head(): Promise<Position> {
    this.requireOpen();
    return this.reader.head();
  }

  subscribe(after: Position, options: SubscribeOptions = {}): AsyncIterable<RecordedEvent[]> {
    this.requireOpen();
    const from = admittedPosition(after);
    const following = {
      client: this.client,
      reader: this.reader,
      warn: this.warn,
      limit: requireLimit(options.batchSize),
      types: requireTypes(options.types),
      silenceMsMax: this.readTimeoutMs,
    };
    return untilAborted([options.signal, this.closing.signal], (ended) =>
      follow(from, { ...following, ended }),
    );
  }

  close(): Promise<void> {
    this.closed ??= this.drainAndRelease();
    return this.closed;
  }

  private async drainAndRelease(): Promise<void> {
    this.closing.abort();
    const drained = new AbortController();
    void this.inFlight.drained().then(() => drained.abort());
    await pause(closeGraceMs, drained.signal);
    this.ended.abort();
    this.client.close();
  }

  /** Nothing to write: a read is enough. */
  private async appendNothing({ streamId, expected }: AdmittedAppend): Promise<AppendResult> {
    const { ours, last } = await this.reader.lastRevisions(streamId);
    // Behind our last event there may be those of others, which nobody is told of: expected is either.
    const held = typeof expected === 'number' && ours <= expected && expected <= last;
    if (!held && !isExpected(expected, ours)) throw new RevisionConflict(streamId, expected, ours);
    return { revision: ours, position: START, duplicate: false };
  }

  private async path(): Promise<AppendPath> {
    const connection = await this.client.connection();
    const known = this.paths.get(connection);
    if (known) return known;
    const chosen = this.choosePath(connection);
    this.paths.set(connection, chosen);
    chosen.catch((error: unknown) => {
      this.paths.delete(connection);
      if (error instanceof Error) void this.client.noteFailure(connection, error);
    });
    return chosen;
  }

  private async choosePath(connection: Connection): Promise<AppendPath> {
    const batch = this.options.appendPath !== 'plain' && (await this.client.serverHasBatchAppend(connection));
    const Path = batch ? BatchAppendPath : PlainAppendPath;
    return new Path(this.client, connection, this.appendTimeoutMs, this.ended.signal);
  }

  private requireOpen(): void {
    if (this.closing.signal.aborted) throw new StoreUnavailable('the event store is closed');
  }
}

/** Without leading zeros: `00` is START too. @throws InvalidArgument */
function admittedPosition(position: Position): Position {
  requirePosition(position);
  return BigInt(position).toString();
}

/** An event of somebody else has none. */
function idsByRevision(events: readonly RecordedEvent[]): string[] {
  const ids = new Array<string>((events.at(-1)?.revision ?? -1) + 1).fill('');
  for (const { revision, eventId } of events) ids[revision] = eventId;
  return ids;
}

/** @throws InvalidArgument for the names that the server keeps for itself: its filters and rights tell them apart by `$` */
function requireNoSystemName(what: string, name: string): void {
  if (name.startsWith('$'))
    throw new InvalidArgument(`${what} must not begin with $ on EventStoreDB, like ${name}`);
}
