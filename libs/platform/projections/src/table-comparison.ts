import type { ProjectionTransaction } from './projection.js';

/**
 * What one table is on both sides: `EQUAL` of the same columns by name and type, in whatever order; `OTHER_COLUMNS`; `NEW`
 * where only the rebuilt tables have it, `GONE` where only the serving ones do.
 */
export type TableShape = 'EQUAL' | 'OTHER_COLUMNS' | 'NEW' | 'GONE';

/** How the rows of one table differ between the serving tables and rebuilt ones, at the same position of the log. */
export interface TableComparison {
  readonly table: string;
  readonly shape: TableShape;
  /** Rows; null where that side has no such table. */
  readonly serving: number | null;
  readonly rebuilt: number | null;
  /** Rows that were compared column by column: of a sample from either side, or all. Where the columns are equal. */
  readonly compared: number;
  /** Of those, how many the other side has otherwise, or not at all. */
  readonly different: number;
}

export const isSame = ({ shape, serving, rebuilt, different }: TableComparison): boolean =>
  shape === 'EQUAL' && serving === rebuilt && different === 0;

/**
 * Compares two schemas of the same tables, or of two versions of them: how many rows there are, and a sample of them, by
 * their keys, where the columns are equal. Both sides give their part of the sample, so that neither what is missing nor what
 * is too much is overlooked for ever.
 * @param rowsMax rows of each table and side to compare, about; null for all
 */
export async function compareTables(
  tx: ProjectionTransaction,
  serving: string,
  rebuilt: string,
  rowsMax: number | null,
): Promise<TableComparison[]> {
  // Projections never scan; this does.
  await tx.query('set local enable_seqscan = on');
  const there = new Map((await tablesOf(tx, serving)).map((table) => [table.name, table]));
  const made = new Map((await tablesOf(tx, rebuilt)).map((table) => [table.name, table]));
  const compared: TableComparison[] = [];
  for (const name of [...new Set([...there.keys(), ...made.keys()])].sort()) {
    const [before, now] = [there.get(name), made.get(name)];
    const left = before === undefined ? null : await rowsIn(tx, serving, name);
    const right = now === undefined ? null : await rowsIn(tx, rebuilt, name);
    const sides = [
      { of: serving, beside: rebuilt, rows: left ?? 0 },
      { of: rebuilt, beside: serving, rows: right ?? 0 },
    ];
    const shape = shapeOf(before, now);
    const found =
      now !== undefined && shape === 'EQUAL' ? await compareSides(tx, now, sides, rowsMax) : unsampled;
    compared.push({ table: name, shape, serving: left, rebuilt: right, ...found });
  }
  return compared;
}

type Found = Pick<TableComparison, 'compared' | 'different'>;
const unsampled: Found = { compared: 0, different: 0 };

async function compareSides(
  tx: ProjectionTransaction,
  table: ComparedTable,
  sides: readonly Side[],
  rowsMax: number | null,
): Promise<Found> {
  let found = unsampled;
  for (const side of sides) {
    const { compared, different } = await compareSample(tx, table, side, rowsMax);
    found = { compared: found.compared + compared, different: found.different + different };
  }
  return found;
}

interface ComparedTable {
  readonly name: string;
  /** Columns by which a row is found: of the primary key, or of an index that has every row; none where there is neither. */
  readonly key: readonly string[];
  readonly isPrimary: boolean;
  /** By name. */
  readonly columns: readonly string[];
  /** Of the columns. */
  readonly types: readonly string[];
}

const tablesOf = (tx: ProjectionTransaction, schema: string): Promise<ComparedTable[]> =>
  tx.query<ComparedTable>(
    `select c.relname as name, coalesce(k.key, '{}') as key, coalesce(k.is_primary, false) as "isPrimary",
       coalesce(f.columns, '{}') as columns, coalesce(f.types, '{}') as types
     from pg_class c left join lateral (
       select array_agg(a.attname::text order by place) as key, i.indisprimary as is_primary from pg_index i
       cross join unnest(i.indkey) with ordinality as part (attnum, place)
       left join pg_attribute a on a.attrelid = c.oid and a.attnum = part.attnum
       where i.indrelid = c.oid and i.indpred is null and place <= i.indnkeyatts
       group by i.indexrelid, i.indisprimary having bool_and(coalesce(a.attnotnull, false))
       order by i.indisprimary desc, i.indexrelid limit 1
     ) k on true
     cross join lateral (
       select array_agg(a.attname::text order by a.attname) as columns,
         array_agg(format_type(a.atttypid, a.atttypmod) order by a.attname) as types
       from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     ) f
     where c.relkind = 'r' and c.relnamespace = to_regnamespace($1)`,
    [`"${schema}"`],
  );

function shapeOf(before: ComparedTable | undefined, now: ComparedTable | undefined): TableShape {
  if (before === undefined) return 'NEW';
  if (now === undefined) return 'GONE';
  const columnsOf = ({ columns, types }: ComparedTable): string => JSON.stringify([columns, types]);
  return columnsOf(before) === columnsOf(now) ? 'EQUAL' : 'OTHER_COLUMNS';
}

async function rowsIn(tx: ProjectionTransaction, schema: string, table: string): Promise<number> {
  const [counted] = await tx.query<{ rows: number }>(
    `select count(*)::float8 as rows from "${schema}"."${table}"`,
  );
  return counted?.rows ?? 0;
}

interface Side {
  readonly of: string;
  readonly beside: string;
  readonly rows: number;
}

async function compareSample(
  tx: ProjectionTransaction,
  { name: table, key, isPrimary, columns }: ComparedTable,
  { of, beside, rows }: Side,
  rowsMax: number | null,
): Promise<Found> {
  if (rows === 0) return unsampled;
  // By name: two versions may have the same columns in another order.
  const text = (row: string): string =>
    `row(${columns.map((column) => `${row}."${column}"`).join(', ')})::text`;
  // Without a primary key, rows can only be told to be there or not; an index says where. Behind `is true` texts are none to join
  // by: for that all rows of the table would be made text.
  const found = key.map((column) => `o."${column}" = s."${column}"`);
  const same = key.length === 0 ? `${text('o')} = ${text('s')}` : `(${text('o')} = ${text('s')}) is true`;
  const on = [...found, ...(isPrimary ? [] : [same])].join(' and ');
  // A sample is looked up row by row, instead of the whole table beside it being read for it.
  const joins = rowsMax === null || key.length === 0 ? 'on' : 'off';
  await tx.query(`set local enable_hashjoin = ${joins}; set local enable_mergejoin = ${joins}`);
  const percent = Math.min(100, (100 * (rowsMax ?? rows)) / rows);
  const [result] = await tx.query<Found>(
    `select count(*)::float8 as compared,
       count(*) filter (where o.told is distinct from ${text('s')})::float8 as different
     from "${of}"."${table}" s tablesample bernoulli (${percent})
       left join lateral (select ${text('o')} as told from "${beside}"."${table}" o where ${on}) o on true`,
  );
  return result ?? unsampled;
}
