export * from './cli-process.js';
export * from './jurisdiction-from.js';
