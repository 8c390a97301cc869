import { isPassing } from '@shaoying/postgres';
import { DatabaseError, type Pool, type QueryConfig, type QueryResultRow } from 'pg';

/** Thrown when the read models cannot be asked now: no connection, or their tables are still being built. */
export class ReadModelsUnavailable extends Error {
  readonly code = 'SERVICE_UNAVAILABLE';
}

/**
 * What passes for a reader, beyond what passes for everyone: 42P01, 3F000, 42703 no such table, schema or column, a
 * projector has not made them yet, or they are those of another release until theirs are rebuilt · 57014 the query took too long · 3D000, 55000, 28xxx no connection to be had, as while an operator
 * restores the database. Nothing that whoever asked could have asked better.
 */
const passingForReaders = /^(42P01|42703|3F000|57014|3D000|55000|28...)$/;

/** Reads from a pool; what passes by itself becomes one typed error, so that a door answers 503 and not 500. */
export class ReadModelReader {
  constructor(private readonly pool: Pool) {}

  /** @throws ReadModelsUnavailable, and pg's errors for faults of the query itself */
  async query<Row>(
    text: string | QueryConfig,
    values?: unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }> {
    const { rows, rowCount } = await orUnavailable(this.pool.query<QueryResultRow>(text, values));
    return { rows: rows as Row[], rowCount };
  }

  /** A connection of its own, for what is asked with settings of its own. @throws as {@link query}, also what it asks */
  async connect(): Promise<{
    query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
    release(broken?: boolean): void;
  }> {
    const client = await orUnavailable(this.pool.connect());
    return {
      query: async <Row>(text: string, values?: unknown[]) => {
        const { rows } = await orUnavailable(client.query<QueryResultRow>(text, values));
        return { rows: rows as Row[] };
      },
      release: (broken) => client.release(broken),
    };
  }
}

async function orUnavailable<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!isPassing(error) && !isPassingForReaders(error)) throw error;
    throw new ReadModelsUnavailable('the read models cannot be asked now', { cause: error });
  }
}

function isPassingForReaders(error: unknown): boolean {
  return error instanceof DatabaseError && passingForReaders.test(error.code ?? '');
}
