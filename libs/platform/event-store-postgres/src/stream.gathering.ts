import type { RecordedEvent } from '@shaoying/event-store';

/** The events of a stream; `'alone'` for one too long to be read with others. */
export type Gathered = RecordedEvent[] | 'alone';

/** Reads the events of several streams; a stream that does not exist is absent from the answer. */
export type ReadStreams = (streamIds: readonly string[]) => Promise<ReadonlyMap<string, Gathered>>;

interface Waiting {
  readonly resolve: (events: Gathered | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Streams per statement. More than commands usually arrive in one turn; one long stream holds up these few at most. */
const streamsMax = 32;

/**
 * The reading half of group commit: streams asked for in the same turn of the event loop are read by one statement, so
 * that the cost of loading an incident falls as the load rises. Nobody waits for company: a turn is over when the
 * requests that have arrived are read, and several statements may be under way at once.
 */
export class StreamGathering {
  private waiting = new Map<string, Waiting[]>();
  private scheduled = false;

  constructor(private readonly readStreams: ReadStreams) {}

  /** Undefined when there is no such stream. @throws what `readStreams` throws */
  read(streamId: string): Promise<Gathered | undefined> {
    return new Promise((resolve, reject) => {
      const others = this.waiting.get(streamId);
      if (others) others.push({ resolve, reject });
      else this.waiting.set(streamId, [{ resolve, reject }]);
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      const gathered = [...this.waiting];
      this.waiting = new Map();
      for (let start = 0; start < gathered.length; start += streamsMax) {
        void this.readTogether(gathered.slice(start, start + streamsMax));
      }
    });
  }

  private async readTogether(gathered: readonly [string, Waiting[]][]): Promise<void> {
    try {
      const found = await this.readStreams(gathered.map(([streamId]) => streamId));
      for (const [streamId, readers] of gathered) {
        const events = found.get(streamId);
        // A list of their own for each: callers may change theirs.
        for (const { resolve } of readers) resolve(Array.isArray(events) ? [...events] : events);
      }
    } catch (error) {
      for (const [, readers] of gathered) for (const { reject } of readers) reject(error);
    }
  }
}
