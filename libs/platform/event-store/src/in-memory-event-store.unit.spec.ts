import { InMemoryEventStore } from './in-memory-event-store.js';
import { eventStoreContract, spoilInMemory } from './testing/index.js';

eventStoreContract('in memory', async () => {
  const store = new InMemoryEventStore();
  return {
    store,
    another: async () => new InMemoryEventStore(store),
    spoil: async ({ position }) => void spoilInMemory(store, position),
    close: () => store.close(),
  };
});
