export * from './master-key.js';
export * from './master-key-rotation.js';
export * from './personal-data-vault.js';
export * from './personal-data.errors.js';
export { type SealedData } from './sealing.js';
export {
  PostgresPersonalDataVault,
  type PostgresPersonalDataVaultOptions,
} from './postgres-personal-data-vault.js';
