import type { EventStore } from '@shaoying/event-store';
import { eventStoreContract } from '@shaoying/event-store/testing';
import { EventStoreDbEventStore } from './eventstoredb-event-store.js';
import { LogServerDouble, serverAppendBytesMax } from './testing/index.js';

/** As our servers are configured. */
const maxAppendSize = serverAppendBytesMax;

/** What reads does not know how it was written: one of the two is enough to judge it. */
const paths = [
  ['batch', {}, true],
  ['plain', { hasBatchAppend: false }, false],
] as const;

describe.each(paths)('over the wire to a test double, %s append', (name, options, readsAnew) => {
  eventStoreContract(
    `EventStoreDB engine, ${name} append`,
    async () => {
      const server = await LogServerDouble.start({ ...options, maxAppendSize });
      const handles: EventStore[] = [];
      const another = async (): Promise<EventStore> => {
        const handle = await EventStoreDbEventStore.open({ url: server.url });
        handles.push(handle);
        return handle;
      };
      return {
        store: await another(),
        another,
        spoil: async ({ streamId, revision }) => server.log.spoil(streamId, revision),
        close: async () => {
          await Promise.all(handles.map((handle) => handle.close()));
          await server.goAway();
        },
      };
    },
    { seesIdsOfOtherStreams: false, appendBytesMax: maxAppendSize, readsAnew },
  );
});
