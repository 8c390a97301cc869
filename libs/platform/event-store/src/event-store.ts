import type { Buffer } from 'node:buffer';

/** Who caused an event. Recorded with it; never a name or a phone number. */
export interface Actor {
  /** Subject of the access token, or `anonymous`, or `system:<role>` for the server's own commands. */
  readonly id: string;
  readonly role: string;
  readonly orgUnitId: string | null;
}

/** An event as a command handler hands it to the store. Instants are ISO 8601 in UTC with milliseconds. */
export interface NewEvent<Data = unknown> {
  /** UUID. Derived from the command id, so that a retried append carries the same ids. */
  readonly eventId: string;
  /** Stable wire name such as `DepartmentCheckedIn`; never a class name. */
  readonly type: string;
  readonly schemaVersion: number;
  /** When it was so, as claimed and admitted. */
  readonly occurredAt: string;
  /** When the server learnt of it; never before what its writer had read, see `recordedAfter`. */
  readonly recordedAt: string;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly causationId: string;
  readonly commandId: string;
  /** Fingerprint of the request behind the command; tells a retry from a reused Idempotency-Key. */
  readonly requestHash?: string;
  /** W3C Trace Context of the request behind the command; see `traceparentOf`. */
  readonly traceparent?: string;
  readonly data: Data;
}

/** An event as the store gives it back. */
export interface RecordedEvent<Data = unknown> extends NewEvent<Data> {
  readonly streamId: string;
  /**
   * 0-based and dense within the stream. On EventStoreDB whoever else writes into it leaves a gap, the same for every reader:
   * go by the order, not by the number (docs/adr/0008-eventstoredb-engine-and-its-client.md).
   */
  readonly revision: number;
  readonly position: Position;
}

/**
 * Place in the total order of the log. Opaque outside the engines: compare with {@link comparePositions}, never
 * compute with it. PostgreSQL writes a number; EventStoreDB a commit position.
 */
export type Position = string;

/** Before the first event. `readAll(START)` reads the whole log. */
export const START: Position = '0';

export function comparePositions(a: Position, b: Position): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** True when `text` can be a position; use it on input from outside before any other use. */
export function isPosition(text: string): boolean {
  return /^\d{1,19}$/.test(text);
}

/**
 * `'none'`: the stream must not exist yet. A number: the revision of its last event (-1 is `'none'`, as a stream without
 * events is reported with revision -1). `'any'`: unchecked.
 */
export type ExpectedRevision = number | 'none' | 'any';

export interface AppendResult {
  /** Revision of the last event written (or, for no events, of the stream; -1 when it does not exist). */
  readonly revision: number;
  /** Position of the last event written; {@link START} when nothing was. */
  readonly position: Position;
  /**
   * True when every event id was in the stream already: an earlier call had succeeded. False for the call that wrote them,
   * also where its answer was lost and an engine settled it by sending it again.
   */
  readonly duplicate: boolean;
}

export interface ReadAllOptions {
  /** Default 500, 1 to 5,000. */
  readonly limit?: number;
  /** Only events of these types, 1 to 100 wire names; others are passed by in the store, not sent. Default: all. */
  readonly types?: readonly string[];
}

export interface SubscribeOptions {
  /** Events per batch at the most. Default 500, 1 to 5,000. */
  readonly batchSize?: number;
  /** Only events of these types, 1 to 100 wire names. Default: all. */
  readonly types?: readonly string[];
  /** Ends the iterator cleanly. */
  readonly signal?: AbortSignal;
}

/**
 * The log. Acknowledged means durable; total order equals commit order; a position once seen by any reader is never
 * followed by a smaller one. Every engine passes `eventStoreContract` from `@shaoying/event-store/testing`.
 */
export interface EventStore {
  /**
   * Appends all events or none. Idempotent by event id: an append whose ids are all in the stream already, in this order,
   * is answered as the first time with `duplicate: true`, whatever was expected and however far the stream has moved on.
   * An append of no events writes nothing and checks the expected revision. That ids are known in *another* stream is
   * told where the engine can see it (PostgreSQL; EventStoreDB cannot).
   * @throws RevisionConflict, EventIdTaken, EventTooLarge, TooManyEvents, AppendTooLarge, InvalidArgument,
   * Overloaded, StoreUnavailable, UnknownOutcome
   */
  append(streamId: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult>;

  /**
   * Events of one stream from `fromRevision` (default 0) to its end, in order; empty when the stream exists but is
   * shorter. A decision needs all of them, so there is no half answer: more than `LIMITS.streamReadEventsMax` events or
   * `LIMITS.streamReadBytesMax` bytes are refused.
   * @throws StreamNotFound, StreamTooLong, UnreadableEvent, InvalidArgument, Overloaded, StoreUnavailable
   */
  readStream(streamId: string, fromRevision?: number): Promise<RecordedEvent[]>;

  /**
   * The events after `after` in total order, at most `limit`, and fewer where they would pass `LIMITS.readBytesMax`
   * together. Empty only at the end of the log, so page until an empty answer. `after` may lie beyond the end. A page ends
   * before an event that cannot be read, and the one that would begin with it is refused.
   * @throws UnreadableEvent, InvalidArgument, Overloaded, StoreUnavailable
   */
  readAll(after: Position, options?: ReadAllOptions): Promise<RecordedEvent[]>;

  /**
   * The event at exactly this position; undefined where there is none. Who keeps an event's id beside its position can
   * tell by it whether the log is still the one it has read, or was replaced by another (an older backup).
   * @throws UnreadableEvent, InvalidArgument, Overloaded, StoreUnavailable
   */
  eventAt(position: Position): Promise<RecordedEvent | undefined>;

  /** Position of the last event, {@link START} for an empty log. */
  head(): Promise<Position>;

  /**
   * Catch-up then live: non-empty batches of the events after `after`, pulled by the consumer, for ever or until
   * `signal` aborts, or the store is closed. Survives reconnects of the engine; never skips, repeats or reorders. Ends with
   * an error at an event that cannot be read, after all that was before it.
   * @throws InvalidArgument; the iterator UnreadableEvent
   */
  subscribe(after: Position, options?: SubscribeOptions): AsyncIterable<RecordedEvent[]>;

  /**
   * Waits for appends under way, ends this handle's subscriptions cleanly and releases connections. Every later call is
   * answered with {@link StoreUnavailable}.
   */
  close(): Promise<void>;
}

/** An event with its texts as they are stored, for who must see every byte of them and need not know what they say. */
export interface StoredRecord {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  /** JSON in UTF-8, byte for byte; of an event that was tampered with it may be anything. */
  readonly metadata: Buffer;
  readonly data: Buffer;
  readonly streamId: string;
  readonly revision: number;
  readonly position: Position;
}

/** An engine that tells stored texts; the audit then sees what JSON.parse passes by, such as a member that stands twice. */
export interface StoredTexts {
  /**
   * As `readAll`, of each event what `take` makes of it. The record's texts are views that hold until `take`
   * returns: they lie where the next ones are read into. Where reading is repeated, `take` is called again, and what it made
   * before is dropped.
   * @param types as those of {@link ReadAllOptions}. Default all
   * @throws InvalidArgument, Overloaded, StoreUnavailable
   */
  readAllStored<Taken extends object>(
    after: Position,
    limit: number,
    take: (record: StoredRecord) => Taken,
    types?: readonly string[],
  ): Promise<Taken[]>;
}

export function tellsStoredTexts(store: EventStore): store is EventStore & StoredTexts {
  return 'readAllStored' in store && typeof store.readAllStored === 'function';
}

/** An engine that others may write into. */
export interface TellsForeignEvents {
  /**
   * Revisions of one stream that are held by events of others, in order; none where there is no such stream. They are no events
   * of the port, and a gap that is none of these is an event that somebody has removed.
   * @throws InvalidArgument, Overloaded, StoreUnavailable
   */
  foreignRevisions(streamId: string): Promise<number[]>;
}

export function tellsForeignEvents(store: EventStore): store is EventStore & TellsForeignEvents {
  return 'foreignRevisions' in store && typeof store.foreignRevisions === 'function';
}

export const LIMITS = {
  /** Events in one append. A command writes a handful; an import some dozens. */
  eventsPerAppendMax: 500,
  /** Serialised `data` of one event. Evidence travels as hashes, so 1 MiB is generous. */
  eventBytesMax: 1024 * 1024,
  /** Serialised envelope of one event without `data`: five ids and a hash take about 400 bytes. */
  metadataBytesMax: 8 * 1024,
  /** `data` and envelopes of one append together: 500 ordinary events take 0.5 MiB, 30 of the largest fit. */
  appendBytesMax: 32 * 1024 * 1024,
  /** `data` and envelopes in one answer of `readAll` or one batch of `subscribe`; a single event is never held back. */
  readBytesMax: 16 * 1024 * 1024,
  /** Events in one answer of `readAll` or one batch of `subscribe`. */
  readEventsMax: 5_000,
  /** When the caller names no limit. */
  readEventsDefault: 500,
  /** Event types to filter by: all of ours are some forty. */
  readTypesMax: 100,
  /** One stream in one answer: an incident has tens of events, a long one with rework some hundred. */
  streamReadEventsMax: 20_000,
  streamReadBytesMax: 64 * 1024 * 1024,
  streamIdCharsMax: 200,
  eventTypeCharsMax: 200,
} as const;
