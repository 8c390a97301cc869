import { randomUUID } from 'node:crypto';
import { admitAppend, Overloaded, START } from '@shaoying/event-store';
import type { AdmittedAppend } from '@shaoying/event-store';
import { sampleEvent, sampleEvents } from '@shaoying/event-store/testing';
import { AppendQueue } from './append.queue.js';
import type { Settled } from './append.queue.js';

const written: Settled = { revision: 0, position: START, duplicate: false };

const appendTo = (streamId: string, events = 1): AdmittedAppend =>
  admitAppend(streamId, 'any', sampleEvents(events));

/** A queue whose batches are recorded; each is written when the test says so, or at once. */
function queueWith(options: { queueMax?: number; held?: boolean } = {}) {
  const batches: (readonly AdmittedAppend[])[] = [];
  let release: (() => void) | undefined;
  const queue = new AppendQueue(async (batch) => {
    batches.push(batch);
    if (options.held) await new Promise<void>((resolve) => (release = resolve));
    return batch.map(() => written);
  }, options.queueMax ?? 1_000);
  const streams = (): string[][] => batches.map((batch) => batch.map((append) => append.streamId));
  const releaseBatch = async (): Promise<void> => {
    release?.();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  };
  return { queue, batches, streams, releaseBatch };
}

test('appends of one turn of the event loop share a batch', async () => {
  const { queue, streams } = queueWith();
  await Promise.all(['a', 'b', 'c'].map((streamId) => queue.add(appendTo(streamId))));
  expect(streams()).toEqual([['a', 'b', 'c']]);
});

test('what comes while a batch is being written gathers for the next', async () => {
  const { queue, streams, releaseBatch } = queueWith({ held: true });
  void queue.add(appendTo('a'));
  await releaseBatch();
  void queue.add(appendTo('b'));
  void queue.add(appendTo('c'));
  expect(streams()).toEqual([['a']]);
  await releaseBatch();
  expect(streams()).toEqual([['a'], ['b', 'c']]);
  await releaseBatch();
});

test('a stream appears once in a batch, keeps its order, and a hot stream takes turns with the others', async () => {
  const { queue, batches, streams } = queueWith();
  const hot = [appendTo('hot'), appendTo('hot'), appendTo('hot')];
  await Promise.all([...hot, appendTo('a'), appendTo('b')].map((append) => queue.add(append)));
  expect(streams()).toEqual([['hot', 'a', 'b'], ['hot'], ['hot']]);
  expect(batches.map((batch) => batch.find((append) => append.streamId === 'hot'))).toEqual(hot);
});

test('an event id appears once in a batch', async () => {
  const { queue, streams } = queueWith();
  const event = sampleEvent();
  await Promise.all(['a', 'b'].map((streamId) => queue.add(admitAppend(streamId, 'any', [event]))));
  expect(streams()).toEqual([['a'], ['b']]);
});

test('a batch is bounded by events; a larger append is a batch of its own', async () => {
  const { queue, streams } = queueWith();
  await Promise.all([
    queue.add(appendTo('a', 300)),
    queue.add(appendTo('b', 200)),
    queue.add(appendTo('c', 1)),
    queue.add(appendTo('d', 500)),
  ]);
  expect(streams()).toEqual([['a', 'b'], ['c'], ['d']]);
});

test('a batch is bounded by bytes', async () => {
  const { queue, streams } = queueWith();
  const heavy = (streamId: string): AdmittedAppend =>
    admitAppend(
      streamId,
      'any',
      sampleEvents(3, () => 'x'.repeat(1_000_000)),
    );
  await Promise.all(['a', 'b', 'c'].map((streamId) => queue.add(heavy(streamId))));
  expect(streams()).toEqual([['a'], ['b'], ['c']]);
});

test('beyond its bound the queue refuses, and admits again when a batch has left', async () => {
  const { queue, releaseBatch } = queueWith({ queueMax: 2, held: true });
  void queue.add(appendTo('a'));
  void queue.add(appendTo('b'));
  await expect(queue.add(appendTo('c'))).rejects.toBeInstanceOf(Overloaded);
  await releaseBatch();
  void queue.add(appendTo('c'));
  await releaseBatch();
  await releaseBatch();
  await queue.drained();
});

test('what waits can be failed together; the batch being written is not touched', async () => {
  const { queue, releaseBatch } = queueWith({ held: true });
  const first = queue.add(appendTo('a'));
  await releaseBatch();
  const waiting = Promise.allSettled([queue.add(appendTo('b')), queue.add(appendTo('a'))]);
  queue.failWaiting(new Error('unreachable'));
  expect((await waiting).map((result) => result.status)).toEqual(['rejected', 'rejected']);
  await releaseBatch();
  await expect(first).resolves.toEqual(written);
  await queue.drained();
});

test('appends that wait are bounded in bytes too, however few they are; one alone is never refused for its size', async () => {
  const { queue, releaseBatch } = queueWith({ held: true });
  const large = (): AdmittedAppend => {
    const megabytes = sampleEvents(31, () => 'x'.repeat(1_000_000));
    return admitAppend(randomUUID(), 'any', megabytes);
  };
  const underWay = queue.add(large());
  await releaseBatch();
  const waiting = [queue.add(large()), queue.add(large())];
  await expect(queue.add(large())).rejects.toBeInstanceOf(Overloaded);
  const small = queue.add(appendTo('small'));
  for (let batch = 0; batch < 4; batch += 1) await releaseBatch();
  await expect(Promise.all([underWay, ...waiting, small])).resolves.toHaveLength(4);
});
