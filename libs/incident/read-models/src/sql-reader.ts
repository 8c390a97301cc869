/** What a query needs of a connection pool. */
export interface SqlReader {
  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** When it was so, and as far as the log knew when (api.md, time travel). ISO 8601, UTC. */
export interface Moment {
  readonly asOf: string;
  readonly knownAt: string;
}
