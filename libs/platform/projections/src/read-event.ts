import { type RecordedEvent, UnreadableEvent } from '@shaoying/event-store';

/**
 * What is read from the log: an event, or one that is there and that nobody can read. It has its place in a batch like any
 * other, so that a read model fails at exactly it, and goes on behind it once it was told to pass it by.
 */
export type ReadEvent = RecordedEvent | UnreadableEvent;

export const isUnreadable = (event: unknown): event is UnreadableEvent => event instanceof UnreadableEvent;

/** Of what the log throws. @throws any other error, as it is */
export function orUnreadable(error: unknown): UnreadableEvent {
  if (error instanceof UnreadableEvent) return error;
  throw error;
}

/** A page of the log, where it begins with an event that cannot be read: that alone. */
export const asPage = (error: unknown): ReadEvent[] => [orUnreadable(error)];
