import type { RecordedEvent } from '@shaoying/event-store';
import { placeOf } from './append-load.js';

/** Asserts what a whole log looks like: positions 1, 2, 3 …, every stream's revisions 0, 1, 2 …, every event id once. */
export function expectLogInOrder(events: readonly RecordedEvent[]): void {
  const misplaced = events.find((event, index) => event.position !== String(index + 1));
  expect(misplaced).toBeUndefined();
  const next = new Map<string, number>();
  for (const { streamId, revision } of events) {
    const due = next.get(streamId) ?? 0;
    if (revision !== due) throw new Error(`${streamId} goes on at revision ${revision} instead of ${due}`);
    next.set(streamId, revision + 1);
  }
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
}

/** Asserts that the log is in order, and holds every acknowledged place. */
export function expectNothingLost(events: readonly RecordedEvent[], acknowledged: readonly string[]): void {
  expectLogInOrder(events);
  const present = new Set(events.map(placeOf));
  expect(acknowledged.filter((place) => !present.has(place))).toEqual([]);
}

/** Asserts that what was read is the log, byte for byte, and shows the first difference alone. */
export function expectSameEvents(read: readonly RecordedEvent[], log: readonly RecordedEvent[]): void {
  const differs = log.findIndex((event, index) => JSON.stringify(event) !== JSON.stringify(read[index]));
  expect({ differs, event: read[differs] }).toEqual({ differs: -1, event: undefined });
  expect(read).toHaveLength(log.length);
}
