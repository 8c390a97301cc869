import type { PoolClient } from 'pg';

/** Where the tables of one read model lie, and a connection that sees them. */
export interface TableSide {
  readonly client: PoolClient;
  readonly schema: string;
}

/** One table: how many rows, and a sum over all of them that does not depend on their order. */
export interface TableSum {
  readonly table: string;
  readonly rows: number;
  readonly checksum: string;
}

/** The first row, by its key, that is not the same on both sides. Tells columns, not what is in them. */
export interface RowDifference {
  readonly where: 'SERVING_ONLY' | 'FRESH_ONLY' | 'BOTH';
  readonly key: Readonly<Record<string, unknown>>;
  /** Of a row on both sides, those that differ. */
  readonly columns: readonly string[];
}

const rowsAtOnce = 1_000;

/** Every table of a schema with its sum, by name. */
export async function tableSums({ client, schema }: TableSide): Promise<TableSum[]> {
  const tables = await tablesOf({ client, schema });
  const sums: TableSum[] = [];
  for (const table of tables) {
    const { rows } = await client.query<{ rows: string; checksum: string }>(
      `select count(*)::text as rows,
         coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)::text as checksum
       from "${schema}"."${table}" t`,
    );
    sums.push({ table, rows: Number(rows[0]?.rows), checksum: rows[0]?.checksum ?? '0' });
  }
  return sums;
}

async function tablesOf({ client, schema }: TableSide): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = to_regnamespace($1) order by 1`,
    [`"${schema}"`],
  );
  return rows.map(({ name }) => name);
}

/** Reads both tables in the order of their key, side by side, until a row differs; null where none does. */
export async function firstDifference(
  serving: TableSide,
  fresh: TableSide,
  table: string,
): Promise<RowDifference | null> {
  const key = await keyOf(fresh, table);
  const [left, right] = [rowsInOrder(serving, table, key), rowsInOrder(fresh, table, key)];
  try {
    for (;;) {
      const [a, b] = [(await left.next()).value, (await right.next()).value];
      if (a === undefined && b === undefined) return null;
      if (a?.text === b?.text) continue;
      return await difference(fresh, table, key, a?.row, b?.row);
    }
  } finally {
    await Promise.all([left.return(undefined), right.return(undefined)]);
  }
}

type Row = Readonly<Record<string, unknown>>;

async function difference(
  fresh: TableSide,
  table: string,
  key: readonly string[],
  a: Row | undefined,
  b: Row | undefined,
): Promise<RowDifference> {
  const keyIn = (row: Row): Row => Object.fromEntries(key.map((column) => [column, row[column]]));
  if (a === undefined) return { where: 'FRESH_ONLY', key: keyIn(b ?? {}), columns: [] };
  if (b === undefined) return { where: 'SERVING_ONLY', key: keyIn(a), columns: [] };
  if (JSON.stringify(keyIn(a)) === JSON.stringify(keyIn(b))) {
    const columns = Object.keys(a).filter(
      (column) => JSON.stringify(a[column]) !== JSON.stringify(b[column]),
    );
    return { where: 'BOTH', key: keyIn(a), columns };
  }
  // Of two different keys the smaller one is missing on the other side; only PostgreSQL knows which that is.
  const { rows } = await fresh.client.query(
    `select 1 from "${fresh.schema}"."${table}" t where to_jsonb(t) @> $1::jsonb limit 1`,
    [JSON.stringify(keyIn(a))],
  );
  return rows.length === 0
    ? { where: 'SERVING_ONLY', key: keyIn(a), columns: [] }
    : { where: 'FRESH_ONLY', key: keyIn(b), columns: [] };
}

/** Columns of the primary key; of a table without one, all. */
async function keyOf({ client, schema }: TableSide, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string; place: number | null }>(
    `select a.attname as name, array_position(i.indkey::int2[], a.attnum) as place
     from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by 2, a.attnum`,
    [`"${schema}"."${table}"`],
  );
  const parts = rows.filter(({ place }) => place !== null);
  return (parts.length === 0 ? rows : parts).map(({ name }) => name);
}

/** By a cursor, so that a table of millions takes no more memory than a page of it. */
async function* rowsInOrder(
  { client, schema }: TableSide,
  table: string,
  key: readonly string[],
): AsyncGenerator<{ readonly text: string; readonly row: Row }, undefined> {
  const order = key.map((column) => `"${column}"::text collate "C"`).join(', ');
  await client.query(
    `declare replay_rows cursor for select to_json(t)::text as text from "${schema}"."${table}" t order by ${order}`,
  );
  try {
    for (;;) {
      const { rows } = await client.query<{ text: string }>(`fetch ${rowsAtOnce} from replay_rows`);
      if (rows.length === 0) return undefined;
      for (const { text } of rows) yield { text, row: JSON.parse(text) as Row };
    }
  } finally {
    await client.query('close replay_rows');
  }
}
