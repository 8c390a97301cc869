import { LIMITS, START } from '@shaoying/event-store';
import type { EventStore, NewEvent } from '@shaoying/event-store';
import { sampleEvent, sampleEvents, sampleStreamId } from '@shaoying/event-store/testing';
import { openDouble } from './testing/index.js';
import type { OpenDouble } from './testing/index.js';

/** Every test has a server of its own: what one breaks, no other sees. */
let double: OpenDouble;
afterEach(() => double.close());

const paths = [
  ['batch', true],
  ['plain', false],
] as const;

const streamIdsOf = async (store: EventStore, streamId: string): Promise<string[]> =>
  (await store.readStream(streamId)).map((event) => event.eventId);

const idsOf = (events: readonly NewEvent[]): string[] => events.map((event) => event.eventId);

describe.each(paths)('an append whose outcome is unknown, %s append', (_path, hasBatchAppend) => {
  beforeEach(async () => {
    double = await openDouble({ hasBatchAppend }, { appendTimeoutMs: 200 });
  });

  test('a time-out after success is settled by sending it again: written once, told as new', async () => {
    const { server, store } = double;
    server.faults.losesAnswers = 1;
    const streamId = sampleStreamId();
    const events = sampleEvents(3);
    const result = await store.append(streamId, 'none', events);
    expect(result).toEqual({ revision: 2, position: await store.head(), duplicate: false });
    expect(server.appends).toBe(2);
    expect(await streamIdsOf(store, streamId)).toEqual(idsOf(events));
  });

  test('a time-out before the server wrote anything is settled the same way', async () => {
    const { server, store } = double;
    server.faults.ignoresAppends = 2;
    const streamId = sampleStreamId();
    const result = await store.append(streamId, 'none', sampleEvents(2));
    expect(result).toMatchObject({ revision: 1, duplicate: false });
    expect(await store.readStream(streamId)).toHaveLength(2);
  });

  test('somebody else came first while the outcome was unknown: a conflict, and nothing written', async () => {
    const { server, store, another } = double;
    const other = await another();
    server.faults.ignoresAppends = 1;
    const streamId = sampleStreamId();
    const append = store.append(streamId, 'none', sampleEvents(2));
    const winner = sampleEvent();
    while (server.faults.ignoresAppends > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await other.append(streamId, 'none', [winner]);
    await expect(append).rejects.toMatchObject({ code: 'REVISION_CONFLICT', actual: 0 });
    expect(await streamIdsOf(store, streamId)).toEqual([winner.eventId]);
  });

  test('connections cut under load: every append is settled, every event is there once', async () => {
    const { server, store } = double;
    const streamIds = Array.from({ length: 8 }, sampleStreamId);
    const written = new Map<string, string[]>();
    let running = true;
    const writers = streamIds.map(async (streamId) => {
      const ids: string[] = [];
      written.set(streamId, ids);
      for (let round = 0; round < 25; round += 1) {
        const events = sampleEvents(2);
        const { duplicate } = await store.append(streamId, round === 0 ? 'none' : round * 2 - 1, events);
        expect(duplicate).toBe(false);
        ids.push(...idsOf(events));
      }
    });
    const cutting = (async () => {
      for (let cuts = 0; running && cuts < 10; cuts += 1) {
        const seen = server.appends;
        server.cutConnections();
        while (running && server.appends < seen + 10) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await Promise.all(writers);
    running = false;
    await cutting;
    for (const [streamId, ids] of written) expect(await streamIdsOf(store, streamId)).toEqual(ids);
  }, 120_000);
});

test('what is never answered is an unknown outcome, which a later attempt with the same events settles', async () => {
  double = await openDouble({}, { appendTimeoutMs: 20 });
  const { server, store } = double;
  server.faults.losesAnswers = Infinity;
  const streamId = sampleStreamId();
  const events = sampleEvents(2);
  await expect(store.append(streamId, 'none', events)).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  server.faults.losesAnswers = 0;
  const settled = await store.append(streamId, 'none', events);
  expect(settled).toEqual({ revision: 1, position: await store.head(), duplicate: true });
  expect(await streamIdsOf(store, streamId)).toEqual(idsOf(events));
}, 120_000);

test('a server whose clock is an hour ahead takes appends like any other', async () => {
  double = await openDouble();
  double.server.clockAheadMs = 3_600_000;
  const result = await double.store.append(sampleStreamId(), 'none', sampleEvents(2));
  expect(result).toMatchObject({ revision: 1, duplicate: false });
}, 60_000);

test('a server that is not ready is asked again', async () => {
  double = await openDouble();
  double.server.faults.turnsAway = 2;
  const result = await double.store.append(sampleStreamId(), 'none', [sampleEvent()]);
  expect(result.duplicate).toBe(false);
});

test('a server that is away is unavailable, typed, and nothing was written; when it is back, all goes on', async () => {
  double = await openDouble();
  const { server, store } = double;
  const streamId = sampleStreamId();
  await store.append(streamId, 'none', [sampleEvent()]);
  await server.goAway();
  const unavailable = { code: 'STORE_UNAVAILABLE' };
  // The first call may have been sent into the dying connection; from then on nothing is.
  await expect(store.readStream(streamId)).rejects.toMatchObject(unavailable);
  await expect(store.append(streamId, 0, [sampleEvent()])).rejects.toMatchObject(unavailable);
  await expect(store.readAll(START)).rejects.toMatchObject(unavailable);
  await expect(store.head()).rejects.toMatchObject(unavailable);
  await server.comeBack();
  await store.append(streamId, 0, [sampleEvent()]);
  expect(await store.readStream(streamId)).toHaveLength(2);
}, 60_000);

test('events that count before they can be read: racers still agree on one effect and one answer', async () => {
  double = await openDouble();
  const { server, store, another } = double;
  server.log.visibleAfterMs = 100;
  const handles = [store, await another()];
  const streamId = sampleStreamId();
  const events = sampleEvents(2);
  const race = Array.from({ length: 20 }, (_, index) =>
    (handles[index % 2] ?? store).append(streamId, 'none', events),
  );
  const results = await Promise.all(race);
  expect(new Set(results.map(({ revision, position }) => `${revision}@${position}`)).size).toBe(1);
  expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  expect(await store.readStream(streamId)).toHaveLength(2);
});

describe('events the stream holds already', () => {
  test.each([
    ['by the handle that wrote them', false],
    ['by another, which has not read the stream', true],
  ])('are found before the expected revision too, %s', async (_who, byAnother) => {
    double = await openDouble();
    const { store, another } = double;
    const streamId = sampleStreamId();
    const events = sampleEvents(2);
    const first = await store.append(streamId, 'none', events);
    await store.append(streamId, 1, sampleEvents(3));
    const writer = byAnother ? await another() : store;
    // The server alone would write them a second time: it looks only behind the expected revision.
    expect(await writer.append(streamId, 4, events)).toEqual({ ...first, duplicate: true });
    await expect(writer.append(streamId, 4, [...events, sampleEvent()])).rejects.toMatchObject({
      code: 'EVENT_ID_TAKEN',
    });
    expect(await store.readStream(streamId)).toHaveLength(5);
  });

  test("appends with 'any' over two handles are all written, densely, each once", async () => {
    double = await openDouble();
    const { store, another } = double;
    const handles = [store, await another()];
    const streamId = sampleStreamId();
    const events = sampleEvents(24);
    const appends = events.map((event, index) =>
      (handles[index % 2] ?? store).append(streamId, 'any', [event]),
    );
    const revisions = (await Promise.all(appends)).map(({ revision }) => revision);
    expect(revisions.sort((a, b) => a - b)).toEqual(events.map((_, index) => index));
    expect((await streamIdsOf(store, streamId)).sort()).toEqual(idsOf(events).sort());
  });
});

describe.each(paths)('a stream into which somebody else has written, %s append', (_path, hasBatchAppend) => {
  const foreign = () => ({
    ...{ id: crypto.randomUUID(), type: 'OrderPlaced' },
    ...{ data: Buffer.from('{}'), metadata: Buffer.from('{"by":"others"}') },
  });
  const lastRead = async (store: EventStore, streamId: string): Promise<number> =>
    (await store.readStream(streamId)).at(-1)?.revision ?? -1;

  beforeEach(async () => {
    double = await openDouble({ hasBatchAppend });
  });

  test.each([false, true])(
    'goes on behind the revision its readers see, and in order (conflicts without the actual revision: %p)',
    async (hidesActual) => {
      const { server, store, another } = double;
      server.faults.hidesActual = hidesActual;
      const streamId = sampleStreamId();
      const written = sampleEvents(5);
      const writers = [store, await another()];
      for (const [nth, event] of written.entries()) {
        const writer = writers[nth % 2] ?? store;
        for (let others = 0; others < nth; others += 1) await server.log.append(streamId, 'any', [foreign()]);
        const expected = nth === 0 ? 'none' : await lastRead(writer, streamId);
        expect(await writer.append(streamId, expected, [event])).toMatchObject({ duplicate: false });
      }
      expect(await streamIdsOf(store, streamId)).toEqual(idsOf(written));
      // One, two, three and four of others lie between; every reader is told the same.
      const revisions = [0, 2, 5, 9, 14];
      expect((await store.readStream(streamId)).map(({ revision }) => revision)).toEqual(revisions);
      expect((await store.readAll(START)).map(({ revision }) => revision)).toEqual(revisions);
      expect((await store.readStream(streamId, 3)).map(({ revision }) => revision)).toEqual([5, 9, 14]);
    },
    60_000,
  );

  test('is a conflict where an event of ours lies behind what was expected, and tells the revision of that', async () => {
    const { server, store } = double;
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    await server.log.append(streamId, 'any', [foreign()]);
    const winner = sampleEvent();
    await store.append(streamId, 0, [winner]);
    await server.log.append(streamId, 'any', [foreign()]);
    for (const expected of ['none', 0] as const) {
      const append = store.append(streamId, expected, [sampleEvent()]);
      await expect(append).rejects.toMatchObject({ code: 'REVISION_CONFLICT', expected, actual: 2 });
    }
    await expect(store.append(streamId, 7, [sampleEvent()])).rejects.toMatchObject({ actual: 2 });
    expect((await streamIdsOf(store, streamId)).at(-1)).toBe(winner.eventId);
  });

  test('takes what a racer has written once, and is begun by us where only others have written', async () => {
    const { server, store, another } = double;
    const streamId = sampleStreamId();
    await server.log.append(streamId, 'any', [foreign()]);
    await expect(store.readStream(streamId)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
    const events = sampleEvents(2);
    const other = await another();
    const results = await Promise.all(
      [store, other, store, other].map((writer) => writer.append(streamId, 'none', events)),
    );
    expect(results.map(({ revision }) => revision)).toEqual([2, 2, 2, 2]);
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await streamIdsOf(store, streamId)).toEqual(idsOf(events));
  });

  test('an append of no events is told the revision its readers see', async () => {
    const { server, store } = double;
    const streamId = sampleStreamId();
    await server.log.append(streamId, 'any', [foreign()]);
    expect(await store.append(streamId, 'none', [])).toMatchObject({ revision: -1 });
    await store.append(streamId, 'none', [sampleEvent()]);
    for (let others = 0; others < 150; others += 1) await server.log.append(streamId, 'any', [foreign()]);
    expect(await store.append(streamId, 1, [])).toMatchObject({ revision: 1 });
    for (const expected of [0, 152]) {
      const append = store.append(streamId, expected, []);
      await expect(append).rejects.toMatchObject({ code: 'REVISION_CONFLICT', actual: 1 });
    }
  });
});

test.each(paths)(
  'a conflict told without the actual revision, while nothing is seen that it could be with, is no definite no: %s append',
  async (_path, hasBatchAppend) => {
    double = await openDouble({ hasBatchAppend });
    const { server, store, another } = double;
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', [sampleEvent()]);
    const events = sampleEvents(2);
    server.faults.hidesActual = true;
    server.log.visibleAfterMs = 3_600_000;
    const unanswered = (await another()).append(streamId, 0, events);
    unanswered.catch(() => undefined);
    const seen = server.appends;
    while (server.appends === seen) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(store.append(streamId, 0, events)).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
    // The next append that is replicated shows all that was before it.
    server.log.visibleAfterMs = 0;
    await store.append(sampleStreamId(), 'none', [sampleEvent()]);
    expect(await store.append(streamId, 0, events)).toMatchObject({ revision: 2, duplicate: true });
    await expect(store.append(streamId, 0, [sampleEvent()])).rejects.toMatchObject({
      code: 'REVISION_CONFLICT',
      actual: 2,
    });
  },
  60_000,
);

describe('limits', () => {
  test.each(paths)(
    'more calls at once than a connection carries streams (100) wait for their turn, %s append',
    async (_path, hasBatchAppend) => {
      double = await openDouble({ hasBatchAppend });
      const { store } = double;
      const streamIds = Array.from({ length: 300 }, sampleStreamId);
      await Promise.all(streamIds.map((streamId) => store.append(streamId, 'none', [sampleEvent()])));
      const streams = await Promise.all(streamIds.map((streamId) => store.readStream(streamId)));
      expect(streams.map((events) => events.length)).toEqual(streamIds.map(() => 1));
    },
    60_000,
  );

  test('a server with its default limit of 1 MiB refuses what is larger, typed, and writes nothing', async () => {
    double = await openDouble();
    const { store } = double;
    const streamId = sampleStreamId();
    const large = sampleEvent({ data: 'x'.repeat(LIMITS.eventBytesMax - 2) });
    await expect(store.append(streamId, 'none', [large])).rejects.toMatchObject({ code: 'EVENT_TOO_LARGE' });
    const halves = sampleEvents(2, () => 'x'.repeat(600_000));
    await expect(store.append(streamId, 'none', halves)).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE' });
    await expect(store.readStream(streamId)).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
  });

  test('beyond its bound of appends under way the store refuses, and admits again when one is done', async () => {
    double = await openDouble({}, { appendsMax: 3 });
    const { server, store } = double;
    server.log.visibleAfterMs = 100;
    const append = () => store.append(sampleStreamId(), 'none', [sampleEvent()]);
    const underWay = [append(), append(), append()];
    await expect(append()).rejects.toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 1 });
    await Promise.all(underWay);
    await expect(append()).resolves.toMatchObject({ revision: 0 });
  });

  test('names that the server keeps for itself are refused', async () => {
    double = await openDouble();
    const { store } = double;
    const refused = { code: 'INVALID_ARGUMENT' };
    await expect(store.append('$incident', 'none', [sampleEvent()])).rejects.toMatchObject(refused);
    await expect(store.append(sampleStreamId(), 'none', [sampleEvent({ type: '$x' })])).rejects.toMatchObject(
      refused,
    );
  });
});
