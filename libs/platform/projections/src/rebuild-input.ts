import { type EventStore, LIMITS, type Position, tellsStoredTexts } from '@shaoying/event-store';
import { applyHandled, idsOf } from './batch.js';
import { notePassedBy } from './checkpoints.js';
import type { TailReader } from './log-tail.js';
import type { PlacedEvent, Projection, ProjectionTransaction } from './projection.js';
import type { ReadEvent } from './read-event.js';

/** The log as a rebuild reads it. */
export interface RebuildLog {
  readonly reader: TailReader;
  readonly lookup: EventStore;
  /** Events per transaction, about; pages of the log are put together to them. */
  readonly batchSize: number;
}

/** What a rebuild reads, and how it is written. */
export interface RebuildInput<Event extends PlacedEvent> {
  /** Some events after `after`; none at the end of the log. */
  page(after: Position): Promise<readonly Event[]>;
  /** The same, about as many as one transaction takes. */
  batch(after: Position): Promise<readonly Event[]>;
  apply(events: readonly Event[], tx: ProjectionTransaction): Promise<void>;
}

/** Stored texts where the projection and the engine of the log know them, events everywhere else. */
export function inputOf(
  projection: Projection,
  log: RebuildLog,
  skipped: ReadonlySet<string>,
): RebuildInput<PlacedEvent> {
  return (
    storedInput(projection, log, skipped) ??
    (recordedInput(projection, log, skipped) as RebuildInput<PlacedEvent>)
  );
}

function recordedInput(
  projection: Projection,
  { reader, batchSize }: RebuildLog,
  skipped: ReadonlySet<string>,
): RebuildInput<ReadEvent> {
  return {
    page: (after) => reader.read(after),
    // Each statement is paid once for all events of a batch: see docs/benchmarks.md.
    async batch(after) {
      const events = [...(await reader.read(after))];
      let last = events.at(-1);
      while (last !== undefined && events.length < batchSize) {
        const page = await reader.read(last.position);
        if (page.length === 0) break;
        events.push(...page);
        last = events.at(-1);
      }
      return events;
    },
    async apply(events, tx) {
      await applyHandled(projection, events, tx, skipped);
      await notePassedBy(tx, projection.name, 'shadows', idsOf(events, skipped));
    },
  };
}

function storedInput(
  { name, stored }: Projection,
  { lookup, batchSize }: RebuildLog,
  skipped: ReadonlySet<string>,
): RebuildInput<PlacedEvent> | undefined {
  if (stored === undefined || !tellsStoredTexts(lookup)) return undefined;
  const limit = Math.min(batchSize, LIMITS.readEventsMax);
  const read = (after: Position) => lookup.readAllStored(after, limit, (record) => stored.take(record));
  return {
    page: read,
    batch: read,
    async apply(events, tx) {
      const handled = skipped.size === 0 ? events : events.filter(({ eventId }) => !skipped.has(eventId));
      if (handled.length > 0) await stored.apply(handled, tx);
      await notePassedBy(tx, name, 'shadows', idsOf(events, skipped));
    },
  };
}
