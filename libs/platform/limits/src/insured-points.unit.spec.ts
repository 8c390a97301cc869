import { InsuredPoints } from './insured-points.js';
import type { Limit, SharedPoints } from './shared-points.js';

const LIMIT: Limit = { name: 'token', points: 10, windowSeconds: 60 };
const from = (left: number): SharedPoints & { asked: number } => ({
  asked: 0,
  take() {
    this.asked += 1;
    return Promise.resolve({ granted: 1, left, endsInMs: 1_000 });
  },
});

describe('insured points', () => {
  const told: string[] = [];
  const log = {
    warn: (_: object, text: string) => told.push(text),
    info: (_: object, text: string) => told.push(text),
  };
  let nowMs = 0;

  beforeEach(() => told.splice(0));

  it.each(['fails', 'says nothing'])('come from this process alone while the store %s', async (how) => {
    const store = from(1);
    const working = store.take;
    const insured = new InsuredPoints(store, from(2), {
      log,
      now: () => nowMs,
      answerMsMax: 20,
      restMs: 1_000,
    });
    store.take = () => (how === 'fails' ? Promise.reject(new Error('away')) : new Promise(() => undefined));
    expect(await insured.take(LIMIT, 'a', 1)).toMatchObject({ left: 2 });
    store.take = working;
    nowMs += 999;
    expect(await insured.take(LIMIT, 'a', 1)).toMatchObject({ left: 2 });
    expect(store.asked).toBe(0);
    nowMs += 1;
    expect(await insured.take(LIMIT, 'a', 1)).toMatchObject({ left: 1 });
    expect(told).toEqual([expect.stringContaining('is away'), expect.stringContaining('together again')]);
  });

  it('say once that the store is away, however long', async () => {
    const store: SharedPoints = { take: () => Promise.reject(new Error('away')) };
    const insured = new InsuredPoints(store, from(2), { log, now: () => nowMs, restMs: 10 });
    for (let index = 0; index < 5; index += 1) {
      await insured.take(LIMIT, 'a', 1);
      nowMs += 10;
    }
    expect(told).toHaveLength(1);
  });
});
