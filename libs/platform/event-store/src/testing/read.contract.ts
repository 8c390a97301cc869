import { comparePositions, LIMITS, START } from '../event-store.js';
import type { RecordedEvent } from '../event-store.js';
import type { Engine } from './event-store.contract.js';
import { sampleEvent, sampleEvents, sampleStreamId } from './sample-events.js';

export function readContract(engine: Engine): void {
  test('an empty log has its head at START and nothing to read', async () => {
    const { store } = engine();
    expect(await store.head()).toBe(START);
    expect(await store.readAll(START)).toEqual([]);
  });

  test('a stream is read from a revision', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', sampleEvents(5));
    const revisions = (await store.readStream(streamId, 3)).map((event) => event.revision);
    expect(revisions).toEqual([3, 4]);
  });

  test('a stream read from beyond its end is empty, not missing', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    expect(await store.readStream(streamId, 1)).toEqual([]);
  });

  test.each([0, 3])('a stream that does not exist, read from %i, is a typed error', async (fromRevision) => {
    const streamId = sampleStreamId();
    await expect(engine().store.readStream(streamId, fromRevision)).rejects.toMatchObject({
      code: 'STREAM_NOT_FOUND',
      streamId,
    });
  });

  test('a stream does not show the events of one whose name it begins', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    await store.append(`${streamId}%_`, 'none', [sampleEvent()]);
    await expect(store.readStream(streamId)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
  });

  test('the log is read page by page, every event once, in order', async () => {
    const { store } = engine();
    const after = await store.head();
    const written: string[] = [];
    for (let append = 0; append < 7; append += 1) {
      const events = sampleEvents(3);
      await store.append(sampleStreamId(), 'none', events);
      written.push(...events.map((event) => event.eventId));
    }
    const read: RecordedEvent[] = [];
    for (let from = after; ;) {
      const page = await store.readAll(from, { limit: 4 });
      expect(page.length).toBeLessThanOrEqual(4);
      const last = page.at(-1);
      if (!last) break;
      from = last.position;
      read.push(...page);
    }
    expect(read.map((event) => event.eventId)).toEqual(written);
    expect(read.at(-1)?.position).toBe(await store.head());
    for (const [index, event] of read.entries()) {
      const next = read[index + 1];
      if (next) expect(comparePositions(event.position, next.position)).toBe(-1);
    }
  });

  test('a page holds no more bytes than a reader must expect, and never none', async () => {
    const { store } = engine();
    const after = await store.head();
    const megabyte = 'x'.repeat(LIMITS.eventBytesMax - 2);
    await store.append(
      sampleStreamId(),
      'none',
      sampleEvents(20, () => megabyte),
    );
    const first = await store.readAll(after, { limit: 20 });
    expect(first.length).toBeGreaterThan(0);
    expect(first.length * LIMITS.eventBytesMax).toBeLessThanOrEqual(LIMITS.readBytesMax);
    const second = await store.readAll(first.at(-1)?.position ?? after, { limit: 20 });
    expect(first.length + second.length).toBe(20);
  });

  test('a read after the end of the log, and far beyond it, is empty', async () => {
    const { store } = engine();
    expect(await store.readAll(await store.head())).toEqual([]);
    expect(await store.readAll('9223372036854775807')).toEqual([]);
    expect(await store.readAll('9999999999999999999')).toEqual([]);
  });

  test.each([0, -1, 1.5, 5_001, NaN])('a limit of %p is refused', async (limit) => {
    await expect(engine().store.readAll(START, { limit })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test.each(['', '-1', 'abc', '1e3', '99999999999999999999'])('position %j is refused', async (position) => {
    const { store } = engine();
    await expect(store.readAll(position)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(() => store.subscribe(position)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test.each([-1, 0.5, NaN])('reading a stream from revision %p is refused', async (fromRevision) => {
    const read = engine().store.readStream(sampleStreamId(), fromRevision);
    await expect(read).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a second handle reads what the first has written', async () => {
    const { store, another } = engine();
    const other = await another();
    const streamId = sampleStreamId();
    const { position } = await store.append(streamId, 'none', sampleEvents(2));
    expect(await other.readStream(streamId)).toHaveLength(2);
    expect(await other.head()).toBe(position);
  });
}
