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
