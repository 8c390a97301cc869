export * from './alarm-clock.contract.js';
export * from './open-deadlines.in-memory.js';
