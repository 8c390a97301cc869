import { propertyParameters } from './testing/index.js';
import fc from 'fast-check';
import { atMost, backoffMs, pause, unlessAborted } from './backoff.js';

const never = new Promise<never>(() => undefined);

test('waits double up to the most, and differ between processes by up to a half', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (attempt) => {
      const fullMs = Math.min(5_000, 50 * 2 ** (attempt - 1));
      const waitMs = backoffMs(attempt, { baseMs: 50, maxMs: 5_000 });
      expect(waitMs).toBeGreaterThanOrEqual(fullMs / 2);
      expect(waitMs).toBeLessThanOrEqual(fullMs);
    }),
    propertyParameters({ numRuns: 200 }),
  );
});

test('two processes that lost the same server come back at different instants', () => {
  const waits = Array.from({ length: 50 }, () => backoffMs(5, { baseMs: 50, maxMs: 5_000 }));
  expect(new Set(waits).size).toBeGreaterThan(10);
});

test('a pause ends with an abort', async () => {
  const stop = new AbortController();
  const paused = pause(600_000, stop.signal);
  stop.abort();
  await paused;
  await pause(600_000, AbortSignal.abort());
});

test('work that never ends is left by an abort, before and during it', async () => {
  const stop = new AbortController();
  const left = unlessAborted(never, stop.signal);
  stop.abort();
  expect(await left).toBeUndefined();
  expect(await unlessAborted(never, AbortSignal.abort())).toBeUndefined();
});

test('work that ends is answered as it ends', async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(Promise.resolve(7), signal)).toBe(7);
  await expect(unlessAborted(Promise.reject(new Error('lost')), signal)).rejects.toThrow('lost');
});

test('nobody waits longer than the most, nor hears of what failed', async () => {
  await atMost(1, never);
  await atMost(600_000, Promise.reject(new Error('lost')));
});
