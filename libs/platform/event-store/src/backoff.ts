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
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const done = new AbortController();
  const aborted = new Promise<undefined>((resolve) => {
    const options = { once: true, signal: done.signal };
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), options);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
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
