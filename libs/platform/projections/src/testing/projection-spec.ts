import { type TestDatabase, createTestDatabase } from '@shaoying/postgres/testing';
import type { RecordedEvent } from '@shaoying/event-store';
import { applyHandled } from '../batch.js';
import { afterRows, type Projection, type ProjectionTransaction, schemaOf } from '../projection.js';
import { Session } from '../session.js';

/** Rows of every table of a projection, of a divided one by its parts, as text and sorted: equal when, and only when, the tables are. */
export type Tables = Record<string, string[]>;

/** A projection on a database of its own, or in that of another. Needs `TEST_POSTGRES_URL`. Close it, the others first. */
export class ProjectionFixture {
  private constructor(
    private readonly projection: Projection,
    private readonly database: Pick<TestDatabase, 'url' | 'drop'>,
    private readonly session: Session,
  ) {}

  /** @param beside in whose database; as in production, where one question may be about several read models */
  static async open(projection: Projection, beside?: { readonly url: string }): Promise<ProjectionFixture> {
    const database = beside ? { url: beside.url, drop: () => Promise.resolve() } : await createTestDatabase();
    const session = await Session.open(database.url, 'projection-fixture');
    const fixture = new ProjectionFixture(projection, database, session);
    await fixture.reset();
    return fixture;
  }

  /** For the read model's own queries: unqualified names do not work there, nor do they in production. */
  get url(): string {
    return this.database.url;
  }

  /** Empty tables, as on the first start. */
  async reset(): Promise<void> {
    const schema = schemaOf(this.projection.name);
    await this.session.inTransaction(schema, async (tx) => {
      await tx.query(`drop schema if exists "${schema}" cascade`);
      await tx.query(`create schema "${schema}"`);
      await tx.query(this.projection.schema);
      await tx.query(afterRows(this.projection));
    });
  }

  /** Applies `events` in batches as the engine would: other types are left out, each batch is one transaction. */
  async givenEvents(events: readonly RecordedEvent[], batchSize = 1_000): Promise<void> {
    for (let start = 0; start < events.length; start += batchSize) {
      const batch = events.slice(start, start + batchSize);
      await this.session.inTransaction(schemaOf(this.projection.name), (tx) =>
        applyHandled(this.projection, batch, tx),
      );
    }
  }

  /** For what a projection does besides `apply`. */
  async inTransaction(work: (tx: ProjectionTransaction) => Promise<void>): Promise<void> {
    await this.session.inTransaction(schemaOf(this.projection.name), work);
  }

  /** Unqualified names, as in `apply`. */
  async thenRows<Row = Record<string, unknown>>(
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    return this.session.inTransaction(schemaOf(this.projection.name), (tx) => tx.query<Row>(sql, values));
  }

  async tables(): Promise<Tables> {
    const found = await this.session.query<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relnamespace = to_regnamespace($1) order by 1`,
      [`"${schemaOf(this.projection.name)}"`],
    );
    const tables: Tables = {};
    for (const { name } of found) {
      const rows = await this.thenRows<{ row: string }>(`select t::text as row from "${name}" t`);
      tables[name] = rows.map(({ row }) => row).sort();
    }
    return tables;
  }

  async close(): Promise<void> {
    await this.session.close();
    await this.database.drop();
  }
}

/**
 * Registers the hooks for one fixture per `describe`, with empty tables before each test:
 *
 *     const spec = projectionSpec(containment);
 *     it('…', async () => {
 *       await spec.givenEvents(recordedEvents([…]));
 *       expect(await spec.thenRows('select … from …')).toEqual([…]);
 *     });
 *
 * @param beside the spec in whose database it is, of an earlier line
 * @param filledOnce fills the tables before the first test, where all tests of the `describe` only read them: then they are
 * not emptied
 */
export function projectionSpec(
  projection: Projection,
  beside?: { readonly url: string },
  filledOnce?: () => Promise<void>,
): Pick<ProjectionFixture, 'reset' | 'givenEvents' | 'inTransaction' | 'thenRows' | 'tables' | 'url'> {
  let fixture: ProjectionFixture | undefined;
  const open = (): ProjectionFixture => {
    if (!fixture) throw new Error('projectionSpec is used inside its describe, after beforeAll');
    return fixture;
  };
  beforeAll(async () => {
    fixture = await ProjectionFixture.open(projection, beside);
    await filledOnce?.();
  });
  if (filledOnce === undefined) beforeEach(() => open().reset());
  afterAll(() => fixture?.close());
  return {
    reset: () => open().reset(),
    givenEvents: (events, batchSize) => open().givenEvents(events, batchSize),
    inTransaction: (work) => open().inTransaction(work),
    thenRows: (sql, values) => open().thenRows(sql, values),
    tables: () => open().tables(),
    get url() {
      return open().url;
    },
  };
}

type Filled = Pick<ProjectionFixture, 'reset' | 'givenEvents' | 'tables'>;

/**
 * Fails unless batches of 1, 7 and 1,000 leave the same rows in every table. Compares serial ids and defaults too. Empties the
 * tables first: a database for each history costs more than the history.
 */
export async function expectSameTablesForAnyBatching(
  spec: Filled,
  events: readonly RecordedEvent[],
): Promise<void> {
  await spec.reset();
  await spec.givenEvents(events, 1);
  const oneByOne = await spec.tables();
  for (const batchSize of [7, 1_000]) {
    await spec.reset();
    await spec.givenEvents(events, batchSize);
    expect({ batchSize, tables: await spec.tables() }).toEqual({ batchSize, tables: oneByOne });
  }
}

/**
 * Fails unless the whole history, delivered again into the same tables, changes nothing. The engine never does that
 * (the checkpoint commits with the rows); a projection that passes also survives a checkpoint restored from a backup.
 * Empties the tables first.
 */
export async function expectSameTablesWhenDeliveredTwice(
  spec: Filled,
  events: readonly RecordedEvent[],
): Promise<void> {
  await spec.reset();
  await spec.givenEvents(events, 7);
  const once = await spec.tables();
  await spec.givenEvents(events, 7);
  expect(await spec.tables()).toEqual(once);
}
