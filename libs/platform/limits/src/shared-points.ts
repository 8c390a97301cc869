/** So many requests of one caller in a window that begins with the first of them. */
export interface Limit {
  /** As clients are told it, and in the keys of the store: `[a-z-]{1,30}`. */
  readonly name: string;
  readonly points: number;
  readonly windowSeconds: number;
}

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
