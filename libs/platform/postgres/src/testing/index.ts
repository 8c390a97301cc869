export { killPostgres } from './processes.js';
export { type TestDatabase, createTestDatabase } from './test-database.js';
