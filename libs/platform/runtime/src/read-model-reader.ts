import { isPassing } from '@shaoying/postgres';
import { DatabaseError, type Pool, type QueryConfig, type QueryResultRow } from 'pg';

/** Thrown when the read models cannot be asked now: there is no connection, or no answer in time. */
export class ReadModelsUnavailable extends Error {
  readonly code = 'SERVICE_UNAVAILABLE';
}

/** Thrown when the tables are not those that the question is asked of: a projector is still filling them. */
export class ReadModelsBeingRebuilt extends Error {
  readonly code = 'READ_MODELS_BEING_REBUILT';
}

/**
 * What passes for a reader, beyond what passes for everyone: 57014 the query took too long · 3D000, 55000, 28xxx no
 * connection to be had, as while an operator restores the database. Nothing that whoever asked could have asked better.
 */
const passingForReaders = /^(57014|3D000|55000|28...)$/;
/**
 * Of tables that no projector has made yet, or that are those of another release until this one's are swapped in: 42P01,
 * 3F000, 42703 no such table, schema or column · 42883, 42804, 42846 columns of another type, which nothing compares with what
 * is asked, or turns into it.
 */
const ofOtherTables = /^(42P01|42703|3F000|42883|42804|42846)$/;

/** Reads from a pool; what passes by itself becomes one typed error, so that a door answers 503 and not 500. */
export class ReadModelReader {
  constructor(private readonly pool: Pool) {}

  /** @throws ReadModelsUnavailable, ReadModelsBeingRebuilt, and pg's errors for faults of the query itself */
  async query<Row>(
    text: string | QueryConfig,
    values?: unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }> {
    const { rows, rowCount } = await orUnavailable(this.pool.query<QueryResultRow>(text, values));
    return { rows: rows as Row[], rowCount };
  }

  /** A connection of its own, for what is asked with settings of its own. @throws as {@link query}, also what it asks */
  async connect(): Promise<{
    query<Row>(text: string | QueryConfig, values?: unknown[]): Promise<{ rows: Row[] }>;
    release(broken?: boolean): void;
  }> {
    const client = await orUnavailable(this.pool.connect());
    return {
      query: async <Row>(text: string | QueryConfig, values?: unknown[]) => {
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
    if (isOneOf(error, ofOtherTables))
      throw new ReadModelsBeingRebuilt('the read models are being rebuilt', { cause: error });
    if (!isPassing(error) && !isOneOf(error, passingForReaders)) throw error;
    throw new ReadModelsUnavailable('the read models cannot be asked now', { cause: error });
  }
}

const isOneOf = (error: unknown, codes: RegExp): boolean =>
  error instanceof DatabaseError && codes.test(error.code ?? '');
