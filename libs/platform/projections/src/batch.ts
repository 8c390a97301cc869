import type { Position, RecordedEvent } from '@shaoying/event-store';
import { moveCheckpoint, notePassedBy, noticeOf, placeOf } from './checkpoints.js';
import { type PlacedEvent, type Projection, type ProjectionTransaction, schemaOf } from './projection.js';
import { CheckpointMoved, CheckpointUnmoved, PoisonEvent, isTransient } from './projections.errors.js';
import { isUnreadable, type ReadEvent } from './read-event.js';
import type { Session } from './session.js';

/** Writes one batch, at least one event, that ends at `to`; all or nothing. Answers nothing: `to` is the new position. */
export type WriteBatch<Event extends PlacedEvent = ReadEvent> = (
  from: Position,
  to: Position,
  events: readonly Event[],
) => Promise<void>;

/**
 * Rows and checkpoint in one transaction, then the notice to those who wait; only in `generation` of the tables.
 * @throws CheckpointMoved
 */
export function liveBatchWriter(
  session: Session,
  projection: Projection,
  generation: string,
  now: () => Date,
  skipped: ReadonlySet<string>,
): WriteBatch {
  const { name } = projection;
  return (from, to, events) =>
    session.inTransaction(
      schemaOf(name),
      async (tx) => {
        const last = events.at(-1) as ReadEvent;
        await moveCheckpoint(tx, projection, { generation, position: from }, placeOf(last), now());
        await applyHandled(projection, events, tx, skipped);
        await notePassedBy(tx, name, 'checkpoints', idsOf(events, skipped));
      },
      () => noticeOf(name, { generation, position: to }),
    );
}

const none: ReadonlySet<string> = new Set();

/** Of those events that are to be passed by. */
export const idsOf = (events: readonly PlacedEvent[], skipped: ReadonlySet<string>): string[] =>
  skipped.size === 0
    ? []
    : events.filter(({ eventId }) => skipped.has(eventId)).map(({ eventId }) => eventId);

/** Whether `apply` is to be called for an event. One that cannot be read concerns everybody: nobody can tell what it says. */
export const isHandled = ({ eventTypes, alsoHandles }: Projection, event: ReadEvent): boolean =>
  isUnreadable(event) || eventTypes.includes(event.type) || alsoHandles?.(event) === true;

/**
 * Events of other types only move the checkpoint: `apply` is not called for them, nor for an empty batch.
 * @param skipped ids of events that somebody has said are to be passed by
 * @throws UnreadableEvent where one cannot be read and is not passed by; what `apply` throws
 */
export async function applyHandled(
  projection: Projection,
  events: readonly ReadEvent[],
  tx: ProjectionTransaction,
  skipped = none,
): Promise<void> {
  const handled: RecordedEvent[] = [];
  for (const event of events) {
    if (skipped.has(event.eventId)) continue;
    if (isUnreadable(event)) throw event;
    if (isHandled(projection, event)) handled.push(event);
  }
  if (handled.length > 0) await projection.apply(handled, tx);
}

export const isNoFaultOfEvents = (error: unknown): boolean =>
  error instanceof CheckpointMoved || error instanceof CheckpointUnmoved || isTransient(error);

/**
 * Writes `events` as one batch. When it fails through no fault of the connection, writes what precedes the culprit by
 * halving (10 attempts find it among 1,000) and gives up at exactly that event.
 * @returns the position reached. @throws PoisonEvent after everything before the event is committed; CheckpointMoved;
 * CheckpointUnmoved; whatever is transient, unchanged.
 */
export async function writeIsolatingPoison<Event extends PlacedEvent>(
  projectionName: string,
  after: Position,
  events: readonly Event[],
  write: WriteBatch<Event>,
  onCommitted: (last: Event) => void,
): Promise<Position> {
  let position = after;
  let start = 0;
  let size = events.length;
  while (start < events.length) {
    const batch = events.slice(start, start + size);
    const last = batch.at(-1) as Event;
    try {
      await write(position, last.position, batch);
    } catch (error) {
      if (isNoFaultOfEvents(error)) throw error;
      if (batch.length === 1) throw new PoisonEvent(projectionName, last.position, last.type, error);
      size = Math.ceil(batch.length / 2);
      continue;
    }
    start += batch.length;
    position = last.position;
    onCommitted(last);
  }
  return position;
}
