/** A statement that a connection keeps under its name, which stands for one text. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

/** What a query needs of a connection pool. */
export interface SqlReader {
  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

interface LentConnection {
  query<Row>(statement: string | NamedStatement, values?: unknown[]): Promise<{ rows: Row[] }>;
  release(broken?: boolean): void;
}

/** One that lends its connections. */
export interface SqlPool extends SqlReader {
  connect(): Promise<LentConnection>;
}

/** Asks in a transaction of its own, with settings for it alone. @param begin statements that open it */
async function askWith<Row>(
  pool: SqlPool,
  begin: string,
  statement: string | NamedStatement,
  values?: unknown[],
): Promise<{ rows: Row[] }> {
  const connection = await pool.connect();
  let isWhole = false;
  try {
    await connection.query(begin);
    const answer = await connection.query<Row>(statement, values);
    await connection.query('commit');
    isWhole = true;
    return answer;
  } catch (error) {
    isWhole = await connection.query('rollback').then(
      () => true,
      () => false,
    );
    throw error;
  } finally {
    // One that could not even be rolled back is left to nobody.
    connection.release(!isWhole);
  }
}

/**
 * For a question about a whole year: rows by the hundred thousand, joined to what was computed in between, of which PostgreSQL knows
 * nothing. With its own settings it sorts on disk, and where it expects a row or two, goes through one list for each of another.
 */
const widely = `begin read only; set local work_mem = '32MB'; set local enable_nestloop = off; set local jit = off`;

/** Asks each question in a transaction of its own, with settings for large ones. */
export class WideReader implements SqlReader {
  constructor(private readonly pool: SqlPool) {}

  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }> {
    return askWith(this.pool, widely, text, values);
  }
}

/**
 * For a long question that is asked again and again: to read its text and plan it would take longer than to answer it. So a connection
 * plans it once, whatever its values are, and not the first five times for those it is asked with.
 */
const byHeart = `begin read only; set local plan_cache_mode = force_generic_plan`;

/** Asks questions that each connection keeps. */
export class PreparedReader {
  constructor(private readonly pool: SqlPool) {}

  query<Row>(statement: NamedStatement, values: unknown[]): Promise<{ rows: Row[] }> {
    return askWith(this.pool, byHeart, statement, values);
  }
}

/** When it was so, and as far as the log knew when (api.md, time travel). ISO 8601, UTC. */
export interface Moment {
  readonly asOf: string;
  readonly knownAt: string;
  /**
   * True when nobody asked for a moment: everything the read model has counts, and `asOf` is only the clock that due
   * times are compared with. Otherwise a process whose clock is behind would not show what it has been told already.
   */
  readonly live?: boolean;
}

/** $1 and $2 of every query at a moment. `infinity` as the second says live. */
export const momentValues = ({ asOf, knownAt, live }: Moment): [string, string] => [
  asOf,
  live === true ? 'infinity' : knownAt,
];

/** The same as one value, for a question that is planned before it is known: it would be worked out for each row. */
export const factsUntilValue = ({ asOf, live }: Moment): string => (live === true ? 'infinity' : asOf);

/** Up to when facts count, as an expression of $1 and $2: what an index can be asked by. */
export const factsUntil = `case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end`;

/**
 * `as_of` to compare due times with, `facts_until` and `known_at` to cut facts at. Part of whatever asks for it, so that PostgreSQL
 * knows them when it plans, and does not join a row with each.
 */
export const momentSql = momentUntil(factsUntil);

/** The same with an expression of its own for {@link factsUntil}. */
export function momentUntil(until: string): string {
  return `
  with moment as not materialized (
    select $1::timestamptz as as_of, $2::timestamptz as known_at,
      ${until} as facts_until
  )`;
}
