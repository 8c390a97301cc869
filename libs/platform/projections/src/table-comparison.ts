import type { ProjectionTransaction } from './projection.js';

/** How the rows of one table differ between the serving tables and rebuilt ones, at the same position of the log. */
export interface TableComparison {
  readonly table: string;
  readonly serving: number;
  readonly rebuilt: number;
  /** Rows that were compared column by column: of a sample from either side, or all. */
  readonly compared: number;
  /** Of those, how many the other side has otherwise, or not at all. */
  readonly different: number;
}

export const isSame = ({ serving, rebuilt, different }: TableComparison): boolean =>
  serving === rebuilt && different === 0;

/**
 * Compares two schemas of the same tables: how many rows there are, and a sample of them, by their keys. Both sides
 * give their part of the sample, so that neither what is missing nor what is too much is overlooked for ever.
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
  const tables = await tx.query<ComparedTable>(
    `select c.relname as name, coalesce(k.key, '{}') as key, coalesce(k.is_primary, false) as "isPrimary"
     from pg_class c left join lateral (
       select array_agg(a.attname::text order by place) as key, i.indisprimary as is_primary from pg_index i
       cross join unnest(i.indkey) with ordinality as part (attnum, place)
       left join pg_attribute a on a.attrelid = c.oid and a.attnum = part.attnum
       where i.indrelid = c.oid and i.indpred is null and place <= i.indnkeyatts
       group by i.indexrelid, i.indisprimary having bool_and(coalesce(a.attnotnull, false))
       order by i.indisprimary desc, i.indexrelid limit 1
     ) k on true
     where c.relkind = 'r' and c.relnamespace = to_regnamespace($1)
       and exists (select from pg_class o where o.relname = c.relname and o.relnamespace = to_regnamespace($2))
     order by 1`,
    [`"${rebuilt}"`, `"${serving}"`],
  );
  const compared: TableComparison[] = [];
  for (const table of tables) {
    const { name } = table;
    const [counts] = await tx.query<{ serving: number; rebuilt: number }>(
      `select (select count(*)::int from "${serving}"."${name}") as serving,
         (select count(*)::int from "${rebuilt}"."${name}") as rebuilt`,
    );
    const { serving: left = 0, rebuilt: right = 0 } = counts ?? {};
    const sides = [
      { of: serving, beside: rebuilt, rows: left },
      { of: rebuilt, beside: serving, rows: right },
    ];
    const found = { compared: 0, different: 0 };
    for (const side of sides) {
      const sample = await compareSample(tx, table, side, rowsMax);
      found.compared += sample.compared;
      found.different += sample.different;
    }
    compared.push({ table: name, serving: left, rebuilt: right, ...found });
  }
  return compared;
}

interface ComparedTable {
  readonly name: string;
  /** Columns by which a row is found: of the primary key, or of an index that has every row; none where there is neither. */
  readonly key: readonly string[];
  readonly isPrimary: boolean;
}

interface Side {
  readonly of: string;
  readonly beside: string;
  readonly rows: number;
}

async function compareSample(
  tx: ProjectionTransaction,
  { name: table, key, isPrimary }: ComparedTable,
  { of, beside, rows }: Side,
  rowsMax: number | null,
): Promise<{ compared: number; different: number }> {
  if (rows === 0) return { compared: 0, different: 0 };
  // Without a primary key, rows can only be told to be there or not; an index says where. Behind `is true` texts are none to join
  // by: for that all rows of the table would be made text.
  const found = key.map((column) => `o."${column}" = s."${column}"`);
  const same = key.length === 0 ? 'o::text = s::text' : '(o::text = s::text) is true';
  const on = [...found, ...(isPrimary ? [] : [same])].join(' and ');
  // A sample is looked up row by row, instead of the whole table beside it being read for it.
  const joins = rowsMax === null || key.length === 0 ? 'on' : 'off';
  await tx.query(`set local enable_hashjoin = ${joins}; set local enable_mergejoin = ${joins}`);
  const percent = Math.min(100, (100 * (rowsMax ?? rows)) / rows);
  const [result] = await tx.query<{ compared: number; different: number }>(
    `select count(*)::int as compared, count(*) filter (where o.told is distinct from s::text)::int as different
     from "${of}"."${table}" s tablesample bernoulli (${percent})
       left join lateral (select o::text as told from "${beside}"."${table}" o where ${on}) o on true`,
  );
  return result ?? { compared: 0, different: 0 };
}
