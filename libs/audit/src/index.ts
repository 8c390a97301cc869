export * from './catalogue-proposals.js';
export * from './incident-history.js';
export * from './plain-lines.js';
