import { isTransient } from '@shaoying/projections';
import type { Pool, QueryResultRow } from 'pg';

/** Thrown when the read models cannot be asked now: no connection, or their tables are still being built. */
export class ReadModelsUnavailable extends Error {
  readonly code = 'SERVICE_UNAVAILABLE';
}

/** SQLSTATE of a missing table or schema: a projector has not made them yet; and of a statement that took too long. */
const passingBy = new Set(['42P01', '3F000', '57014']);

/** Reads from a pool; what passes by itself becomes one typed error, so that a door answers 503 and not 500. */
export class ReadModelReader {
  constructor(private readonly pool: Pool) {}

  /** @throws ReadModelsUnavailable, and pg's errors for faults of the query itself */
  async query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }> {
    try {
      const { rows } = await this.pool.query<QueryResultRow>(text, values);
      return { rows: rows as Row[] };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      const passing = passingBy.has(code) || isTransient(error);
      throw passing
        ? new ReadModelsUnavailable('the read models cannot be asked now', { cause: error })
        : error;
    }
  }
}
