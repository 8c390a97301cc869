export * from './decider-spec.js';
export * from './golden-corpus.js';
