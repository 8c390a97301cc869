export * from './backoff.js';
export * from './event-store.js';
export * from './event-store.errors.js';
export * from './event.admission.js';
export * from './in-memory-event-store.js';
export * from './instants.js';
export * from './joined-signal.js';
export * from './traceparent.js';
