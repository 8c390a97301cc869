export { EventStoreDbEventStore, type EventStoreDbEventStoreOptions } from './eventstoredb-event-store.js';
export { isEventStoreDbUrl } from './eventstoredb.client.js';
