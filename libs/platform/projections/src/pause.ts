import { setTimeout as sleep } from 'node:timers/promises';

/** Waits `delayMs`, or less when `signal` aborts; never throws. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await sleep(delayMs, undefined, { signal }).catch(() => undefined);
}

/** 100 ms, doubling to 5 s, ± 20 % so that six projections do not knock at a restarted server together. */
export function backOffMs(attempt: number): number {
  const delayMs = Math.min(5_000, 100 * 2 ** Math.min(attempt, 10));
  return delayMs * (0.8 + Math.random() * 0.4);
}
