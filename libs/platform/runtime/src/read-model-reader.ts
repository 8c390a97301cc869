import { isPassing } from '@shaoying/postgres';
import { DatabaseError, type Pool, type QueryConfig, type QueryResult, type QueryResultRow } from 'pg';
import { marksThere, TableVersions, type AskedReadModel } from './table-versions.js';

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
 * is asked, or turns into it · 42704 tables that say they are of another version.
 */
const ofOtherTables = /^(42P01|42703|3F000|42883|42804|42846|42704)$/;
const ofAnotherVersion = /^42704$/;

/**
 * Reads from a pool; what passes by itself becomes one typed error, so that a door answers 503 and not 500. A question is only
 * answered by tables of the version that it was written for, or by those of an earlier one where the read model says that they will do.
 */
export class ReadModelReader {
  private readonly versions: TableVersions;

  /** @param readModels those that are asked; of others nobody knows a version */
  constructor(
    private readonly pool: Pool,
    readModels: readonly AskedReadModel[],
  ) {
    this.versions = new TableVersions(readModels);
  }

  /** @throws ReadModelsUnavailable, ReadModelsBeingRebuilt, and pg's errors for faults of the query itself */
  async query<Row>(
    text: string | QueryConfig,
    values?: unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }> {
    const asked = (): Promise<QueryResult<QueryResultRow>> =>
      orUnavailable(this.pool.query<QueryResultRow>(this.guarded(text), values));
    const { rows, rowCount } = await asked().catch(async (error: unknown) => {
      if (await this.areOthersAsked(error)) return asked();
      throw error;
    });
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
        const answer = orUnavailable(client.query<QueryResultRow>(this.guarded(text), values));
        const { rows } = await answer.catch(async (error: unknown) => {
          // For the next transaction: this one is over.
          await this.areOthersAsked(error);
          throw error;
        });
        return { rows: rows as Row[] };
      },
      release: (broken) => client.release(broken),
    };
  }

  private guarded(question: string | QueryConfig): string | QueryConfig {
    if (typeof question === 'string') return this.versions.guarded(question);
    const text = this.versions.guarded(question.text);
    // A connection keeps one text under a name: those about tables of other versions are others.
    const name = question.name === undefined ? {} : { name: `${question.name} ${this.versions.learnt}` };
    return { ...question, ...name, text };
  }

  /** Where tables of an earlier version will do, the refusal has to be understood first. */
  private async areOthersAsked(error: unknown): Promise<boolean> {
    const { lenient } = this.versions;
    const isRefused = error instanceof ReadModelsBeingRebuilt && isOneOf(error.cause, ofAnotherVersion);
    if (!isRefused || lenient.length === 0) return false;
    const { rows } = await orUnavailable(
      this.pool.query<{ schema: string; mark: string }>(marksThere, [lenient]),
    );
    return this.versions.learn(rows);
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
