import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, RecordedEvent } from '@shaoying/event-store';
import { START } from '@shaoying/event-store';
import { sampleEvents } from '@shaoying/event-store/testing';

/** What a writer is told when the log is away: come back with the same events. */
const comeBack: ReadonlySet<unknown> = new Set(['STORE_UNAVAILABLE', 'UNKNOWN_OUTCOME', 'OVERLOADED']);

export interface AppendLoadOptions {
  readonly writers?: number;
  /** Of each event's data. Default 100. */
  readonly dataBytes?: number;
}

/** Writers that append for ever, come back with the same events when told to, and remember what was acknowledged. */
export class AppendLoad {
  /** `<event id> <stream>@<revision>` */
  readonly acknowledged: string[] = [];
  /** Errors that no client may ever see. */
  readonly strange: unknown[] = [];
  /** How often writers were told to come back. */
  later = 0;
  private ending = false;
  private readonly writers: Promise<void>[];

  constructor(
    private readonly store: EventStore,
    { writers = 8, dataBytes = 100 }: AppendLoadOptions = {},
  ) {
    // More writers than streams: some batches hold appends to the same streams, one behind the other.
    this.writers = Array.from({ length: writers }, (_, writer) =>
      this.write(`incident-load-${writer % 5}`, dataBytes),
    );
  }

  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.writers);
  }

  private async write(streamId: string, dataBytes: number): Promise<void> {
    for (let turn = 0; !this.ending; turn += 1) {
      const events = sampleEvents(1 + (turn % 3), () => 'x'.repeat(dataBytes));
      while (!this.ending) {
        try {
          const { revision } = await this.store.append(streamId, 'any', events);
          events.forEach(({ eventId }, index) => {
            this.acknowledged.push(`${eventId} ${streamId}@${revision - events.length + 1 + index}`);
          });
          break;
        } catch (error) {
          if (!comeBack.has((error as { code?: unknown }).code)) {
            this.strange.push(error);
            return;
          }
          this.later += 1;
          await sleep(20);
        }
      }
    }
  }
}

/** Reads on and on, from where it was when it is stopped and started again. */
export class Follower {
  readonly seen: RecordedEvent[] = [];
  private stopping = new AbortController();
  private reading: Promise<void>;

  constructor(
    private readonly store: EventStore,
    seenBefore: readonly RecordedEvent[] = [],
  ) {
    this.seen.push(...seenBefore);
    this.reading = this.read(this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.reading;
  }

  /** Stops in the middle of whatever it does, and starts after the last event seen. */
  async restart(): Promise<void> {
    await this.stop();
    this.stopping = new AbortController();
    this.reading = this.read(this.stopping.signal);
  }

  private async read(signal: AbortSignal): Promise<void> {
    const after = this.seen.at(-1)?.position ?? START;
    for await (const batch of this.store.subscribe(after, { signal })) this.seen.push(...batch);
  }
}

export const placeOf = ({ eventId, streamId, revision }: RecordedEvent): string =>
  `${eventId} ${streamId}@${revision}`;

export async function wholeLog(store: EventStore): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await store.readAll(events.at(-1)?.position ?? START, { limit: 5_000 });
    if (page.length === 0) return events;
    events.push(...page);
  }
}
