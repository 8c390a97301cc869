/** Doubles from `baseMs` up to `maxMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (1 is the first repetition). Between half and the whole of the doubled
 * base, at random: many processes that lost the same server must not come back at the same instant.
 */
export function backoffMs(attempt: number, { baseMs, maxMs }: Backoff): number {
  const fullMs = Math.min(maxMs, baseMs * 2 ** (attempt - 1));
  return fullMs / 2 + (Math.random() * fullMs) / 2;
}

/** Waits `ms`, or until `signal` aborts; never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}

/** `undefined` when `signal` aborts first; the work's later outcome is then nobody's business. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve(undefined);
    // Taken away by hand. A listener that another signal takes away is known to a FinalizationRegistry until the next full
    // collection, and with it what it resolves: every page of the log lived that long, at 4 µs an event.
    const left = (): void => resolve(undefined);
    signal.addEventListener('abort', left, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', left));
  });
}

/** Settles with `work`, whatever became of it, or after `ms`. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([settled, pause(ms, done.signal)]);
  done.abort();
}
