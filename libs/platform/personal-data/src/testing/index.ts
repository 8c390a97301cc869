export * from './in-memory-personal-data-vault.js';
export * from './personal-data-vault-contract.js';
