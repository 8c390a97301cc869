/** Thrown when the npm package has no PostgreSQL binaries for this machine, or they are not installed. */
export class PostgresBinariesMissing extends Error {
  readonly code = 'POSTGRES_BINARIES_MISSING';
}

/** Thrown when `initdb` or `postgres` ended before it was of use. The message ends with its own last words. */
export class PostgresStartFailed extends Error {
  readonly code = 'POSTGRES_START_FAILED';
}

/** Thrown when the process runs as root and no account is found or made under which PostgreSQL may run. */
export class PostgresAccountMissing extends Error {
  readonly code = 'POSTGRES_ACCOUNT_MISSING';
}

/** Thrown when the data directory was made by another user, a newer PostgreSQL, or lost its password. */
export class PostgresClusterUnusable extends Error {
  readonly code = 'POSTGRES_CLUSTER_UNUSABLE';
}

/** Thrown when PostgreSQL neither answered nor failed within the time allowed. */
export class PostgresStartTimeout extends Error {
  readonly code = 'POSTGRES_START_TIMEOUT';
}

/** Thrown when PostgreSQL cannot come back on the port that this process's connections lead to. */
export class PostgresPortLost extends Error {
  readonly code = 'POSTGRES_PORT_LOST';
}
