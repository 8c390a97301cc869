import { START } from '../event-store.js';
import { LIMITS } from '../event-store.js';
import type { NewEvent } from '../event-store.js';
import type { Engine } from './event-store.contract.js';
import { sampleEvent, sampleEvents, sampleStreamId } from './sample-events.js';

export function appendContract(engine: Engine): void {
  expectedRevisionContract(engine);
  sizeContract(engine);
  idempotencyContract(engine);
  if (engine.seesIdsOfOtherStreams) idsOfOtherStreamsContract(engine);
  refusalContract(engine);
}

function expectedRevisionContract(engine: Engine): void {
  test('an append to a new stream starts at revision 0 and answers with the place it wrote', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    const result = await store.append(streamId, 'none', sampleEvents(2));
    expect(result).toEqual({ revision: 1, position: await store.head(), duplicate: false });
  });

  test("'none' on a stream that exists is a conflict that carries the actual revision", async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', sampleEvents(3));
    await expect(store.append(streamId, 'none', [sampleEvent()])).rejects.toMatchObject({
      code: 'REVISION_CONFLICT',
      streamId,
      expected: 'none',
      actual: 2,
    });
    expect(await store.readStream(streamId)).toHaveLength(3);
  });

  test.each([0, 1, 7])(
    'expecting revision %i of a stream at another revision is a conflict',
    async (expected) => {
      const { store } = engine();
      const streamId = sampleStreamId();
      await store.append(streamId, 'none', sampleEvents(3));
      await expect(store.append(streamId, expected, [sampleEvent()])).rejects.toMatchObject({
        code: 'REVISION_CONFLICT',
        expected,
        actual: 2,
      });
    },
  );

  test('expecting a revision of a stream that does not exist is a conflict with actual -1', async () => {
    const append = engine().store.append(sampleStreamId(), 0, [sampleEvent()]);
    await expect(append).rejects.toMatchObject({ code: 'REVISION_CONFLICT', actual: -1 });
  });

  test('a conflict leaves no trace in the log', async () => {
    const { store } = engine();
    const before = await store.head();
    await expect(store.append(sampleStreamId(), 4, sampleEvents(5))).rejects.toThrow();
    expect(await store.head()).toBe(before);
  });

  test('the expected number, any, and -1 for no stream are admitted; revisions stay dense', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    await store.append(streamId, -1, sampleEvents(2));
    await store.append(streamId, 1, sampleEvents(1));
    await store.append(streamId, 'any', sampleEvents(4));
    const events = await store.readStream(streamId);
    expect(events.map((event) => event.revision)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("'any' creates a stream", async () => {
    const result = await engine().store.append(sampleStreamId(), 'any', [sampleEvent()]);
    expect(result.revision).toBe(0);
  });
}

function sizeContract(engine: Engine): void {
  test('an append of no events writes nothing and answers with the revision of the stream', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    const nothing = { position: START, duplicate: false };
    expect(await store.append(streamId, 'none', [])).toEqual({ revision: -1, ...nothing });
    await store.append(streamId, 'none', sampleEvents(2));
    const head = await store.head();
    expect(await store.append(streamId, 1, [])).toEqual({ revision: 1, ...nothing });
    expect(await store.append(streamId, 'any', [])).toEqual({ revision: 1, ...nothing });
    expect(await store.head()).toBe(head);
  });

  test('an append of no events still checks the expected revision', async () => {
    const append = engine().store.append(sampleStreamId(), 3, []);
    await expect(append).rejects.toMatchObject({ code: 'REVISION_CONFLICT', actual: -1 });
  });

  test('500 events are appended whole and in order; 501 are refused whole', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    const events = sampleEvents(LIMITS.eventsPerAppendMax);
    expect((await store.append(streamId, 'none', events)).revision).toBe(499);
    expect((await store.readStream(streamId)).map((event) => event.eventId)).toEqual(
      events.map((event) => event.eventId),
    );
    const tooMany = store.append(streamId, 'any', sampleEvents(501));
    await expect(tooMany).rejects.toMatchObject({ code: 'TOO_MANY_EVENTS' });
    expect(await store.readStream(streamId)).toHaveLength(500);
  });

  test('events together larger than an append may be are refused', async () => {
    const { store } = engine();
    const megabyte = 'x'.repeat(LIMITS.eventBytesMax - 2);
    const streamId = sampleStreamId();
    const tooMany = Math.floor(engine.appendBytesMax / LIMITS.eventBytesMax) + 1;
    const append = store.append(
      streamId,
      'none',
      sampleEvents(tooMany, () => megabyte),
    );
    await expect(append).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE' });
    await expect(store.readStream(streamId)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
  });
}

function idempotencyContract(engine: Engine): void {
  test('the same append again is answered as the first time and adds nothing', async () => {
    const { store } = engine();
    const streamId = sampleStreamId();
    const events = sampleEvents(3);
    const first = await store.append(streamId, 'none', events);
    expect(await store.append(streamId, 'none', events)).toEqual({ ...first, duplicate: true });
    expect(await store.readStream(streamId)).toHaveLength(3);
  });

  test('the same append again is answered as the first time when the stream has moved on', async () => {
    const { store, another } = engine();
    const streamId = sampleStreamId();
    const events = sampleEvents(2);
    const first = await store.append(streamId, 'none', events);
    await store.append(streamId, 1, sampleEvents(5));
    const other = await another();
    expect(await other.append(streamId, 'none', events)).toEqual({ ...first, duplicate: true });
    expect(await store.readStream(streamId)).toHaveLength(7);
  });

  test('the same append raced by twenty callers over two handles has one effect and one answer', async () => {
    const { store, another } = engine();
    const handles = [store, await another()];
    const streamId = sampleStreamId();
    const events = sampleEvents(2);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (handles[index % 2] ?? store).append(streamId, 'none', events),
      ),
    );
    expect(new Set(results.map(({ revision, position }) => `${revision}@${position}`)).size).toBe(1);
    expect(results.filter((result) => !result.duplicate)).toHaveLength(1);
    expect(await store.readStream(streamId)).toHaveLength(2);
  });

  test.each([
    ['some ids are known, others new', (known: NewEvent[]) => [...known, sampleEvent()]],
    ['the ids come in another order', (known: NewEvent[]) => [...known].reverse()],
    ['the ids are not next to each other', (known: NewEvent[]) => [known[0], known[2]] as NewEvent[]],
  ])('an append is refused when %s', async (_why, changed) => {
    const { store } = engine();
    const streamId = sampleStreamId();
    const known = sampleEvents(3);
    await store.append(streamId, 'none', known);
    await expect(store.append(streamId, 'any', changed(known))).rejects.toMatchObject({
      code: 'EVENT_ID_TAKEN',
    });
    expect(await store.readStream(streamId)).toHaveLength(3);
  });
}

/** For engines that keep an index over all event ids: a bug in the caller is told, not written. */
function idsOfOtherStreamsContract(engine: Engine): void {
  test('event ids that exist in another stream are refused', async () => {
    const { store } = engine();
    const events = sampleEvents(2);
    await store.append(sampleStreamId(), 'none', events);
    const elsewhere = sampleStreamId();
    await expect(store.append(elsewhere, 'none', events)).rejects.toMatchObject({ code: 'EVENT_ID_TAKEN' });
    await expect(store.readStream(elsewhere)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
  });

  test('the same event id appended to two streams at once lands in exactly one', async () => {
    const { store } = engine();
    const event = sampleEvent();
    const results = await Promise.allSettled(
      [sampleStreamId(), sampleStreamId()].map((streamId) => store.append(streamId, 'none', [event])),
    );
    const rejected = results.filter((result) => result.status === 'rejected');
    expect(rejected.map(({ reason }: { reason: unknown }) => reason)).toEqual([
      expect.objectContaining({ code: 'EVENT_ID_TAKEN' }),
    ]);
  });
}

function refusalContract(engine: Engine): void {
  test.each<[string, Partial<NewEvent>]>([
    ['an event id that is no UUID', { eventId: 'e-1' }],
    ['an event id in upper case', { eventId: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' }],
    ['a type with NUL', { type: 'Incident\u0000Reported' }],
    ['an empty type', { type: '' }],
    ['a schema version 0', { schemaVersion: 0 }],
    ['an instant without milliseconds', { occurredAt: '2026-02-13T08:00:00Z' }],
    ['an instant with an offset', { recordedAt: '2026-02-13T16:00:00.000+08:00' }],
    ['a day that does not exist', { occurredAt: '2026-02-30T08:00:00.000Z' }],
    ['data that is no JSON', { data: undefined }],
    ['data with a bigint', { data: { amount: 1n } }],
  ])('%s is refused', async (_what, override) => {
    const append = engine().store.append(sampleStreamId(), 'none', [sampleEvent(override)]);
    await expect(append).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test.each(['', 'x'.repeat(LIMITS.streamIdCharsMax + 1), 'incident\u0000', 'incident-\ud800'])(
    'stream id %j is refused',
    async (streamId) => {
      const append = engine().store.append(streamId, 'none', [sampleEvent()]);
      await expect(append).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    },
  );

  test('the same event id twice in one append is refused', async () => {
    const event = sampleEvent();
    const append = engine().store.append(sampleStreamId(), 'none', [event, event]);
    await expect(append).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('one append refused among good ones fails alone', async () => {
    const { store } = engine();
    const streamIds = Array.from({ length: 9 }, sampleStreamId);
    const results = await Promise.allSettled(
      streamIds.map((streamId, index) => store.append(streamId, index === 4 ? 9 : 'none', sampleEvents(2))),
    );
    expect(results.map((result) => result.status)).toEqual(
      streamIds.map((_, index) => (index === 4 ? 'rejected' : 'fulfilled')),
    );
  });
}
