import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { START } from '@shaoying/event-store';
import type { EventStore, Position, RecordedEvent } from '@shaoying/event-store';
import { propertyParameters, sampleEvent, sampleEvents, sampleStreamId } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import { EventStoreDbEventStore } from './eventstoredb-event-store.js';
import { openDouble } from './testing/index.js';
import type { OpenDouble } from './testing/index.js';

let double: OpenDouble;
afterEach(() => double.close());

async function takeUntil(store: EventStore, after: Position, lastId: string): Promise<RecordedEvent[]> {
  const taken: RecordedEvent[] = [];
  for await (const batch of store.subscribe(after, { batchSize: 7 })) {
    taken.push(...batch);
    if (taken.at(-1)?.eventId === lastId) break;
  }
  return taken;
}

const idsOf = (events: readonly { eventId: string }[]): string[] => events.map((event) => event.eventId);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a subscription', () => {
  test('calls cut anywhere: the subscriber misses, repeats and reorders nothing', async () => {
    double = await openDouble();
    const { server, store } = double;
    const written: string[] = [];
    for (let append = 0; append < 12; append += 1) {
      const events = sampleEvents(5);
      await store.append(sampleStreamId(), 'none', events);
      written.push(...idsOf(events));
    }
    const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const planned = [...places];
        server.faults.cutsAfterEvents = planned.shift();
        const cutting = setInterval(() => (server.faults.cutsAfterEvents ??= planned.shift()), 1);
        try {
          const taken = await takeUntil(store, START, written.at(-1) ?? '');
          expect(idsOf(taken)).toEqual(written);
        } finally {
          clearInterval(cutting);
          server.faults.cutsAfterEvents = undefined;
        }
      }),
      propertyParameters({ numRuns: 12, endOnFailure: true }),
    );
  }, 120_000);

  test('connections cut and the server restarted while others write: it sees every event once, in order', async () => {
    double = await openDouble({}, { appendTimeoutMs: 1_000 });
    const { server, store, another } = double;
    const writer = await another();
    const written: string[] = [];
    const last = sampleEvent();
    const taking = takeUntil(store, START, last.eventId);
    for (let round = 0; round < 40; round += 1) {
      const events = sampleEvents(3);
      await writer.append(sampleStreamId(), 'none', events);
      written.push(...idsOf(events));
      if (round % 10 === 5) server.cutConnections();
      if (round === 20) {
        await server.goAway();
        await server.comeBack();
      }
    }
    await writer.append(sampleStreamId(), 'none', [last]);
    expect(idsOf(await taking)).toEqual([...written, last.eventId]);
  }, 120_000);

  test('a server that never answers is given up and asked again', async () => {
    double = await openDouble({}, { readTimeoutMs: 200 });
    const { server, store } = double;
    const event = sampleEvent();
    await store.append(sampleStreamId(), 'none', [event]);
    server.faults.ignoresReads = 2;
    expect(idsOf(await takeUntil(store, START, event.eventId))).toEqual([event.eventId]);
  });

  test('a position that is no place in this log ends it with an error: the log is not the one it was', async () => {
    double = await openDouble();
    const { store } = double;
    await store.append(sampleStreamId(), 'none', sampleEvents(2));
    const between = (BigInt(await store.head()) - 1n).toString();
    const refused = { code: 'INVALID_ARGUMENT' };
    await expect(takeUntil(store, between, 'none')).rejects.toMatchObject(refused);
    await expect(store.readAll(between)).rejects.toMatchObject(refused);
    expect(await store.eventAt(between)).toBeUndefined();
  });

  test('goes on from a checkpoint when none of its types has come for long', async () => {
    double = await openDouble();
    const { server, store } = double;
    const wanted = sampleEvent({ type: 'RareHappened' });
    const taken: string[] = [];
    const taking = (async () => {
      for await (const batch of store.subscribe(START, { types: ['RareHappened'] })) {
        taken.push(...idsOf(batch));
        return;
      }
    })();
    // A checkpoint comes every 2,000 events that are none of those.
    for (let append = 0; append < 5; append += 1) {
      await store.append(sampleStreamId(), 'none', sampleEvents(500));
    }
    server.cutConnections();
    while (server.subscribedFrom.length < 2) await sleep(5);
    await store.append(sampleStreamId(), 'none', [wanted]);
    await taking;
    expect(taken).toEqual([wanted.eventId]);
    expect(server.subscribedFrom[0]).toBeUndefined();
    expect(Number(server.subscribedFrom.at(-1))).toBeGreaterThan(0);
  }, 60_000);

  test('servers that do not tell when a subscriber has caught up serve it as well', async () => {
    double = await openDouble({ tellsCaughtUp: false });
    const { store } = double;
    const [first, second] = [sampleEvent(), sampleEvent()];
    await store.append(sampleStreamId(), 'none', [first]);
    const taking = takeUntil(store, START, second.eventId);
    await sleep(300);
    await store.append(sampleStreamId(), 'none', [second]);
    expect(idsOf(await taking)).toEqual([first.eventId, second.eventId]);
  });
});

describe('a read', () => {
  test('that is cut in the middle is an error, never half an answer', async () => {
    double = await openDouble();
    const { server, store } = double;
    const streamId = sampleStreamId();
    await store.append(streamId, 'none', sampleEvents(50));
    server.faults.cutsAfterEvents = 20;
    await expect(store.readStream(streamId)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await store.readStream(streamId)).toHaveLength(50);
  });

  test('that is never answered ends in time', async () => {
    double = await openDouble({}, { readTimeoutMs: 200 });
    const { server, store } = double;
    server.faults.ignoresReads = Infinity;
    await expect(store.head()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.readStream(sampleStreamId())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('events that are not ours', () => {
  test('are passed by, in the log and in our streams, and told of once', async () => {
    double = await openDouble();
    const { server, store, warnings } = double;
    const streamId = sampleStreamId();
    const foreign = {
      id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
      type: 'OrderPlaced',
      data: Buffer.from('{'),
    };
    const metadata = [
      Buffer.from(''),
      Buffer.from('no JSON'),
      Buffer.from('{"eventId":7}'),
      Buffer.from('null'),
    ];
    const [first, second] = [sampleEvent(), sampleEvent()];
    await store.append(streamId, 'none', [first]);
    for (const bytes of metadata) {
      await server.log.append('order-1', 'any', [{ ...foreign, id: crypto.randomUUID(), metadata: bytes }]);
    }
    await server.log.append(streamId, 'any', [{ ...foreign, type: '$>', metadata: Buffer.from('{}') }]);
    const read = (await store.readStream(streamId)).at(-1)?.revision ?? -1;
    expect(read).toBe(0);
    await store.append(streamId, read, [second]);
    expect(await store.foreignRevisions(streamId)).toEqual([1]);
    expect((await store.readStream(streamId)).map(({ revision }) => revision)).toEqual([0, 2]);
    expect(await store.foreignRevisions('order-1')).toEqual([0, 1, 2, 3]);
    expect(await store.foreignRevisions('order-none')).toEqual([]);
    await server.log.append('order-1', 'any', [
      { ...foreign, id: crypto.randomUUID(), metadata: Buffer.from('{}') },
    ]);

    const ours = [first.eventId, second.eventId];
    expect(idsOf(await store.readAll(START, { limit: 1 }))).toEqual([first.eventId]);
    expect(idsOf(await store.readAll(START))).toEqual(ours);
    expect(idsOf(await store.readStream(streamId))).toEqual(ours);
    expect(idsOf(await takeUntil(store, START, second.eventId))).toEqual(ours);
    const last = (await store.readAll(START)).at(-1);
    expect(await store.head()).toBe(last?.position);
    expect(await store.readAll(await store.head())).toEqual([]);
    expect(warnings.filter((warning) => warning.includes('not ours'))).toHaveLength(1);
  });

  test('a log of nothing but the events of others is an empty log', async () => {
    double = await openDouble();
    const { server, store } = double;
    for (let index = 0; index < 250; index += 1) {
      await server.log.append('order-1', 'any', [
        {
          id: crypto.randomUUID(),
          type: 'OrderPlaced',
          data: Buffer.from('{}'),
          metadata: Buffer.from('{}'),
        },
      ]);
    }
    expect(await store.head()).toBe(START);
    expect(await store.readAll(START, { limit: 10 })).toEqual([]);
  });
});

describe('close', () => {
  /** Takes connections and says nothing, as a server behind a broken network does. */
  async function silentServer(port: number): Promise<() => Promise<void>> {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
    }).listen(port, 'localhost');
    await once(silent, 'listening');
    return async () => {
      for (const socket of sockets) socket.destroy();
      silent.close();
      await once(silent, 'close');
    };
  }

  test('does not hang while connecting to a server that says nothing; what was under way is answered', async () => {
    double = await openDouble();
    const { server, store } = double;
    await server.goAway();
    const stopSilence = await silentServer(server.port);
    const append = store.append(sampleStreamId(), 'none', [sampleEvent()]);
    const read = store.readAll(START);
    const subscriber = (async () => {
      for await (const batch of store.subscribe(START)) throw new Error(`${batch.length}`);
      return 'ended';
    })();
    const settled = Promise.allSettled([append, read]);
    await sleep(50);
    await store.close();
    const codes = (await settled).map(
      (result) => (result as PromiseRejectedResult).reason as { code: string },
    );
    expect(codes.map(({ code }) => code)).toEqual([
      expect.stringMatching(/^(STORE_UNAVAILABLE|UNKNOWN_OUTCOME)$/),
      'STORE_UNAVAILABLE',
    ]);
    expect(await subscriber).toBe('ended');
    await stopSilence();
  }, 60_000);

  test('a server that never was is unavailable at once', async () => {
    double = await openDouble();
    const { server } = double;
    await server.goAway();
    const open = EventStoreDbEventStore.open({ url: server.url });
    await expect(open).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await server.comeBack();
  });
});
