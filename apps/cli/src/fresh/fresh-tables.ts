import { comparePositions, type Position } from '@shaoying/event-store';
import {
  applyHandled,
  copyRows,
  isHandled,
  type Projection,
  type ProjectionTransaction,
  type ReadEvent,
} from '@shaoying/projections';
import type { PoolClient } from 'pg';

/** PG schema of the fresh tables of a projection; the serving ones lie in the same without `__replay`. */
export const servingSchema = (name: string): string => name.replaceAll('-', '_');
export const freshSchema = (name: string): string => `${servingSchema(name)}__replay`;

/** What the batches of projections are written under: they look rows up by their keys, and never scan. */
const asProjectionsWrite =
  'set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off; set local jit = off';

/** A read model filled anew from the first event, in tables that nobody reads but who compares them. */
export class FreshTables {
  private filled: Position = '0';

  private constructor(
    readonly projection: Projection,
    private readonly client: PoolClient,
    private readonly skipped: ReadonlySet<string>,
  ) {}

  /**
   * Tables of an earlier replay that was killed are dropped first.
   * @param skipped ids of events that somebody has said are to be passed by: what serves has passed them by as well
   */
  static async create(
    projection: Projection,
    client: PoolClient,
    skipped: ReadonlySet<string>,
  ): Promise<FreshTables> {
    const schema = freshSchema(projection.name);
    await client.query(`drop schema if exists "${schema}" cascade; create schema "${schema}"`);
    await client.query(`set search_path to "${schema}"; ${projection.schema}; set search_path to default`);
    return new FreshTables(projection, client, skipped);
  }

  /**
   * Writes what the projection takes of a page of the log, in one transaction.
   * @throws UnreadableEvent where one cannot be read and is not passed by; what the projection throws
   */
  async fill(page: readonly ReadEvent[]): Promise<void> {
    const { projection, client, skipped, filled } = this;
    const last = page.at(-1);
    const news = page.filter(({ position }) => comparePositions(position, filled) > 0);
    const isTaken = (event: ReadEvent): boolean =>
      isHandled(projection, event) && !skipped.has(event.eventId);
    if (news.some(isTaken))
      await this.inside(() => applyHandled(projection, news, transactionOn(client), skipped));
    if (last !== undefined && news.length > 0) this.filled = last.position;
  }

  /** Makes the tables that are made of the rows of the others. Nothing is filled in any more after that. @throws what PostgreSQL says */
  async complete(): Promise<void> {
    const { completion } = this.projection;
    if (completion !== undefined) await this.inside(() => this.client.query(completion));
  }

  /** In one transaction, with settings and names that end with it. */
  private async inside(work: () => Promise<unknown>): Promise<void> {
    const { client, projection } = this;
    try {
      await client.query(
        `begin; ${asProjectionsWrite}; set local search_path to "${freshSchema(projection.name)}"`,
      );
      await work();
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
  }

  async drop(): Promise<void> {
    await this.client.query(`drop schema if exists "${freshSchema(this.projection.name)}" cascade`);
  }
}

function transactionOn(client: PoolClient): ProjectionTransaction {
  return {
    async query<Row>(sql: string | { name: string; text: string }, values: readonly unknown[] = []) {
      // Prepared names would be shared by every projection on this connection.
      const text = typeof sql === 'string' ? sql : sql.text;
      return (await client.query(text, [...values])).rows as Row[];
    },
    copy: (sql, rows) => copyRows(client, sql, rows),
  };
}
