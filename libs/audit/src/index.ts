export * from './catalogue-proposals.js';
export * from './checkpoints/index.js';
export * from './incident-history.js';
export * from './log-tree/index.js';
export * from './plain-lines.js';
export * from './tree/index.js';
export * from './verify/index.js';
