export * from './receiver.js';
export * from './delivery-place.js';
