export * from './cloud-event.js';
export * from './feed.js';
export * from './shared-feeds.js';
export * from './sse-stream.js';
export * from './subscriptions.errors.js';
export * from './leases/consumer-group.js';
export * from './leases/consumer-groups.js';
export { hiddenMsMax } from './leases/lease.tables.js';
export { isDeliveryId, type DeadLetter, type Delivery, type Settled } from './leases/delivery.js';
