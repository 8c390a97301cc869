export * from './independent-verifier.js';
export * from './proved-log.js';
