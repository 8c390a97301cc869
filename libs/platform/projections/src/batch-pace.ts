/**
 * The least time between two starts of live batches. Up to some 50 events a second it is 10 ms and nobody notices; an
 * event after a quiet moment is not delayed at all. It grows with the rate, 0.4 ms for every event a second, and is the
 * longest, 200 ms, from 525 a second on. Whoever may take longer comes to 390 ms, as more than 1,000 a second are not counted.
 *
 * Why: a batch of one costs the server and PostgreSQL together about 1 ms of processor time before its first event, and
 * five projections pay it. Measured with all five, read models and server on two cores: at 300 events a second 960 ms of
 * processor time a second with the interval growing by the last batch alone (1 ms for each of its events), 310 ms so; at
 * 100 a second 820 and 530. A reader who waits for his write waits 70 instead of 25 ms then, and up to 40 a second no
 * longer than before.
 */
const intervalMs = { least: 10, perEventPerSecond: 0.4, longest: 200 } as const;
const quietEventsPerSecond = 50;
/**
 * What concerns nobody may be passed by later: a lone event after 20 ms, at 25 a second and more after half a second, so that
 * an index of a few rows takes two transactions a second of a busy log and not one for each batch of it.
 */
const passingMsPerEventPerSecond = 20;
/** About this far back the rate is remembered: long enough to bridge the pauses of a steady load. */
const memoryMs = 1_000;
/** What a catch-up has read tells nothing of the load after it, and must be forgotten in a few seconds. */
const eventsPerSecondMax = 1_000;

/** Paces the live batches of one projection: few and large under load, at once when it is quiet. */
export class BatchPace {
  private eventsPerSecond = 0;
  private startedMs = Number.NEGATIVE_INFINITY;

  /**
   * @param nowMs a clock that only moves forward, in milliseconds
   * @param longestMs of a projection that others wait for while it is under load
   */
  constructor(
    private readonly nowMs: () => number,
    private readonly longestMs: number = intervalMs.longest,
    /** See `Projection.longestPassingMs`. */
    private readonly longestPassingMs: number = 0,
  ) {}

  /** A batch of so many events starts now. */
  start(events: number): void {
    const startedMs = this.nowMs();
    // Each event adds 1 / memory to the rate and fades within memory: an average that needs no list.
    this.eventsPerSecond *= Math.exp((this.startedMs - startedMs) / memoryMs);
    this.eventsPerSecond += (events * 1_000) / memoryMs;
    this.eventsPerSecond = Math.min(this.eventsPerSecond, eventsPerSecondMax);
    this.startedMs = startedMs;
  }

  /** How long the next batch should still wait, in milliseconds. */
  leftMs(): number {
    const { least, perEventPerSecond } = intervalMs;
    const beyondQuiet = Math.max(0, this.eventsPerSecond - quietEventsPerSecond);
    const wantedMs = Math.min(least + perEventPerSecond * beyondQuiet, this.longestMs);
    return Math.max(0, wantedMs - (this.nowMs() - this.startedMs));
  }

  /** How long what concerns nobody should still wait for more of it, in milliseconds. */
  passingMs(): number {
    return Math.min(this.eventsPerSecond * passingMsPerEventPerSecond, this.longestPassingMs);
  }
}
