/** When something that failed is tried again, and when it is left. Milliseconds. */
export interface RetryPolicy {
  readonly firstMs: number;
  readonly longestMs: number;
  /** After as long without success an item is given up, and an endpoint disabled. */
  readonly giveUpAfterMs: number;
  /** And not after fewer attempts: a server that was down for days, or whose clock was put forward, has not tried meanwhile. */
  readonly giveUpAfterAttempts: number;
  /** Failures in a row after which an endpoint rests. */
  readonly restAfter: number;
  readonly restMs: number;
  readonly longestRestMs: number;
  /** Of `Retry-After`. */
  readonly longestAskedMs: number;
}

const hourMs = 3_600_000;

/**
 * 5 s, 10 s, 20 s … 5.7 h are 13 attempts in 11 h, and one each 6 h from then on: 24 in three days. A rest is for the whole
 * endpoint: one that hangs for 15 s each time would otherwise have somebody waiting for it always. Ten attempts take an hour and a half.
 */
export const RETRY_POLICY: RetryPolicy = {
  ...{ firstMs: 5_000, longestMs: 6 * hourMs, giveUpAfterMs: 72 * hourMs, giveUpAfterAttempts: 10 },
  ...{ restAfter: 3, restMs: 5_000, longestRestMs: 300_000, longestAskedMs: hourMs },
};

/** Endpoints that went down together come back apart. `random` is in [0, 1). */
const jittered = (ms: number, random: number): number => Math.round(ms * (0.8 + 0.4 * random));

/** What is further away was put off by a clock that was ahead: the most that an item, and that an endpoint, is ever put off. */
export const putOffMsMax = {
  item: jittered(RETRY_POLICY.longestMs, 1),
  endpoint: Math.max(jittered(RETRY_POLICY.longestRestMs, 1), RETRY_POLICY.longestAskedMs),
} as const;

/** Until the next attempt, after the `attempt`th (1-based) failed. */
export function retryDelayMs({ firstMs, longestMs }: RetryPolicy, attempt: number, random: number): number {
  return jittered(Math.min(firstMs * 2 ** Math.min(attempt - 1, 40), longestMs), random);
}

/** For how long an endpoint is left alone after so many failures in a row; 0 for not at all. */
export function restMs(
  { restAfter, restMs: first, longestRestMs, longestAskedMs }: RetryPolicy,
  failuresInARow: number,
  askedMs: number | null,
  random: number,
): number {
  const asked = askedMs === null ? 0 : Math.min(askedMs, longestAskedMs);
  if (failuresInARow < restAfter) return asked;
  const doubled = first * 2 ** Math.min(failuresInARow - restAfter, 40);
  return Math.max(asked, jittered(Math.min(doubled, longestRestMs), random));
}
