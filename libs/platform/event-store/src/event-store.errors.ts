import type { ExpectedRevision, Position, RecordedEvent } from './event-store.js';

/** Thrown when a stream is not at the revision the writer had read. Reload, decide again, or tell the caller. */
export class RevisionConflict extends Error {
  readonly code = 'REVISION_CONFLICT';
  constructor(
    readonly streamId: string,
    readonly expected: ExpectedRevision,
    /** -1 when the stream does not exist. */
    readonly actual: number,
  ) {
    super(`stream ${streamId} is at revision ${actual}, expected ${expected}`);
  }
}

/** Thrown when a stream that must exist has no events. */
export class StreamNotFound extends Error {
  readonly code = 'STREAM_NOT_FOUND';
  constructor(readonly streamId: string) {
    super(`stream ${streamId} does not exist`);
  }
}

/** Thrown when a stream is longer than one answer may be: `LIMITS.streamReadEventsMax`, `LIMITS.streamReadBytesMax`. */
export class StreamTooLong extends Error {
  readonly code = 'STREAM_TOO_LONG';
  constructor(readonly streamId: string) {
    super(`stream ${streamId} is longer than can be read at once`);
  }
}

/**
 * Thrown when an event of ours is no JSON: somebody has changed it where it is stored. Nobody can tell what it said, so
 * nothing is decided on its stream and nobody reads past it. Says where, never what: data may be personal.
 */
export class UnreadableEvent extends Error {
  readonly code = 'UNREADABLE_EVENT';
  readonly eventId: string;
  readonly streamId: string;
  readonly revision: number;
  readonly position: Position;
  readonly type: string;
  readonly recordedAt: string;
  readonly messageZh: string;
  constructor({ eventId, streamId, revision, position, type, recordedAt }: EventPlace) {
    super(`event ${type} at position ${position}, revision ${revision} of stream ${streamId}, is no JSON`);
    this.eventId = eventId;
    this.streamId = streamId;
    this.revision = revision;
    this.position = position;
    this.type = type;
    this.recordedAt = recordedAt;
    this.messageZh = `位置 ${position}（流 ${streamId} 版本 ${revision}）的记录 ${type} 已不是有效的 JSON`;
  }
}

type EventPlace = Pick<
  RecordedEvent,
  'eventId' | 'streamId' | 'revision' | 'position' | 'type' | 'recordedAt'
>;

/** Thrown when the connection failed after an append was sent: it may or may not be written. Retry with the same event ids. */
export class UnknownOutcome extends Error {
  readonly code = 'UNKNOWN_OUTCOME';
}

/** Thrown when the store cannot be reached, before anything was sent. */
export class StoreUnavailable extends Error {
  readonly code = 'STORE_UNAVAILABLE';
}

/** Thrown when the bounded queue of appends is full. Ask the caller to come back. */
export class Overloaded extends Error {
  readonly code = 'OVERLOADED';
  constructor(readonly retryAfterSeconds = 1) {
    super('the event store has more appends waiting than it accepts');
  }
}

/** Thrown when one event's data is larger than `LIMITS.eventBytesMax`. */
export class EventTooLarge extends Error {
  readonly code = 'EVENT_TOO_LARGE';
}

/** Thrown when an append carries more than `LIMITS.eventsPerAppendMax` events. */
export class TooManyEvents extends Error {
  readonly code = 'TOO_MANY_EVENTS';
}

/** Thrown when the events of one append are together larger than `LIMITS.appendBytesMax`. Split the append. */
export class AppendTooLarge extends Error {
  readonly code = 'APPEND_TOO_LARGE';
}

/**
 * Thrown when some of an append's event ids are in the log already, but not as this very append: in another stream, or
 * only part of them, or in another order. Ids are derived from command ids, so this is a bug in the caller.
 */
export class EventIdTaken extends Error {
  readonly code = 'EVENT_ID_TAKEN';
  constructor(readonly streamId: string) {
    super(`an append to stream ${streamId} carries event ids that the log already holds as other events`);
  }
}

/** Thrown when an argument breaks the port's contract (a malformed id, instant, position or limit): a bug in the caller. */
export class InvalidArgument extends Error {
  readonly code = 'INVALID_ARGUMENT';
}

export type EventStoreError =
  | RevisionConflict
  | StreamNotFound
  | StreamTooLong
  | UnreadableEvent
  | UnknownOutcome
  | StoreUnavailable
  | Overloaded
  | EventTooLarge
  | TooManyEvents
  | AppendTooLarge
  | EventIdTaken
  | InvalidArgument;

const eventStoreErrors = [
  RevisionConflict,
  StreamNotFound,
  StreamTooLong,
  UnreadableEvent,
  UnknownOutcome,
  StoreUnavailable,
  Overloaded,
  EventTooLarge,
  TooManyEvents,
  AppendTooLarge,
  EventIdTaken,
  InvalidArgument,
] as const;

/** True for the errors the port throws on purpose; switch on `code` afterwards. */
export function isEventStoreError(error: unknown): error is EventStoreError {
  return eventStoreErrors.some((kind) => error instanceof kind);
}
