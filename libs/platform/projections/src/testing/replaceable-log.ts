import {
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  InMemoryEventStore,
  type NewEvent,
  type Position,
  type ReadAllOptions,
  type RecordedEvent,
  START,
  type SubscribeOptions,
} from '@shaoying/event-store';
import { newEvent } from './recorded-events.js';

/**
 * A log in memory that can be replaced by another under everyone who reads it, as a restore does: nobody is told, and a
 * subscription goes on waiting at the position it was at.
 */
export class ReplaceableLog implements EventStore {
  private current = new InMemoryEventStore();
  private readonly replaced: InMemoryEventStore[] = [];

  /** Continues as the first `events` events of what it is now: a restored backup. */
  async restore(events: number): Promise<void> {
    const kept = events === 0 ? [] : await this.current.readAll(START, { limit: events });
    this.replaced.push(this.current);
    this.current = new InMemoryEventStore();
    for (const { streamId, revision: _revision, position: _position, ...event } of kept) {
      await this.current.append(streamId, 'any', [event]);
    }
  }

  /** Appends `count` events of their own to stream `a`. */
  async grow(count: number, type = 'Counted'): Promise<void> {
    await this.append(
      'a',
      'any',
      Array.from({ length: count }, () => newEvent(type, {})),
    );
  }

  append(streamId: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    return this.current.append(streamId, expected, events);
  }

  readStream(streamId: string, fromRevision?: number): Promise<RecordedEvent[]> {
    return this.current.readStream(streamId, fromRevision);
  }

  readAll(after: Position, options?: ReadAllOptions): Promise<RecordedEvent[]> {
    return this.current.readAll(after, options);
  }

  eventAt(position: Position): Promise<RecordedEvent | undefined> {
    return this.current.eventAt(position);
  }

  head(): Promise<Position> {
    return this.current.head();
  }

  async *subscribe(after: Position, options?: SubscribeOptions): AsyncGenerator<RecordedEvent[]> {
    // As an engine that survives its reconnects: what it says from now on is of whatever log is there.
    let from = after;
    const { signal } = options ?? {};
    while (!signal?.aborted) {
      const events = await this.current.readAll(from, { limit: options?.batchSize ?? 500 });
      from = events.at(-1)?.position ?? from;
      if (events.length > 0) yield events;
      else await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.current, ...this.replaced].map((log) => log.close()));
  }
}
