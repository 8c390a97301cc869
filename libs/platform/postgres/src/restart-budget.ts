export interface RestartLimits {
  /** Starts within {@link windowMs} at the most. 0: none at all. */
  readonly restartsMax: number;
  readonly windowMs: number;
  /** Wait before the second start within the window; it doubles with each further one. */
  readonly waitMs: number;
  readonly waitMsMax: number;
}

/**
 * The first start comes at once, for a single crash is over in a second. Then 0.1, 0.2, 0.4 … up to 30 s: twenty starts
 * that all fail, as on a full disk, take 6 minutes, in which space can be made. A server that dies every minute is
 * given up after 20 minutes: behind such a loop hides a machine without memory or a broken disk.
 */
export const RESTART_LIMITS: RestartLimits = {
  restartsMax: 20,
  windowMs: 1_800_000,
  waitMs: 100,
  waitMsMax: 30_000,
};

/** Counts starts, whether they succeed or not, and says how long to wait before the next. */
export class RestartBudget {
  private startedAtMs: number[] = [];

  constructor(
    readonly limits: RestartLimits,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Takes one start. @returns milliseconds to wait before it; null when none is left within the window */
  take(): number | null {
    const { restartsMax, windowMs, waitMs, waitMsMax } = this.limits;
    const nowMs = this.nowMs();
    this.startedAtMs = this.startedAtMs.filter((atMs) => nowMs - atMs < windowMs);
    const before = this.startedAtMs.length;
    if (before >= restartsMax) return null;
    this.startedAtMs.push(nowMs);
    return before === 0 ? 0 : Math.min(waitMsMax, waitMs * 2 ** (before - 1));
  }

  /** Starts taken within the window, the last included. */
  get taken(): number {
    return this.startedAtMs.length;
  }
}
