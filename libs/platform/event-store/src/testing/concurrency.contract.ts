import fc from 'fast-check';
import { comparePositions } from '../event-store.js';
import { isEventStoreError } from '../event-store.errors.js';
import type { EventStore, Position, RecordedEvent } from '../event-store.js';
import type { Engine } from './event-store.contract.js';
import { propertyParameters } from './property-seed.js';
import { sampleEvents, sampleStreamId } from './sample-events.js';

/** What one writer was told: every acknowledged event with its place. */
interface Acknowledged {
  readonly eventId: string;
  readonly streamId: string;
  readonly revision: number;
}

interface WriterTask {
  readonly store: EventStore;
  readonly streamIds: readonly string[];
  readonly appends: number;
  /** 0 to 1, drawn anew at each call. */
  readonly random: () => number;
}

/** Mulberry32: a small generator with a seed, so that a failing run can be repeated. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Appends with the revision last heard of, which other writers make stale all the time; a conflict is a lesson. */
async function write({ store, streamIds, appends, random }: WriterTask) {
  const known = new Map<string, number>();
  const acknowledged: Acknowledged[] = [];
  let conflicts = 0;
  while (acknowledged.length < appends) {
    // Most streams are quiet, some are hot: a few of a thousand get most of the conflicts.
    const streamId = streamIds[Math.floor(random() ** 4 * streamIds.length)] ?? '';
    const events = sampleEvents(1 + Math.floor(random() * 3));
    const revision = known.get(streamId) ?? -1;
    try {
      const result = await store.append(streamId, revision === -1 ? 'none' : revision, events);
      known.set(streamId, result.revision);
      events.forEach((event, index) => {
        const { eventId } = event;
        acknowledged.push({ eventId, streamId, revision: revision + 1 + index });
      });
      expect(result.revision).toBe(revision + events.length);
    } catch (error) {
      if (!isEventStoreError(error) || error.code !== 'REVISION_CONFLICT') throw error;
      conflicts += 1;
      known.set(streamId, error.actual);
    }
  }
  return { acknowledged, conflicts };
}

function expectOrdered(events: readonly RecordedEvent[]): void {
  events.forEach((event, index) => {
    const next = events[index + 1];
    if (next && comparePositions(event.position, next.position) !== -1) {
      throw new Error(`position ${next.position} came after ${event.position}`);
    }
  });
}

function expectDense(events: readonly RecordedEvent[]): void {
  const lastRevisions = new Map<string, number>();
  for (const { streamId, revision } of events) {
    expect(revision).toBe((lastRevisions.get(streamId) ?? -1) + 1);
    lastRevisions.set(streamId, revision);
  }
}

const placeOf = ({ eventId, streamId, revision }: Acknowledged): string =>
  `${eventId} ${streamId}@${revision}`;

/** Reads until `isDone`; stops and resumes from the last position it saw after each of `stopAfter` batches. */
async function readInPieces(
  store: EventStore,
  after: Position,
  stopAfter: readonly number[],
  isDone: (seen: readonly RecordedEvent[]) => boolean,
): Promise<RecordedEvent[]> {
  const seen: RecordedEvent[] = [];
  for (let piece = 0; !isDone(seen); piece += 1) {
    const batchesMax = stopAfter[piece % stopAfter.length] ?? 1;
    const stop = new AbortController();
    let batches = 0;
    const from = seen.at(-1)?.position ?? after;
    for await (const batch of store.subscribe(from, { batchSize: 1 + (piece % 7), signal: stop.signal })) {
      seen.push(...batch);
      batches += 1;
      if (batches >= batchesMax || isDone(seen)) stop.abort();
    }
  }
  return seen;
}

export function concurrencyContract(engine: Engine): void {
  test('16 writers over two handles on 1,000 streams, with conflicts: a subscriber sees every event once, in order', async () => {
    const { store, another } = engine();
    const handles = [store, await another()];
    const after = await store.head();
    const streamIds = Array.from({ length: 1_000 }, sampleStreamId);
    const { seed } = propertyParameters({});
    let count = Infinity;
    const reading = readInPieces(store, after, [Infinity], (seen) => seen.length >= count);
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        write({
          store: handles[index % 2] ?? store,
          streamIds,
          appends: 150,
          random: seededRandom(seed + index),
        }),
      ),
    );
    const written = results.flatMap((result) => result.acknowledged);
    count = written.length + 1;
    // One more, now that the count is known: it wakes a reader that has everything and waits.
    await store.append(sampleStreamId(), 'none', sampleEvents(1));
    const seen = await reading;

    expectOrdered(seen);
    expectDense(seen);
    expect(seen.slice(0, -1).map(placeOf).sort()).toEqual(written.map(placeOf).sort());
    expect(results.reduce((sum, result) => sum + result.conflicts, 0)).toBeGreaterThan(0);
  }, 240_000);

  test('subscribers killed and resumed at random, while writers write, each see every event once, in order', async () => {
    const { store, another } = engine();
    const other = await another();
    const pieces = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pieces, pieces, fc.integer(), async (first, second, seed) => {
        const after = await store.head();
        const streamIds = Array.from({ length: 5 }, sampleStreamId);
        let count = Infinity;
        const isDone = (seen: readonly RecordedEvent[]): boolean => seen.length >= count;
        // The last event is appended after the count is known, so that a reader waiting for more always wakes.
        const writers = [store, other].map((handle, index) =>
          write({ store: handle, streamIds, appends: 25, random: seededRandom(seed + index) }),
        );
        const readers = [
          readInPieces(store, after, first, isDone),
          readInPieces(other, after, second, isDone),
        ];
        const results = await Promise.all(writers);
        const written = results.flatMap((result) => result.acknowledged);
        count = written.length + 1;
        await store.append(sampleStreamId(), 'none', sampleEvents(1));
        for (const reader of readers) {
          const seen = await reader;
          expectOrdered(seen);
          expectDense(seen);
          expect(seen.slice(0, -1).map(placeOf).sort()).toEqual(written.map(placeOf).sort());
        }
      }),
      propertyParameters({ numRuns: 8, endOnFailure: true }),
    );
  }, 240_000);
}
