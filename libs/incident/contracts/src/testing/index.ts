export * from './additive.js';
export * from './first-versions.js';
