export * from './access.js';
export * from './api-keys/index.js';
export * from './credentials.js';
export * from './identity.errors.js';
export * from './local-issuer.js';
export * from './principal.js';
export * from './token-verifier.js';
