import { getEventListeners } from 'node:events';
import { InMemoryEventStore, START } from '@shaoying/event-store';
import { spoilInMemory } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import { LogTail, type TailReader } from './log-tail.js';
import type { ReadEvent } from './read-event.js';
import { newEvent } from './testing/recorded-events.js';
import { ReplaceableLog } from './testing/replaceable-log.js';

const ignore = () => undefined;
const append = (store: InMemoryEventStore, count: number) =>
  store.append(
    'a',
    'any',
    Array.from({ length: count }, () => newEvent('Counted', {})),
  );

async function collect(reader: TailReader, last: number, dawdle: () => Promise<void>): Promise<string[]> {
  const positions: string[] = [];
  let after = START;
  while (Number(after) < last) {
    const events = await reader.next(after, AbortSignal.timeout(10_000));
    if (events.length === 0) throw new Error(`nothing after ${after} within 10 s`);
    positions.push(...events.map((event) => event.position));
    after = (events.at(-1) as ReadEvent).position;
    await dawdle();
  }
  reader.close();
  return positions;
}

const everyPosition = (last: number) => Array.from({ length: last }, (_, index) => String(index + 1));

it('gives every reader every event once, in order, whatever their speeds and the appends', async () => {
  const speeds = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 });
  const appends = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      speeds,
      appends,
      fc.integer({ min: 1, max: 9 }),
      async (readerSpeeds, counts, pageSize) => {
        const store = new InMemoryEventStore();
        const tail = new LogTail(store, pageSize, ignore);
        const total = counts.reduce((sum, count) => sum + count, 0);
        const reading = readerSpeeds.map((turns) =>
          collect(tail.reader(), total, async () => {
            for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
          }),
        );
        for (const count of counts) {
          await append(store, count);
          await new Promise(setImmediate);
        }
        for (const positions of await Promise.all(reading)) expect(positions).toEqual(everyPosition(total));
        await tail.stop();
        await store.close();
      },
    ),
    { numRuns: 40, interruptAfterTimeLimit: 20_000 },
  );
});

it('is not held up for long by a reader that does not move', async () => {
  const store = new InMemoryEventStore();
  await append(store, 200);
  const tail = new LogTail(store, 10, ignore);
  const stuck = tail.reader();
  await stuck.next(START, new AbortController().signal);
  expect(await collect(tail.reader(), 200, async () => undefined)).toEqual(everyPosition(200));
  stuck.close();
  await tail.stop();
});

it('carries on after the store failed', async () => {
  const store = new InMemoryEventStore();
  const errors: unknown[] = [];
  const subscribe = jest.spyOn(store, 'subscribe');
  subscribe.mockImplementationOnce(() => {
    throw new Error('connection lost');
  });
  const tail = new LogTail(store, 10, (error) => errors.push(error));
  const reading = collect(tail.reader(), 5, async () => undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await append(store, 5);
  expect(await reading).toEqual(everyPosition(5));
  expect(errors).toHaveLength(1);
  await tail.stop();
});

it('leaves nothing behind on the signals of the process, however often the store fails', async () => {
  const store = new InMemoryEventStore();
  const given: (AbortSignal | undefined)[] = [];
  jest.spyOn(store, 'subscribe').mockImplementation((_after, options) => {
    given.push(options?.signal);
    throw new Error('connection lost');
  });
  const combined = jest.spyOn(AbortSignal, 'any');
  const errors: unknown[] = [];
  const tail = new LogTail(store, 10, (error) => errors.push(error));
  await tail.reader().read(START);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(errors.length).toBeGreaterThan(1);
  expect(new Set(given).size).toBe(1);
  expect(combined).not.toHaveBeenCalled();
  const [signal] = given;
  // Of the pause before the next attempt.
  expect(signal && getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
  await tail.stop();
  expect(signal?.aborted).toBe(true);
  combined.mockRestore();
});

it('ends a wait when its reader is aborted', async () => {
  const tail = new LogTail(new InMemoryEventStore(), 10, ignore);
  const abort = new AbortController();
  const waiting = tail.reader().next(START, abort.signal);
  setTimeout(() => abort.abort(), 20);
  expect(await waiting).toEqual([]);
  await tail.stop();
});

it('answers an event that nobody can read by itself, and each reader goes on behind it or does not', async () => {
  const store = new InMemoryEventStore();
  await append(store, 30);
  const putBack = spoilInMemory(store, '12');
  const tail = new LogTail(store, 10, ignore);
  const [one, other] = [tail.reader(), tail.reader()];
  const ended = AbortSignal.timeout(10_000);
  const unreadable = { code: 'UNREADABLE_EVENT', position: '12', type: 'Counted' };
  const positions = (events: readonly ReadEvent[]) => events.map(({ position }) => Number(position));
  for (const reader of [one, other]) {
    expect(positions(await reader.next('10', ended))).toEqual([11]);
    expect(await reader.next('11', ended)).toMatchObject([unreadable]);
  }
  expect(positions(await one.read('12'))).toEqual([13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
  expect(positions(await one.next('22', ended))).toEqual([23, 24, 25, 26, 27, 28, 29, 30]);
  // At the head, behind it, as anybody: and whoever is before it is still told.
  const waiting = one.next('30', ended);
  expect(await other.next('11', ended)).toMatchObject([unreadable]);
  await append(store, 1);
  expect(positions(await waiting)).toEqual([31]);
  expect(await other.read('11')).toMatchObject([unreadable]);
  putBack();
  expect(positions(await other.next('11', ended))[0]).toBe(12);
  await tail.stop();
});

it('goes live behind an event that nobody can read, for whoever passes it by', async () => {
  const store = new InMemoryEventStore();
  await append(store, 3);
  const tail = new LogTail(store, 10, ignore);
  const reader = tail.reader();
  const ended = AbortSignal.timeout(10_000);
  const waiting = reader.next('3', ended);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const appended = append(store, 1);
  spoilInMemory(store, '4');
  await appended;
  expect(await waiting).toMatchObject([{ code: 'UNREADABLE_EVENT', position: '4' }]);
  const behind = reader.next('4', ended);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await append(store, 2);
  expect((await behind).map(({ position }) => position)).toEqual(['5', '6']);
  await tail.stop();
});

describe('a tail that forgets', () => {
  const ids = (events: readonly ReadEvent[]) => events.map((event) => event.eventId);

  it('reads again what it had read, and follows live what comes after', async () => {
    const log = new ReplaceableLog();
    const tail = new LogTail(log, 10, ignore);
    const reader = tail.reader();
    await log.grow(30);
    expect(await reader.read('0')).toHaveLength(10);
    expect(await collect(tail.reader(), 30, async () => undefined)).toHaveLength(30);
    await log.restore(5);
    await log.grow(2);
    const now = await log.readAll('0');
    expect(ids(await reader.read('0'))).not.toEqual(ids(now));
    tail.forget(performance.now());
    expect(ids(await reader.next('0', AbortSignal.timeout(20_000)))).toEqual(ids(now));
    const coming = reader.next('7', AbortSignal.timeout(20_000));
    await log.grow(1);
    expect(ids(await coming)).toEqual(ids(await log.readAll('7')));
    await tail.stop();
    await log.close();
  });

  it('does not give what it was reading at that moment', async () => {
    const log = new ReplaceableLog();
    await log.grow(5);
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const old = await log.readAll('0');
    jest.spyOn(log, 'readAll').mockImplementationOnce(async () => {
      await slow;
      return old;
    });
    const tail = new LogTail(log, 10, ignore);
    const reading = tail.reader().read('0');
    await new Promise(setImmediate);
    await log.restore(2);
    tail.forget(performance.now());
    release();
    expect(ids(await reading)).toEqual(ids(old.slice(0, 2)));
    await tail.stop();
    await log.close();
  });

  it('keeps what it has read since', async () => {
    const log = new ReplaceableLog();
    await log.grow(5);
    const tail = new LogTail(log, 10, ignore);
    const sinceMs = performance.now();
    await tail.reader().read('0');
    const readAll = jest.spyOn(log, 'readAll');
    tail.forget(sinceMs);
    expect(await tail.reader().read('0')).toHaveLength(5);
    expect(readAll).not.toHaveBeenCalled();
    await tail.stop();
    await log.close();
  });
});
