import { createPool } from '@shaoying/postgres';
import type { Projection } from '@shaoying/projections';
import { projectionSpec } from '@shaoying/projections/testing';
import type { SqlReader } from '../sql-reader.js';

export type ReadModelSpec = ReturnType<typeof projectionSpec> & { readonly sql: SqlReader };

/** `projectionSpec` and beside it the connection a query of the read model has in production. */
export function readModelSpec(projection: Projection): ReadModelSpec {
  const spec = projectionSpec(projection);
  let pool: ReturnType<typeof createPool> | undefined;
  const open = (): ReturnType<typeof createPool> => (pool ??= createPool(spec.url, { max: 2 }));
  // Registered after the fixture's own hook, and Jest runs afterAll in that order: the pool must not outlive its
  // database, or its connections are cut off and it warns.
  afterAll(() => pool?.end());
  return {
    givenEvents: (events, batchSize) => spec.givenEvents(events, batchSize),
    thenRows: (sql, values) => spec.thenRows(sql, values),
    tables: () => spec.tables(),
    get url() {
      return spec.url;
    },
    sql: { query: (text, values) => open().query(text, values) as never },
  };
}
