export * from './checkpoint.events.js';
export * from './checkpoint.js';
export * from './signed-note.js';
export * from './checkpoint-export.js';
export * from './checkpoint-keys.js';
export * from './checkpoint-signer.js';
export * from './checkpoint-watch.js';
