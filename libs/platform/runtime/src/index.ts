export * from './read-model-reader.js';
export * from './stores.js';
