import { Buffer } from 'node:buffer';
import { admitAppend, isExpected, readUpToUnreadable, recordedEvent } from './event.admission.js';
import {
  requireLimit,
  requirePosition,
  requireRevision,
  requireStreamId,
  requireTypes,
} from './event.admission.js';
import type { StoredEvent } from './event.admission.js';
import { LIMITS, START } from './event-store.js';
import { untilAborted } from './joined-signal.js';
import {
  EventIdTaken,
  RevisionConflict,
  StoreUnavailable,
  StreamNotFound,
  StreamTooLong,
} from './event-store.errors.js';
import type {
  AppendResult,
  EventStore,
  ExpectedRevision,
  NewEvent,
  Position,
  ReadAllOptions,
  RecordedEvent,
  StoredRecord,
  StoredTexts,
  SubscribeOptions,
} from './event-store.js';

interface Entry {
  readonly stored: StoredEvent;
  readonly streamId: string;
  readonly revision: number;
  /** 1-based place in the log. */
  readonly place: number;
}

/** What several handles share, as several processes share a database. */
class InMemoryLog {
  readonly entries: Entry[] = [];
  readonly streams = new Map<string, Entry[]>();
  readonly byEventId = new Map<string, Entry>();
  readonly waiting = new Set<() => void>();

  add(streamId: string, stored: StoredEvent): Entry {
    const stream = this.streams.get(streamId) ?? [];
    this.streams.set(streamId, stream);
    const entry = { stored, streamId, revision: stream.length, place: this.entries.length + 1 };
    stream.push(entry);
    this.entries.push(entry);
    this.byEventId.set(stored.eventId, entry);
    return entry;
  }

  wake(): void {
    for (const resume of [...this.waiting]) resume();
  }

  /** Settles with the next append or the abort, whichever comes first. */
  nextAppend(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = (): void => {
        this.waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.waiting.add(resume);
      signal.addEventListener('abort', resume);
    });
  }
}

const bytesOf = ({ data, metadata }: StoredEvent): number =>
  Buffer.byteLength(data) + Buffer.byteLength(metadata);

const recorded = (entry: Entry): RecordedEvent =>
  recordedEvent(entry.stored, entry.streamId, entry.revision, String(entry.place));

const storedRecord = ({ stored, streamId, revision, place }: Entry): StoredRecord => ({
  ...stored,
  ...{ metadata: Buffer.from(stored.metadata), data: Buffer.from(stored.data) },
  ...{ streamId, revision, position: String(place) },
});

/**
 * The whole port in memory, for tests and dry runs: nothing survives the process. Events are kept serialised, so that
 * what a test reads is what an engine would give back, and mutating an event after its append changes nothing.
 */
export class InMemoryEventStore implements EventStore, StoredTexts {
  private readonly closing = new AbortController();

  /** With `sharing`, a second handle on the same log, as a second process would have. */
  constructor(
    sharing?: InMemoryEventStore,
    private readonly log: InMemoryLog = sharing?.log ?? new InMemoryLog(),
  ) {}

  async append(
    streamId: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    this.requireOpen();
    const admitted = admitAppend(streamId, expected, events);
    const known = this.earlierResult(streamId, admitted.events);
    if (known) return known;
    const actual = (this.log.streams.get(streamId)?.length ?? 0) - 1;
    if (!isExpected(admitted.expected, actual)) throw new RevisionConflict(streamId, expected, actual);
    const last = admitted.events.map((event) => this.log.add(streamId, event)).at(-1);
    if (last) this.log.wake();
    return {
      revision: last?.revision ?? actual,
      position: last ? String(last.place) : START,
      duplicate: false,
    };
  }

  async readStream(streamId: string, fromRevision = 0): Promise<RecordedEvent[]> {
    this.requireOpen();
    requireStreamId(streamId);
    requireRevision(fromRevision);
    const stream = this.log.streams.get(streamId);
    if (!stream) throw new StreamNotFound(streamId);
    const wanted = stream.slice(fromRevision);
    const bytes = wanted.reduce((sum, { stored }) => sum + bytesOf(stored), 0);
    if (wanted.length > LIMITS.streamReadEventsMax || bytes > LIMITS.streamReadBytesMax) {
      throw new StreamTooLong(streamId);
    }
    return wanted.map(recorded);
  }

  async readAll(after: Position, options: ReadAllOptions = {}): Promise<RecordedEvent[]> {
    this.requireOpen();
    requirePosition(after);
    return this.page(after, requireLimit(options.limit), requireTypes(options.types));
  }

  async readAllStored<Taken extends object>(
    after: Position,
    limit: number,
    take: (record: StoredRecord) => Taken,
    types?: readonly string[],
  ): Promise<Taken[]> {
    this.requireOpen();
    requirePosition(after);
    const entries = this.entriesAfter(after, requireLimit(limit), requireTypes(types));
    return entries.map((entry) => take(storedRecord(entry)));
  }

  async eventAt(position: Position): Promise<RecordedEvent | undefined> {
    this.requireOpen();
    requirePosition(position);
    const entry = this.log.entries[Number(position) - 1];
    return entry && recorded(entry);
  }

  async head(): Promise<Position> {
    this.requireOpen();
    return String(this.log.entries.length);
  }

  subscribe(after: Position, options: SubscribeOptions = {}): AsyncIterable<RecordedEvent[]> {
    this.requireOpen();
    requirePosition(after);
    const limit = requireLimit(options.batchSize);
    const types = requireTypes(options.types);
    return untilAborted([options.signal, this.closing.signal], (ended) =>
      this.follow(after, limit, types, ended),
    );
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  private async *follow(
    after: Position,
    limit: number,
    types: ReadonlySet<string> | undefined,
    ended: AbortSignal,
  ): AsyncGenerator<RecordedEvent[]> {
    let from = after;
    while (!ended.aborted) {
      const batch = this.page(from, limit, types);
      const last = batch.at(-1);
      if (last) {
        from = last.position;
        yield batch;
      } else {
        await this.log.nextAppend(ended);
      }
    }
  }

  private page(after: Position, limit: number, types: ReadonlySet<string> | undefined): RecordedEvent[] {
    return readUpToUnreadable(this.entriesAfter(after, limit, types), recorded);
  }

  private entriesAfter(after: Position, limit: number, types: ReadonlySet<string> | undefined): Entry[] {
    const { entries } = this.log;
    const end = BigInt(entries.length);
    const start = Number(BigInt(after) < end ? BigInt(after) : end);
    const batch: Entry[] = [];
    let bytes = 0;
    for (let index = start; index < entries.length && batch.length < limit; index += 1) {
      const entry = entries[index] as Entry;
      if (types && !types.has(entry.stored.type)) continue;
      bytes += bytesOf(entry.stored);
      if (batch.length > 0 && bytes > LIMITS.readBytesMax) break;
      batch.push(entry);
    }
    return batch;
  }

  /** The answer of the first attempt when these events are in the log already. @throws EventIdTaken */
  private earlierResult(streamId: string, events: readonly StoredEvent[]): AppendResult | undefined {
    const known = events.map((event) => this.log.byEventId.get(event.eventId));
    const first = known.find((entry) => entry !== undefined);
    const last = known.at(-1);
    if (!first) return undefined;
    const sameAppend = known.every(
      (entry, index) => entry?.streamId === streamId && entry.revision === first.revision + index,
    );
    if (!last || !sameAppend) throw new EventIdTaken(streamId);
    return { revision: last.revision, position: String(last.place), duplicate: true };
  }

  private requireOpen(): void {
    if (this.closing.signal.aborted) throw new StoreUnavailable('the event store is closed');
  }
}
