export * from './asked-gauges.js';
export * from './logger.js';
export * from './metrics.js';
export * from './nest-logger.js';
export * from './redaction.js';
