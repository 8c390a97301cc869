export { anyText } from './any-text.js';
export { eventStoreContract, type EngineUnderTest, type MakeEngine } from './event-store.contract.js';
export { propertyParameters } from './property-seed.js';
export { sampleEvent, sampleEvents, sampleStreamId } from './sample-events.js';
export { spoilInMemory } from './spoilt-event.js';
