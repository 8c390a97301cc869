export * from './insured-points.js';
export * from './open-limits.js';
export * from './shared-limit.js';
export * from './shared-points.js';
