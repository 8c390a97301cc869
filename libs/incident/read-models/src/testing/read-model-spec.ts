import { createPool } from '@shaoying/postgres';
import type { Projection } from '@shaoying/projections';
import { projectionSpec } from '@shaoying/projections/testing';
import type { SqlPool } from '../sql-reader.js';

export type ReadModelSpec = ReturnType<typeof projectionSpec> & {
  /** The connection a query of the read model has in production. */
  readonly sql: SqlPool;
  /** Empties the tables in mid-test. */
  startOver(): Promise<void>;
};

/**
 * `projectionSpec`, and beside it what the read model's own queries need.
 * @param beside the read model in whose database it is, of an earlier line: for questions about both
 * @param filledOnce fills the tables for all tests, which only read them
 */
export function readModelSpec(
  projection: Projection,
  beside?: ReadModelSpec,
  filledOnce?: () => Promise<void>,
): ReadModelSpec {
  let pool: ReturnType<typeof createPool> | undefined;
  const opened = (): SqlPool => (pool ??= createPool(spec.url, { max: 2 })) as SqlPool;
  // Registered before the fixture's own hook: the pool must not outlive the database.
  afterAll(() => pool?.end());
  const spec = projectionSpec(projection, beside, filledOnce);
  return {
    reset: () => spec.reset(),
    givenEvents: (events, batchSize) => spec.givenEvents(events, batchSize),
    inTransaction: (work) => spec.inTransaction(work),
    thenRows: (sql, values) => spec.thenRows(sql, values),
    tables: () => spec.tables(),
    get url() {
      return spec.url;
    },
    sql: {
      query: (text, values) => opened().query(text, values),
      connect: () => opened().connect(),
    },
    async startOver() {
      await spec.thenRows(`truncate ${Object.keys(await spec.tables()).join(', ')}`);
    },
  };
}

/** Names of the columns of a table that rows are written with: not of those that are generated. */
export async function writtenColumns(spec: Pick<ReadModelSpec, 'thenRows'>, table: string): Promise<string> {
  const [row] = await spec.thenRows<{ columns: string }>(
    `select string_agg(attname, ', ' order by attnum) as columns from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and attgenerated = '' and not attisdropped`,
    [table],
  );
  if (row === undefined) throw new Error(`no table is called ${table}`);
  return row.columns;
}
