import { comparePositions, LIMITS, START, tellsStoredTexts } from '../event-store.js';
import type { Position, RecordedEvent } from '../event-store.js';
import type { Engine } from './event-store.contract.js';
import { sampleEvent, sampleEvents, sampleStreamId } from './sample-events.js';

/** Appends events of the largest size, as many at a time as the engine takes. */
async function appendMegabytes(engine: Engine, streamId: string, count: number): Promise<void> {
  const megabyte = 'x'.repeat(LIMITS.eventBytesMax - 2);
  const atOnce = Math.floor(engine.appendBytesMax / (LIMITS.eventBytesMax + LIMITS.metadataBytesMax));
  for (let done = 0; done < count; done += atOnce) {
    const events = sampleEvents(Math.min(atOnce, count - done), () => megabyte);
    await engine().store.append(streamId, done === 0 ? 'none' : done - 1, events);
  }
}

/** Appends `count` small events to one stream, 500 at a time. */
async function appendLongStream(engine: Engine, streamId: string, count: number): Promise<string[]> {
  const events = sampleEvents(count);
  for (let done = 0; done < count; done += LIMITS.eventsPerAppendMax) {
    const some = events.slice(done, done + LIMITS.eventsPerAppendMax);
    await engine().store.append(streamId, done === 0 ? 'none' : done - 1, some);
  }
  return events.map((event) => event.eventId);
}

export function readContract(engine: Engine): void {
  logContract(engine);
  streamContract(engine);
  filterContract(engine);
}

function logContract(engine: Engine): void {
  if (engine.startsEmpty) {
    test('an empty log has its head at START and nothing to read', async () => {
      const { store } = engine();
      expect(await store.head()).toBe(START);
      expect(await store.readAll(START)).toEqual([]);
    });
  }

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
    await appendMegabytes(engine, sampleStreamId(), 20);
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

  test('a second handle reads what the first has written', async () => {
    const { store, another } = engine();
    const other = await another();
    const streamId = sampleStreamId();
    const { position } = await store.append(streamId, 'none', sampleEvents(2));
    expect(await other.readStream(streamId)).toHaveLength(2);
    expect(await other.head()).toBe(position);
  });
}

function streamContract(engine: Engine): void {
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

  test.each([-1, 0.5, NaN])('reading a stream from revision %p is refused', async (fromRevision) => {
    const read = engine().store.readStream(sampleStreamId(), fromRevision);
    await expect(read).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a stream of 10,000 events is read whole, and from any revision', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    const ids = await appendLongStream(engine, streamId, 10_000);
    const events = await store.readStream(streamId);
    expect(events.map((event) => event.eventId)).toEqual(ids);
    expect(events.every((event, index) => event.revision === index)).toBe(true);
    const tail = await store.readStream(streamId, 8_765);
    expect(tail.map((event) => event.eventId)).toEqual(ids.slice(8_765));
  }, 240_000);

  // Some engines read many streams at once in another way than few.
  test.each([0, 40])(
    'streams read at once, long and short, small and large, with %i others, are each whole',
    async (more) => {
      const { store } = engine();
      const company = Array.from({ length: more }, (_, nth) => `${sampleStreamId()}'"\\$1 井盖${nth}`);
      await Promise.all(
        company.map((streamId, nth) => store.append(streamId, 'none', sampleEvents(1 + (nth % 3)))),
      );
      const [long, large, short, missing] = [1, 2, 3, 4].map(sampleStreamId) as [
        string,
        string,
        string,
        string,
      ];
      const longIds = await appendLongStream(engine, long, 1_500);
      await appendMegabytes(engine, large, 5);
      await store.append(short, 'none', sampleEvents(3));
      const besides = company.map((streamId) => store.readStream(streamId));
      const read = [long, large, short, missing, short].map((streamId) => store.readStream(streamId));
      const [longRead, largeRead, ...others] = await Promise.allSettled(read);
      for (const [nth, events] of (await Promise.all(besides)).entries()) {
        expect(events.map(({ streamId, revision }) => [streamId, revision])).toEqual(
          Array.from({ length: 1 + (nth % 3) }, (_, revision) => [company[nth], revision]),
        );
      }
      if (longRead?.status !== 'fulfilled' || largeRead?.status !== 'fulfilled') throw new Error('not read');
      expect(longRead.value.map((event) => event.eventId)).toEqual(longIds);
      expect(largeRead.value.map((event) => event.revision)).toEqual([0, 1, 2, 3, 4]);
      expect(others).toEqual([
        expect.objectContaining({
          value: [0, 1, 2].map((revision) => expect.objectContaining({ revision })),
        }),
        expect.objectContaining({ reason: expect.objectContaining({ code: 'STREAM_NOT_FOUND' }) }),
        expect.objectContaining({
          value: [0, 1, 2].map((revision) => expect.objectContaining({ revision })),
        }),
      ]);
    },
    240_000,
  );

  test('a stream of more events than one answer may hold is a typed error; its end can be read', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    await appendLongStream(engine, streamId, LIMITS.streamReadEventsMax + 1);
    await expect(store.readStream(streamId)).rejects.toMatchObject({ code: 'STREAM_TOO_LONG', streamId });
    expect(await store.readStream(streamId, 1)).toHaveLength(LIMITS.streamReadEventsMax);
  }, 120_000);

  test('a stream of more bytes than one answer may hold is a typed error; its end can be read', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    const tooMany = LIMITS.streamReadBytesMax / LIMITS.eventBytesMax + 1;
    await appendMegabytes(engine, streamId, tooMany);
    await expect(store.readStream(streamId)).rejects.toMatchObject({ code: 'STREAM_TOO_LONG', streamId });
    expect(await store.readStream(streamId, 60)).toHaveLength(tooMany - 60);
  }, 120_000);
}

function filterContract(engine: Engine): void {
  /** Twelve events over three streams, types A, B, C in turn. */
  async function mixed(): Promise<{ after: Position; idsOf: (...types: string[]) => string[] }> {
    const { store } = engine();
    const after = await store.head();
    const streamIds = [1, 2, 3].map(sampleStreamId);
    const written: { type: string; eventId: string }[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      const event = sampleEvent({ type: `Kind${'ABC'[turn % 3]}Happened` });
      await store.append(streamIds[turn % 2] ?? '', 'any', [event]);
      written.push(event);
    }
    const idsOf = (...types: string[]): string[] =>
      written.filter(({ type }) => types.includes(type)).map(({ eventId }) => eventId);
    return { after, idsOf };
  }

  test('a read by types gives the events of these types only, page by page, in order', async () => {
    const { store } = engine();
    const { after, idsOf } = await mixed();
    const types = ['KindAHappened', 'KindCHappened', 'NeverHappened'];
    const read: RecordedEvent[] = [];
    for (let from = after; ;) {
      const page = await store.readAll(from, { limit: 3, types });
      expect(page.length).toBeLessThanOrEqual(3);
      const last = page.at(-1);
      if (!last) break;
      from = last.position;
      read.push(...page);
    }
    expect(read.map((event) => event.eventId)).toEqual(idsOf('KindAHappened', 'KindCHappened'));
    if (!tellsStoredTexts(store)) throw new Error('an engine that tells no stored texts');
    const stored = await store.readAllStored(after, 5_000, ({ eventId }) => ({ eventId }), types);
    expect(stored.map(({ eventId }) => eventId)).toEqual(idsOf('KindAHappened', 'KindCHappened'));
    const last = read.at(-2)?.position ?? '';
    expect(await store.readAllStored(last, 1, ({ position }) => ({ position }), types)).toEqual([
      { position: read.at(-1)?.position },
    ]);
  });

  test('a type is matched whole: neither what it begins with nor in another case', async () => {
    const { after } = await mixed();
    for (const type of ['KindA', 'KINDAHAPPENED', 'Kind.Happened', 'KindAHappened2']) {
      expect(await engine().store.readAll(after, { types: [type] })).toEqual([]);
    }
  });

  test('a subscription by types catches up and goes on with these types only', async () => {
    const { store } = engine();
    const { after, idsOf } = await mixed();
    const seen: string[] = [];
    const done = (async () => {
      for await (const batch of store.subscribe(after, { types: ['KindBHappened'], batchSize: 3 })) {
        seen.push(...batch.map((event) => event.eventId));
        if (seen.length >= 8) return;
      }
    })();
    const more = await mixed();
    await done;
    expect(seen).toEqual([...idsOf('KindBHappened'), ...more.idsOf('KindBHappened')]);
  });

  test.each<[string, string[]]>([
    ['no type', []],
    ['an empty type', ['']],
    ['101 types', Array.from({ length: LIMITS.readTypesMax + 1 }, (_, index) => `T${index}`)],
  ])('a filter of %s is refused', async (_what, types) => {
    const { store } = engine();
    await expect(store.readAll(START, { types })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    if (!tellsStoredTexts(store)) throw new Error('an engine that tells no stored texts');
    const asStored = store.readAllStored(START, 10, (record) => record, types);
    await expect(asStored).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(() => store.subscribe(START, { types })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('an event is found by its position; no other position finds one', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', sampleEvents(3));
    const events = await store.readStream(streamId);
    for (const event of events) expect(await store.eventAt(event.position)).toEqual(event);
    expect(await store.eventAt(START)).toBeUndefined();
    const beyond = (BigInt(await store.head()) + 1n).toString();
    for (const position of [beyond, '9223372036854775807', '9999999999999999999']) {
      expect(await store.eventAt(position)).toBeUndefined();
    }
    await expect(store.eventAt('x')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
}
