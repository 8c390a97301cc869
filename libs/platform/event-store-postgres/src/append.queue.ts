import { LIMITS, Overloaded } from '@shaoying/event-store';
import type { AdmittedAppend, AppendResult } from '@shaoying/event-store';

/** What became of one append of a batch: the answer, or the error to throw at its caller. */
export type Settled = AppendResult | Error;

/** Writes a batch and settles every append of it, in order; never rejects. */
export type WriteBatch = (batch: readonly AdmittedAppend[]) => Promise<readonly Settled[]>;

interface Waiting {
  readonly append: AdmittedAppend;
  readonly settle: (settled: Settled) => void;
}

/** A batch stops growing at either; a single append larger than that is a batch of its own. */
const batchEventsMax = 500;
const batchBytesMax = 4 * 1024 * 1024;
/** Serialised events waiting, in bytes: what the queue may hold in memory however few the appends are. */
const queueBytesMax = 2 * LIMITS.appendBytesMax;

/**
 * Group commit: while one batch is being written, appends gather for the next, so that one flush to disk serves them all
 * and the cost of an append falls as the load rises.
 *
 * A batch holds at most one append per stream (the second must be judged by what the first wrote) and no event id twice.
 * Streams take turns: after its append a stream goes to the end, so a hot stream cannot keep the others waiting.
 */
export class AppendQueue {
  /** Per stream, first come first served; the order of the keys is the order of turns. */
  private readonly streams = new Map<string, Waiting[]>();
  private waitingCount = 0;
  private waitingBytes = 0;
  private writing = false;
  private scheduled = false;
  private onIdle: (() => void)[] = [];

  constructor(
    private readonly write: WriteBatch,
    private readonly queueMax: number,
  ) {}

  /** @throws Overloaded when `queueMax` appends, or `queueBytesMax` bytes of them, are waiting already. */
  add(append: AdmittedAppend): Promise<AppendResult> {
    const full = this.waitingCount >= this.queueMax;
    const heavy = this.waitingCount > 0 && this.waitingBytes + append.bytes > queueBytesMax;
    if (full || heavy) return Promise.reject(new Overloaded());
    return new Promise((resolve, reject) => {
      const settle = (settled: Settled): void => {
        if (settled instanceof Error) reject(settled);
        else resolve(settled);
      };
      const turn = this.streams.get(append.streamId);
      if (turn) turn.push({ append, settle });
      else this.streams.set(append.streamId, [{ append, settle }]);
      this.waitingCount += 1;
      this.waitingBytes += append.bytes;
      this.schedule();
    });
  }

  /** Resolves when nothing is waiting or being written. */
  drained(): Promise<void> {
    if (this.waitingCount === 0 && !this.writing) return Promise.resolve();
    return new Promise((resolve) => this.onIdle.push(resolve));
  }

  /** Settles everything that waits (nothing of it was sent) with one error. */
  failWaiting(error: Error): void {
    const waiting = [...this.streams.values()].flat();
    this.streams.clear();
    this.waitingCount = 0;
    this.waitingBytes = 0;
    for (const { settle } of waiting) settle(error);
  }

  /*
   * setImmediate, not at once: callers whose appends a batch has just answered run first and often append again, and
   * appends that arrive in the same turn of the event loop share a batch. Without it, callers in a closed loop split
   * into two halves that take turns, each in batches of half the size.
   */
  private schedule(): void {
    if (this.scheduled || this.writing) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    const batch = this.gather();
    if (batch.length > 0) {
      this.writing = true;
      const settled = await this.write(batch.map(({ append }) => append));
      this.writing = false;
      batch.forEach(({ settle }, index) => {
        settle(settled[index] ?? new Error('an append of a batch was left unsettled'));
      });
    }
    if (this.waitingCount > 0) this.schedule();
    else for (const idle of this.onIdle.splice(0)) idle();
  }

  private gather(): Waiting[] {
    const batch: Waiting[] = [];
    const eventIds = new Set<string>();
    let events = 0;
    let bytes = 0;
    for (const [streamId, turn] of [...this.firstTurns()]) {
      const next = turn[0];
      if (!next) continue;
      const { append } = next;
      // Its stream waits for the next batch, where the ids are known and the append is judged by them.
      if (append.events.some((event) => eventIds.has(event.eventId))) continue;
      events += append.events.length;
      bytes += append.bytes;
      if (batch.length > 0 && (events > batchEventsMax || bytes > batchBytesMax)) break;
      for (const event of append.events) eventIds.add(event.eventId);
      turn.shift();
      this.streams.delete(streamId);
      if (turn.length > 0) this.streams.set(streamId, turn);
      this.waitingCount -= 1;
      this.waitingBytes -= append.bytes;
      batch.push(next);
    }
    return batch;
  }

  /** At most as many as a batch can hold, copied because gathering moves streams to the end. */
  private firstTurns(): [string, Waiting[]][] {
    const turns: [string, Waiting[]][] = [];
    for (const turn of this.streams) {
      if (turns.length === batchEventsMax) break;
      turns.push(turn);
    }
    return turns;
  }
}
