import type { EventStore } from '@shaoying/event-store';
import { START } from '@shaoying/event-store';
import { eventStoreContract } from '@shaoying/event-store/testing';
import { EventStoreDbEventStore } from './eventstoredb-event-store.js';
import { serverAppendBytesMax } from './testing/index.js';
import { findRealServer, startContainer } from './testing/real-server.js';

const found = findRealServer();
const block = found.kind === 'none' ? describe.skip : describe;
const because = found.kind === 'none' ? ` (skipped: ${found.reason})` : '';

let url = found.kind === 'url' ? found.url : '';
let stop = async (): Promise<void> => undefined;

// One server for all chapters: a container takes half a minute to start. They keep apart by their stream ids.
block(`a real server${because}`, () => {
  beforeAll(async () => {
    if (found.kind === 'container') ({ url, stop } = await startContainer());
  }, 300_000);
  afterAll(() => stop());

  if (found.kind === 'container') {
    test('a new server holds events of its own, and none of ours', async () => {
      const store = await EventStoreDbEventStore.open({ url });
      expect(await store.head()).toBe(START);
      expect(await store.readAll(START)).toEqual([]);
      await store.close();
    });
  }

  describe.each(['batch', 'plain'] as const)('%s append', (appendPath) => {
    eventStoreContract(
      `EventStoreDB engine, ${appendPath} append`,
      async () => {
        const handles: EventStore[] = [];
        const another = async (): Promise<EventStore> => {
          const handle = await EventStoreDbEventStore.open({ url, appendPath });
          handles.push(handle);
          return handle;
        };
        const close = async (): Promise<void> => {
          await Promise.all(handles.map((handle) => handle.close()));
        };
        return { store: await another(), another, close };
      },
      {
        seesIdsOfOtherStreams: false,
        startsEmpty: false,
        canBeSpoilt: false,
        appendBytesMax: serverAppendBytesMax,
      },
    );
  });
});
