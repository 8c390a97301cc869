/** How long a server that has once said that it is reading its write-ahead log may say something else, or nothing. */
const SILENCE_MS_MAX = 60_000;

/**
 * How long a server is waited for. The deadline is for one that says nothing. One that says "starting up" (57P03) is
 * reading its write-ahead log, up to 4 GiB of it: cut off, it would begin again from the start, for ever; so it has half
 * an hour. Between two such words, and after the last one, anything else may be heard for a minute: a busy machine that
 * does not answer in time, or the rush of those who have waited for it (53300, too many connections).
 */
export class StartPatience {
  private readonly lastChanceMs: number;

  constructor(
    /** As `nowMs` counts. */
    private untilMs: number,
    recoveryMsMax = 30 * 60_000,
    private readonly nowMs: () => number = Date.now,
  ) {
    this.lastChanceMs = Math.max(untilMs, this.nowMs() + recoveryMsMax);
  }

  /** The server said that it is starting up. */
  heardRecovering(): void {
    this.untilMs = Math.min(this.lastChanceMs, Math.max(this.untilMs, this.nowMs() + SILENCE_MS_MAX));
  }

  get isOver(): boolean {
    return this.nowMs() > this.untilMs;
  }
}
