export * from './read-model-reader.js';
export * from './stores.js';
export * from './supervision/serve-parent.js';
export * from './supervision/supervised-process.js';
