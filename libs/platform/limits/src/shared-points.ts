/** So many requests of one caller in a window that begins with the first of them. */
export interface Limit {
  /** As clients are told it, and in the keys of the store: `[a-z-]{1,30}`. */
  readonly name: string;
  readonly points: number;
  readonly windowSeconds: number;
}

/** Clocks of processes may differ by so much, and a window seem longer by it. */
const clocksApartMsMax = 15 * 60_000;

/**
 * Whether a window that ends in so many milliseconds was begun by a clock that was ahead, and has been set right since: nobody is to be
 * refused until it is there again.
 */
export const isOfClockAhead = ({ windowSeconds }: Limit, endsInMs: number): boolean =>
  endsInMs > windowSeconds * 1_000 + clocksApartMsMax;

/** What came of asking for points. */
export interface Taking {
  /** How many of the points asked for are the asker's: all of them, or what was left in the window. */
  readonly granted: number;
  /** What is left for anybody afterwards. */
  readonly left: number;
  /** Until the window ends, counted from the answer. */
  readonly endsInMs: number;
}

/** Counts what all processes together take of a limit. */
export interface SharedPoints {
  /**
   * Takes points of one caller's window, and begins one where there is none. Over all processes no more than
   * `limit.points` are granted in a window.
   * @throws whatever keeps the store from answering
   */
  take(limit: Limit, key: string, points: number): Promise<Taking>;
}
