/** What a query needs of a connection pool. */
export interface SqlReader {
  query<Row>(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
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

/** Up to when facts count, as an expression of $1 and $2: what an index can be asked by. */
export const factsUntil = `case when $2::timestamptz = 'infinity' then 'infinity'::timestamptz else $1::timestamptz end`;

/** `as_of` to compare due times with, `facts_until` and `known_at` to cut facts at. */
export const momentSql = `
  with moment as (
    select $1::timestamptz as as_of, $2::timestamptz as known_at,
      ${factsUntil} as facts_until
  )`;
