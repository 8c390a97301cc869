export { advisoryLockKey } from './advisory-lock.js';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  openEmbeddedPostgres,
} from './embedded-postgres.js';
export { lossySettings } from './durability.js';
export * from './embedded-postgres.errors.js';
export type { Log, LogLine } from './log-line.js';
export { isFaultOfStatement, isPassing } from './passing.js';
export { type PoolOptions, createPool, withTransaction } from './pool.js';
export { PrimaryClient, ServerIsReadOnly, stayWithPrimary } from './primary-client.js';
export { RESTART_LIMITS, RestartBudget, type RestartLimits } from './restart-budget.js';
