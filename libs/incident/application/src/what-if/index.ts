export * from './alternative-rules.js';
export type { KeptAs } from './alternative-deadlines.js';
export type { DecidingEvent, Difference, DifferenceCause } from './differences.js';
export * from './on-time.js';
export * from './simulated-incident.js';
export * from './what-if.report.js';
export * from './window.helper.js';
export * from './window.js';
export * from './window.part.js';
