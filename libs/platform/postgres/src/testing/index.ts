export { type Cut, type Proxy, openProxy } from './connection-proxy.js';
export { findDumpPrograms, type DumpPrograms } from './dump-programs.js';
export { copyFreshCluster } from './fresh-cluster.js';
export { OwnCluster, type OwnClusterOptions, type Programs } from './own-cluster.js';
export { until } from './patience.js';
export { killPostgres } from './processes.js';
export { SmallDisk, noSmallDisk } from './small-disk.js';
export { type TestDatabase, createTestDatabase } from './test-database.js';
export { TwoServers } from './two-servers.js';
