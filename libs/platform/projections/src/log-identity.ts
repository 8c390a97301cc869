import { type EventStore, START, comparePositions, type Position } from '@shaoying/event-store';
import type { Place } from './checkpoints.js';
import type { PlacedEvent } from './projection.js';
import { orUnreadable } from './read-event.js';

/** What is asked of the log besides its events. */
export type LogLookup = Pick<EventStore, 'head' | 'eventAt' | 'readStream'>;

/**
 * Why the log is not the one that was read up to `place`, in words for people; undefined when it is, or when that cannot
 * be told (nothing was read yet, or the id of the event is not known).
 *
 * A log restored from an older copy ends before `place`, or has grown past it with other events. What it holds between
 * the copy and `place` would never be applied, and nobody would notice.
 * @throws what the log throws
 */
export async function replacementOf(
  log: Pick<EventStore, 'head' | 'eventAt'>,
  { position, eventId }: Place,
): Promise<string | undefined> {
  if (comparePositions(position, START) === 0) return undefined;
  const event = await eventOrUnreadableAt(log, position);
  if (event !== undefined && (eventId === null || event.eventId === eventId)) return undefined;
  if (event !== undefined) return `at ${position}, the log holds another event there than the one applied`;
  const head = await log.head();
  return comparePositions(position, head) > 0
    ? `at ${position}, the log ends at ${head}`
    : `at ${position}, the log holds no event there`;
}

/** What is at a position, whether it can be read or not. @throws what else the log throws */
export const eventOrUnreadableAt = (
  log: Pick<EventStore, 'eventAt'>,
  position: Position,
): Promise<PlacedEvent | undefined> => log.eventAt(position).catch(orUnreadable);
