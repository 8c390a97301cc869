import { momentValues, type Moment, type SqlReader } from '../sql-reader.js';
import { sumOf, valueOf } from './workload-explanation.js';
import { earlierFigures, type WorkloadVersions } from './workload-formulas.js';
import { has, holdings, judged } from './workload-holdings.js';
import type { OnTimeCounts, WorkloadFigures } from './workload.js';

/** Who, or which street, and what the figures are for them by the formulas that were asked for. */
export type EarlierFigures = (key: string | null, told: WorkloadFigures) => WorkloadFigures;

interface EarlierRow {
  readonly key: string | null;
  readonly counted: number;
  /** Of a rate: the denominator is `counted`. */
  readonly met: number;
  readonly sum: number;
  readonly percentiles: readonly [number, number] | null;
}

/**
 * Figures by earlier formulas in place of those in force, read by a question of their own: whoever asks for none pays for none.
 * @param by as in `workloadSql`
 */
export async function earlierWorkload(
  sql: SqlReader,
  by: 'holder' | 'street_id',
  versions: WorkloadVersions,
  departmentIds: readonly string[],
  moment: Moment,
  from: string,
): Promise<EarlierFigures> {
  const replaced = await Promise.all(
    earlierFigures(versions).map(async ([name, figure]) => {
      const { counts, amount } = figure.sql;
      const { rows } = await sql.query<EarlierRow>(
        `${holdings},
         judged as (
           select holdings.*, ${has} as has, ${judged('acknowledge')}, ${judged('check_in')}, ${judged('handling')}
           from holdings offset 0
         ),
         told as (select ${by} as key, (${counts}) is true as is_counted, (${amount})::float8 as amount from judged)
         select key, count(*) filter (where is_counted)::int as counted, ${sumOf(figure.sql)} as sum,
           count(*) filter (where is_counted and amount = 1)::int as met,
           percentile_cont(array[0.5, 0.9]) within group (order by amount) filter (where is_counted) as percentiles
         from told group by 1`,
        [...momentValues(moment), departmentIds, from],
      );
      const found = new Map(rows.map((row) => [row.key, row]));
      return {
        name,
        measure: figure.measure,
        rowOf: (key: string | null) => found.get(key) ?? { ...none, key },
      };
    }),
  );
  return (key, told) =>
    replaced.reduce((figures, { name, measure, rowOf }) => {
      const [whole, state] = name.split('.');
      const row = rowOf(key);
      const value = valueOf(measure, row);
      if (state !== undefined) return { ...figures, byState: { ...figures.byState, [state]: value } };
      if (measure !== 'RATE') return { ...figures, [whole!]: value };
      // A rate is told with what it is a share of, under its own name.
      const counts: OnTimeCounts = { met: row.met, decided: row.counted };
      return { ...figures, [whole!]: value, [whole!.replace(/Rate$/, '')]: counts };
    }, told);
}

const none: Omit<EarlierRow, 'key'> = { counted: 0, met: 0, sum: 0, percentiles: null };
