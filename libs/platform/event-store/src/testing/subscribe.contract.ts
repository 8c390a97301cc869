import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, Position, RecordedEvent } from '../event-store.js';
import type { Engine } from './event-store.contract.js';
import { sampleEvent, sampleEvents, sampleStreamId } from './sample-events.js';

/** Takes `count` events and stops. */
async function take(
  store: EventStore,
  after: Position,
  count: number,
  batchSize?: number,
): Promise<RecordedEvent[]> {
  const taken: RecordedEvent[] = [];
  if (count === 0) return taken;
  for await (const batch of store.subscribe(after, batchSize === undefined ? {} : { batchSize })) {
    taken.push(...batch);
    if (taken.length >= count) break;
  }
  return taken;
}

const idsOf = (events: readonly { eventId: string }[]): string[] => events.map((event) => event.eventId);

async function appendOneByOne(store: EventStore, count: number): Promise<string[]> {
  const events = sampleEvents(count);
  for (const event of events) await store.append(sampleStreamId(), 'none', [event]);
  return idsOf(events);
}

export function subscribeContract(engine: Engine): void {
  test('a subscriber catches up, then hears of new events', async () => {
    const { store, another } = engine();
    const after = await store.head();
    const past = await appendOneByOne(store, 5);
    const taken = take(store, after, 10, 2);
    const other = await another();
    const live = await appendOneByOne(other, 5);
    expect(idsOf(await taken)).toEqual([...past, ...live]);
  });

  test('batches are never empty and never larger than asked', async () => {
    const { store } = engine();
    const after = await store.head();
    await store.append(sampleStreamId(), 'none', sampleEvents(10));
    const sizes: number[] = [];
    for await (const batch of store.subscribe(after, { batchSize: 4 })) {
      sizes.push(batch.length);
      if (sizes.reduce((sum, size) => sum + size, 0) === 10) break;
    }
    expect(sizes).toEqual([4, 4, 2]);
  });

  test('a subscriber resumes after the position it names', async () => {
    const { store } = engine();
    const after = await store.head();
    const written = await appendOneByOne(store, 6);
    const first = await take(store, after, 2, 1);
    const rest = await take(store, first.at(-1)?.position ?? after, 4, 3);
    expect([...idsOf(first), ...idsOf(rest)]).toEqual(written);
  });

  test('an abort ends a waiting subscriber at once and cleanly', async () => {
    const { store } = engine();
    const after = await store.head();
    const stop = new AbortController();
    const ended = (async () => {
      for await (const batch of store.subscribe(after, { signal: stop.signal }))
        throw new Error(`${batch.length}`);
      return performance.now();
    })();
    await sleep(50);
    const abortedAt = performance.now();
    stop.abort();
    expect((await ended) - abortedAt).toBeLessThan(10_000);
  });

  test('a subscription with a signal that was aborted before ends without reading', async () => {
    const { store } = engine();
    await store.append(sampleStreamId(), 'none', [sampleEvent()]);
    const iterator = store.subscribe('0', { signal: AbortSignal.abort() })[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('an abort between two batches is the end: nothing more is handed out', async () => {
    const { store } = engine();
    const after = await store.head();
    await store.append(sampleStreamId(), 'none', sampleEvents(6));
    const stop = new AbortController();
    let batches = 0;
    for await (const batch of store.subscribe(after, { batchSize: 2, signal: stop.signal })) {
      batches += batch.length > 0 ? 1 : 0;
      stop.abort();
    }
    expect(batches).toBe(1);
  });

  test('a slow consumer gets everything, in order, and holds up nobody', async () => {
    const { store } = engine();
    const after = await store.head();
    const slow = (async () => {
      const taken: RecordedEvent[] = [];
      for await (const batch of store.subscribe(after, { batchSize: 3 })) {
        taken.push(...batch);
        if (taken.length >= 30) break;
        await sleep(20);
      }
      return taken;
    })();
    const fast = take(store, after, 30);
    const written = await appendOneByOne(store, 30);
    expect(idsOf(await fast)).toEqual(written);
    expect(idsOf(await slow)).toEqual(written);
  });

  test('a subscriber from far beyond the end waits without an error', async () => {
    const stop = new AbortController();
    const iterator = engine()
      .store.subscribe('9999999999999999999', { signal: stop.signal })
      [Symbol.asyncIterator]();
    const next = iterator.next();
    await sleep(50);
    stop.abort();
    expect((await next).done).toBe(true);
  });

  test('closing a store ends its subscribers cleanly, and later calls are typed errors', async () => {
    const other = await engine().another();
    const head = await other.head();
    const ended = (async () => {
      for await (const batch of other.subscribe(head)) throw new Error(`${batch.length}`);
      return true;
    })();
    await sleep(50);
    await Promise.all([other.close(), other.close()]);
    expect(await ended).toBe(true);
    const unavailable = { code: 'STORE_UNAVAILABLE' };
    await expect(other.append(sampleStreamId(), 'none', [sampleEvent()])).rejects.toMatchObject(unavailable);
    await expect(other.head()).rejects.toMatchObject(unavailable);
    await expect(other.readAll('0')).rejects.toMatchObject(unavailable);
    await expect(other.readStream(sampleStreamId())).rejects.toMatchObject(unavailable);
    expect(() => other.subscribe('0')).toThrow(expect.objectContaining(unavailable));
  });

  test('closing a store waits for its appends under way', async () => {
    const { store, another } = engine();
    const other = await another();
    const streamIds = Array.from({ length: 40 }, sampleStreamId);
    const appends = Promise.all(streamIds.map((streamId) => other.append(streamId, 'none', [sampleEvent()])));
    await other.close();
    await expect(appends).resolves.toHaveLength(40);
    for (const streamId of streamIds) expect(await store.readStream(streamId)).toHaveLength(1);
  });
}
