import { Buffer } from 'node:buffer';
import { isPosition, LIMITS } from './event-store.js';
import type { Actor, ExpectedRevision, NewEvent, Position, RecordedEvent } from './event-store.js';
import {
  AppendTooLarge,
  EventTooLarge,
  InvalidArgument,
  TooManyEvents,
  UnreadableEvent,
} from './event-store.errors.js';
import { isTraceparent } from './traceparent.js';

/** An event as every engine stores it: `metadata` and `data` are JSON text whose bytes are kept as they are. */
export interface StoredEvent {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly metadata: string;
  readonly data: string;
}

/** An append that keeps every limit of the port, serialised once. */
export interface AdmittedAppend {
  readonly streamId: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly StoredEvent[];
  /** UTF-8 bytes of all `metadata` and `data` together. */
  readonly bytes: number;
}

interface Metadata {
  actor: Actor;
  correlationId: string;
  causationId: string;
  commandId: string;
  requestHash?: string;
  traceparent?: string;
}

// Lower case only: PostgreSQL answers uuids in lower case, and an id must come back as it went in.
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
// Year 0000 is 1 BC for PostgreSQL and would not come back as it went in.
const instant = /^(?!0000)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
// Engines refuse NUL in names, terminals and logs choke on the other control characters.
const control = /\p{Cc}/u;
const int32Max = 2_147_483_647;

function requireName(what: string, text: string, charsMax: number): void {
  if (typeof text !== 'string' || text.length === 0 || text.length > charsMax) {
    throw new InvalidArgument(`${what} must have 1 to ${charsMax} characters`);
  }
  if (control.test(text) || !text.isWellFormed()) {
    throw new InvalidArgument(`${what} must be well-formed Unicode without control characters`);
  }
}

function requireInstant(what: string, text: string): void {
  const time = instant.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time) || new Date(time).toISOString() !== text) {
    throw new InvalidArgument(`${what} must be an instant such as 2026-02-13T08:00:00.000Z, not ${text}`);
  }
}

/** @throws InvalidArgument unless `streamId` can name a stream. */
export function requireStreamId(streamId: string): void {
  requireName('a stream id', streamId, LIMITS.streamIdCharsMax);
}

/** @throws InvalidArgument unless `revision` can be a revision. */
export function requireRevision(revision: number): void {
  if (!Number.isInteger(revision) || revision < 0 || revision > int32Max) {
    throw new InvalidArgument(`a revision must be a whole number from 0 to ${int32Max}, not ${revision}`);
  }
}

/** @throws InvalidArgument unless `position` can be a position. */
export function requirePosition(position: Position): void {
  if (!isPosition(position)) throw new InvalidArgument('a position must have 1 to 19 digits');
}

/** The number of events to read at the most. @throws InvalidArgument when it is not 1 to `LIMITS.readEventsMax`. */
export function requireLimit(limit: number | undefined): number {
  const value = limit ?? LIMITS.readEventsDefault;
  if (!Number.isInteger(value) || value < 1 || value > LIMITS.readEventsMax) {
    throw new InvalidArgument(
      `a limit must be a whole number from 1 to ${LIMITS.readEventsMax}, not ${value}`,
    );
  }
  return value;
}

/**
 * The set of types to read, `undefined` for all.
 * @throws InvalidArgument when there are none, too many, or one that can name no event
 */
export function requireTypes(types: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (types === undefined) return undefined;
  if (types.length === 0 || types.length > LIMITS.readTypesMax) {
    throw new InvalidArgument(`a filter names 1 to ${LIMITS.readTypesMax} types, not ${types.length}`);
  }
  for (const type of types) requireName('an event type', type, LIMITS.eventTypeCharsMax);
  return new Set(types);
}

function jsonOf(what: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new InvalidArgument(`${what} cannot be written as JSON`, { cause });
  }
  if (text === undefined) throw new InvalidArgument(`${what} cannot be written as JSON`);
  return text;
}

function metadataOf(event: NewEvent): string {
  const { traceparent } = event;
  const { id, role, orgUnitId } = event.actor;
  if (traceparent !== undefined && !isTraceparent(traceparent))
    throw new InvalidArgument('a traceparent must be one of W3C Trace Context, version 00');
  const metadata: Metadata = {
    actor: { id, role, orgUnitId },
    correlationId: event.correlationId,
    causationId: event.causationId,
    commandId: event.commandId,
    ...(event.requestHash === undefined ? {} : { requestHash: event.requestHash }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return jsonOf('an envelope', metadata);
}

/** Events of one command have all of their envelope in common but ids and instants; it is written once for them. */
function isSameMetadata(a: NewEvent, b: NewEvent): boolean {
  return (
    a.actor === b.actor &&
    a.commandId === b.commandId &&
    a.requestHash === b.requestHash &&
    a.traceparent === b.traceparent &&
    a.correlationId === b.correlationId &&
    a.causationId === b.causationId
  );
}

interface Admitted {
  readonly event: NewEvent;
  readonly stored: StoredEvent;
  readonly bytes: number;
}

function admitEvent(event: NewEvent, before: Admitted | undefined): Admitted {
  const { eventId, type, schemaVersion, occurredAt, recordedAt } = event;
  if (!uuid.test(eventId))
    throw new InvalidArgument(`an event id must be a UUID in lower case, not ${eventId}`);
  requireName('an event type', type, LIMITS.eventTypeCharsMax);
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > int32Max) {
    throw new InvalidArgument(`a schema version must be a whole number from 1, not ${schemaVersion}`);
  }
  // Most events are recorded when they happen: one text, checked once.
  if (occurredAt !== recordedAt) requireInstant('occurredAt', occurredAt);
  requireInstant('recordedAt', recordedAt);
  const metadata = before && isSameMetadata(before.event, event) ? before.stored.metadata : metadataOf(event);
  const data = jsonOf(`the data of ${type}`, event.data);
  const metadataBytes = Buffer.byteLength(metadata);
  const dataBytes = Buffer.byteLength(data);
  if (metadataBytes > LIMITS.metadataBytesMax || dataBytes > LIMITS.eventBytesMax) {
    throw new EventTooLarge(
      `an event ${type} has ${dataBytes} bytes of data and ${metadataBytes} of envelope; ` +
        `${LIMITS.eventBytesMax} and ${LIMITS.metadataBytesMax} are allowed`,
    );
  }
  const stored = { eventId, type, schemaVersion, occurredAt, recordedAt, metadata, data };
  return { event, stored, bytes: metadataBytes + dataBytes };
}

/**
 * Checks an append against every limit of the port and serialises it, once for all engines.
 * @throws TooManyEvents, EventTooLarge, AppendTooLarge, InvalidArgument
 */
export function admitAppend(
  streamId: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): AdmittedAppend {
  requireStreamId(streamId);
  if (typeof expected === 'number' && expected !== -1) requireRevision(expected);
  if (events.length > LIMITS.eventsPerAppendMax) {
    throw new TooManyEvents(
      `an append carries ${events.length} events, ${LIMITS.eventsPerAppendMax} are allowed`,
    );
  }
  let bytes = 0;
  const admitted: StoredEvent[] = [];
  let last: Admitted | undefined;
  for (const event of events) {
    last = admitEvent(event, last);
    admitted.push(last.stored);
    bytes += last.bytes;
    // Checked as it grows: 500 of the largest events would be half a gigabyte of text before the end of the loop.
    if (bytes > LIMITS.appendBytesMax) {
      throw new AppendTooLarge(`an append carries more than ${LIMITS.appendBytesMax} bytes`);
    }
  }
  if (admitted.length > 1 && new Set(admitted.map((event) => event.eventId)).size < admitted.length) {
    throw new InvalidArgument(`an append to stream ${streamId} carries the same event id twice`);
  }
  return { streamId, expected: expected === -1 ? 'none' : expected, events: admitted, bytes };
}

/** What a stored event is to a reader. @throws UnreadableEvent where a text of it is no JSON */
export function recordedEvent(
  stored: StoredEvent,
  streamId: string,
  revision: number,
  position: Position,
): RecordedEvent {
  const { eventId, type, schemaVersion, occurredAt, recordedAt } = stored;
  const { metadata, data } = parsed(stored, streamId, revision, position);
  const { actor, correlationId, causationId, commandId, requestHash, traceparent } = metadata;
  return {
    eventId,
    type,
    schemaVersion,
    occurredAt,
    recordedAt,
    actor,
    correlationId,
    causationId,
    commandId,
    ...(requestHash === undefined ? {} : { requestHash }),
    ...(traceparent === undefined ? {} : { traceparent }),
    data,
    streamId,
    revision,
    position,
  };
}

function parsed(
  { metadata, data, eventId, type, recordedAt }: StoredEvent,
  streamId: string,
  revision: number,
  position: Position,
): { readonly metadata: Metadata; readonly data: unknown } {
  try {
    return { metadata: JSON.parse(metadata) as Metadata, data: JSON.parse(data) };
  } catch {
    // What JSON.parse says quotes the text.
    throw new UnreadableEvent({ eventId, streamId, revision, position, type, recordedAt });
  }
}

/**
 * What `read` makes of the events of a page, up to one that is unreadable: whoever reads on from there is told of that.
 * Undefined is left out. @throws UnreadableEvent where nothing of the page comes before it
 */
export function readUpToUnreadable<Stored, Read extends object>(
  page: readonly Stored[],
  read: (stored: Stored) => Read | undefined,
): Read[] {
  const events: Read[] = [];
  for (const stored of page) {
    try {
      const event = read(stored);
      if (event) events.push(event);
    } catch (error) {
      if (error instanceof UnreadableEvent && events.length > 0) return events;
      throw error;
    }
  }
  return events;
}

/** True when a stream at revision `actual` (-1: no stream) is where the writer expected it. */
export function isExpected(expected: ExpectedRevision, actual: number): boolean {
  return expected === 'any' || actual === (expected === 'none' ? -1 : expected);
}
