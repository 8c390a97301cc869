import { SharedLimit, type Verdict } from './shared-limit.js';
import type { Limit, SharedPoints, Taking } from './shared-points.js';

const MINUTE: Limit = { name: 'token', points: 100, windowSeconds: 60 };

/** A store as the real ones are, on simulated time. */
class SimulatedStore implements SharedPoints {
  nowMs = 0;
  questions = 0;
  /** How long a question is under way. */
  latencyMs = 0;
  private readonly windows = new Map<string, { consumed: number; endsAtMs: number }>();

  async take({ points: most, windowSeconds }: Limit, key: string, points: number): Promise<Taking> {
    this.questions += 1;
    await Promise.resolve();
    this.nowMs += this.latencyMs;
    const known = this.windows.get(key);
    const window =
      known !== undefined && this.nowMs < known.endsAtMs
        ? known
        : { consumed: 0, endsAtMs: this.nowMs + windowSeconds * 1_000 };
    this.windows.set(key, window);
    window.consumed += points;
    return {
      granted: Math.max(0, points - Math.max(0, window.consumed - most)),
      left: Math.max(0, most - window.consumed),
      endsInMs: window.endsAtMs - this.nowMs,
    };
  }
}

describe('a shared limit', () => {
  let store: SimulatedStore;
  const limitOf = (limit: Limit = MINUTE, callersMax?: number): SharedLimit =>
    new SharedLimit(limit, store, { now: () => store.nowMs, ...(callersMax ? { callersMax } : {}) });

  beforeEach(() => {
    store = new SimulatedStore();
  });

  async function admitted(limit: SharedLimit, requests: number, key = 'a'): Promise<number> {
    let count = 0;
    for (let index = 0; index < requests; index += 1) {
      if ((await limit.take(key)).admitted) count += 1;
    }
    return count;
  }

  it('admits exactly its points in a window, and as many in the next', async () => {
    const limit = limitOf();
    expect(await admitted(limit, 150)).toBe(100);
    store.nowMs += 59_999;
    expect(await admitted(limit, 1)).toBe(0);
    store.nowMs += 1;
    expect(await admitted(limit, 150)).toBe(100);
  });

  it('refuses nobody until a clock that was set back is there again', async () => {
    let setBackMs = 0;
    const limit = new SharedLimit(MINUTE, store, { now: () => store.nowMs - setBackMs });
    expect(await admitted(limit, 150)).toBe(100);
    setBackMs = 2 * 86_400_000;
    store.nowMs += 60_000;
    expect(await admitted(limit, 150)).toBe(100);
  });

  it('tells what is left and when the window ends', async () => {
    const limit = limitOf();
    expect(await limit.take('a')).toMatchObject({ admitted: true, remaining: 99, resetMs: 60_000 });
    store.nowMs += 20_000;
    await admitted(limit, 98);
    expect(await limit.take('a')).toMatchObject({ admitted: true, remaining: 0, resetMs: 40_000 });
    expect(await limit.take('a')).toMatchObject({ admitted: false, remaining: 0, resetMs: 40_000 });
  });

  it('counts every caller apart', async () => {
    const limit = limitOf();
    expect(await admitted(limit, 150, 'a')).toBe(100);
    expect(await admitted(limit, 1, 'b')).toBe(1);
  });

  it('admits no more in several processes than in one, whatever they hold', async () => {
    const processes = [limitOf(), limitOf(), limitOf()];
    const verdicts = await Promise.all(
      Array.from({ length: 600 }, (_, index) => processes[index % 3]!.take('a')),
    );
    expect(verdicts.filter((verdict) => verdict.admitted)).toHaveLength(100);
  });

  it('loses to a process that stops a tenth of the points at the most', async () => {
    const large = { ...MINUTE, points: 10_000 };
    const stopped = await admitted(limitOf(large), 5_000);
    const others = await admitted(limitOf(large), 10_000);
    expect(stopped + others).toBeGreaterThanOrEqual(9_000);
    expect(stopped + others).toBeLessThanOrEqual(10_000);
  });

  it('carries no point of one window into the next, also when a portion was under way at its end', async () => {
    const limit = limitOf({ ...MINUTE, points: 400 });
    await admitted(limit, 300);
    store.nowMs += 59_999;
    store.latencyMs = 2;
    expect(await admitted(limit, 600)).toBeLessThanOrEqual(100 + 400);
    const late = limitOf({ ...MINUTE, points: 400 });
    expect(await admitted(late, 600)).toBe(0);
  });

  it('asks the store seldom: for a caller who is busy, and not at all for one who has used up the window', async () => {
    const limit = limitOf({ ...MINUTE, points: 60_000 });
    expect(await admitted(limit, 60_000)).toBe(60_000);
    expect(store.questions).toBeLessThan(40);
    await admitted(limit, 2);
    const before = store.questions;
    await admitted(limit, 1_000);
    expect(store.questions).toBe(before);
  });

  it('answers at once while there are points in hand', async () => {
    const limit = limitOf({ ...MINUTE, points: 60_000 });
    await admitted(limit, 100);
    expect(limit.take('a')).not.toBeInstanceOf(Promise);
  });

  it('takes a point back within its window, and not after it', async () => {
    const limit = limitOf({ ...MINUTE, points: 2 });
    const first = await limit.take('a');
    await limit.take('a');
    expect((await limit.take('a')).admitted).toBe(false);
    limit.giveBack('a', first);
    expect(await admitted(limit, 2)).toBe(1);
    store.nowMs += 60_000;
    const anew = await limit.take('a');
    expect(anew.admitted).toBe(true);
    limit.giveBack('a', first);
    expect(await admitted(limit, 2)).toBe(1);
  });

  it('remembers so many callers and no more; who is forgotten is still counted in the store', async () => {
    const limit = limitOf({ ...MINUTE, points: 2 }, 10);
    expect(await admitted(limit, 3, 'flooder')).toBe(2);
    for (let index = 0; index < 1_000; index += 1) await limit.take(`other-${index}`);
    expect(await admitted(limit, 3, 'flooder')).toBe(0);
  });

  it('tells everybody who waits when the store fails, and asks it again for the next', async () => {
    const limit = limitOf();
    const { take } = store;
    store.take = () => Promise.reject(new Error('away'));
    const waiting = [limit.take('a'), limit.take('a')] as Promise<Verdict>[];
    for (const verdict of waiting) await expect(verdict).rejects.toThrow('away');
    store.take = take;
    expect(await admitted(limit, 1)).toBe(1);
  });
});
