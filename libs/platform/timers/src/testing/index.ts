export * from './alarm-clock.contract.js';
export * from './open-deadlines.in-memory.js';
export * from './own-redis.js';
export * from './watch.js';
