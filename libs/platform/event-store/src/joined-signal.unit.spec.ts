import { getEventListeners } from 'node:events';
import { InMemoryEventStore } from './in-memory-event-store.js';
import { START } from './event-store.js';
import { joinedSignal, untilAborted } from './joined-signal.js';

const listeners = ({ signal }: AbortController): number => getEventListeners(signal, 'abort').length;

it.each([0, 1])('aborts with the %ith of its signals', (which) => {
  const sources = [new AbortController(), new AbortController()];
  const { signal } = joinedSignal(...sources.map((source) => source.signal));
  expect(signal.aborted).toBe(false);
  sources[which]?.abort();
  expect(signal.aborted).toBe(true);
});

it('is aborted from the start where one of them was, and does without those that are not there', () => {
  expect(joinedSignal(undefined, AbortSignal.abort()).signal.aborted).toBe(true);
  expect(joinedSignal(undefined).signal.aborted).toBe(false);
});

it('is forgotten by its signals once released', () => {
  const source = new AbortController();
  const { signal, release } = joinedSignal(source.signal);
  expect(listeners(source)).toBe(1);
  release();
  expect(listeners(source)).toBe(0);
  source.abort();
  expect(signal.aborted).toBe(false);
});

describe('following until aborted', () => {
  async function* counting(ended: AbortSignal): AsyncGenerator<number> {
    for (let n = 1; !ended.aborted; n += 1) yield n;
  }

  it('ends with the abort, and leaves nothing on the signal', async () => {
    const source = new AbortController();
    const seen: number[] = [];
    for await (const n of untilAborted([source.signal], counting)) {
      seen.push(n);
      if (n === 3) source.abort();
    }
    expect([seen, listeners(source)]).toEqual([[1, 2, 3], 0]);
  });

  it.each<[string, (following: AsyncGenerator<number>) => Promise<unknown>]>([
    ['is left early', (following) => following.return(undefined)],
    ['fails', (following) => following.throw(new Error('lost')).catch(() => undefined)],
  ])('leaves nothing on the signal when it %s', async (_how, end) => {
    const source = new AbortController();
    const following = untilAborted([source.signal], counting);
    await following.next();
    expect(listeners(source)).toBe(1);
    await end(following);
    expect(listeners(source)).toBe(0);
  });

  it.each<[string, (following: AsyncGenerator<number>) => Promise<unknown>]>([
    ['is left early', (following) => following.return(undefined)],
    ['fails', (following) => following.throw(new Error('lost')).catch(() => undefined)],
  ])('what is under way for it hears of it when it %s', async (_how, end) => {
    const ends: AbortSignal[] = [];
    const following = untilAborted([new AbortController().signal], (ended) => {
      ends.push(ended);
      return counting(ended);
    });
    await following.next();
    expect(ends.map(({ aborted }) => aborted)).toEqual([false]);
    await end(following);
    expect(ends.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('a store that was subscribed to a hundred times is remembered by nobody who goes on', async () => {
    const store = new InMemoryEventStore();
    await store.append('a', 'any', [newEvent]);
    const source = new AbortController();
    for (let time = 0; time < 100; time += 1)
      for await (const batch of store.subscribe(START, { signal: source.signal })) {
        expect([batch.length, listeners(source)]).toEqual([1, 1]);
        break;
      }
    expect(listeners(source)).toBe(0);
    await store.close();
  });
});

const newEvent = {
  ...{ eventId: '00000000-0000-4000-8000-000000000001', type: 'Counted', schemaVersion: 1, data: {} },
  ...{ occurredAt: '2026-03-02T01:00:00.000Z', actor: { id: 'a', role: 'system', orgUnitId: null } },
  ...{ recordedAt: '2026-03-02T01:00:00.000Z', correlationId: 'c', causationId: 'c', commandId: 'c' },
};
